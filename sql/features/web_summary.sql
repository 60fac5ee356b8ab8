-- How each known customer uses the web shop, over all of their browsers.
CREATE MATERIALIZED VIEW features.web_summary AS
SELECT
    customer_id,
    count(DISTINCT anonymous_id) AS browsers,
    count(*) AS sessions,
    CAST(sum(events) AS BIGINT) AS events,
    CAST(sum(carts) AS BIGINT) AS carts,
    CAST(sum(checkouts) AS BIGINT) AS checkouts,
    max(ended_at) AS last_seen_at,
    latest_by(device, ended_at) AS last_device,
    latest_by(utm_source, ended_at) AS last_source
FROM features.web_session
WHERE customer_id IS NOT NULL
GROUP BY customer_id;
