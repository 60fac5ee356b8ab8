-- How each known customer uses the web shop, over all of their browsers.
CREATE MATERIALIZED VIEW features.web_summary AS
SELECT
    customer_id,
    count(DISTINCT anonymous_id) AS browsers,
    count(*) AS sessions,
    sum(events) AS events,
    sum(carts) AS carts,
    sum(checkouts) AS checkouts,
    max(ended_at) AS last_seen_at,
    latest_by(device, ended_at) AS last_device,
    latest_by(utm_source, ended_at) AS last_source
FROM features.web_session
WHERE customer_id IS NOT NULL
GROUP BY customer_id;
