-- Freshness: the latest order is at most two days older than the latest web event. More means that
-- the shop's export has stopped while the shop has not.
CREATE CHECK checks.orders_are_fresh AS
SELECT last_order_at, last_event_at
FROM (SELECT max(ordered_at) AS last_order_at FROM staging.shop_order) AS orders
CROSS JOIN (SELECT max(happened_at) AS last_event_at FROM staging.web_event) AS events
WHERE last_order_at < last_event_at - INTERVAL '2 days';
