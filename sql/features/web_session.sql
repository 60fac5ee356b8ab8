-- Visits: events of a browser with less than half an hour between them.
--
-- Half an hour is what web analytics takes for the end of a visit. customer_id is NULL for browsers
-- that nobody is known to own.
CREATE MATERIALIZED VIEW features.web_session AS
WITH gaps AS (
    SELECT
        *,
        lag(happened_at) OVER (PARTITION BY anonymous_id ORDER BY happened_at, event_id) AS previous_at
    FROM staging.web_event
),
numbered AS (
    SELECT
        *,
        sum(CASE WHEN happened_at - previous_at < INTERVAL '30 minutes' THEN 0 ELSE 1 END)
            OVER (PARTITION BY anonymous_id ORDER BY happened_at, event_id
                  ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS session
    FROM gaps
)
SELECT
    numbered.anonymous_id,
    min(device.customer_id) AS customer_id,
    session,
    min(happened_at) AS started_at,
    max(happened_at) AS ended_at,
    count(*) AS events,
    count(*) FILTER (WHERE event = 'product_view') AS product_views,
    count(*) FILTER (WHERE event = 'add_to_cart') AS carts,
    count(*) FILTER (WHERE event = 'checkout') AS checkouts,
    min(utm_source) AS utm_source,
    min(utm_campaign) AS utm_campaign,
    min(numbered.device) AS device
FROM numbered
LEFT JOIN matching.device ON device.anonymous_id = numbered.anonymous_id
GROUP BY numbered.anonymous_id, session;
