-- Orders, one row each: the latest of the rows that the export has of it, in euros as well.
--
-- is_sale is false for what was cancelled, returned or refunded: it counts in no revenue.
CREATE MATERIALIZED VIEW staging.shop_order (
    CONSTRAINT has_total EXPECT (total IS NOT NULL) ON VIOLATION DROP ROW
)
AS
WITH versions AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY order_id ORDER BY updated_at DESC) AS version
    FROM source.shop_order
)
SELECT
    order_id,
    concat('shop:', CAST(customer_id AS TEXT)) AS record,
    ordered_at,
    updated_at,
    map_enum(status, '{"pending": "open", "paid": "open", "shipped": "complete",
                       "delivered": "complete", "complete": "complete",
                       "refunded": "void", "returned": "void", "cancelled": "void"}',
             'unknown') AS status,
    lower(status) NOT IN ('refunded', 'returned', 'cancelled') AS is_sale,
    versions.currency,
    item_count,
    total,
    CAST(total * euros AS NUMERIC(12, 2)) AS total_eur,
    discount_code,
    map_enum(device, '{"desktop": "desktop", "mobile": "phone", "app-ios": "phone",
                       "app-android": "phone", "tablet": "tablet"}') AS device
FROM versions
LEFT JOIN reference.exchange_rate ON exchange_rate.currency = versions.currency
WHERE version = 1;

COMMENT ON COLUMN staging.shop_order.record IS 'The account that ordered, as staging.person names it';
