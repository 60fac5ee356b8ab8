-- Accepted values: a status that staging.shop_order does not know would silently count as a sale.
CREATE CHECK checks.order_status_is_known AS
SELECT order_id, status
FROM staging.shop_order
WHERE status = 'unknown';
