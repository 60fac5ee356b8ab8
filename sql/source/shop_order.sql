-- Orders of the web shop, one file a year of the last change.
--
-- An order that changed (refunded, returned, cancelled) is exported again: the row with the latest
-- updated_at is right. The export breaks now and then (missing columns, totals that are not
-- numbers, days that do not exist); such rows are set aside in tributary.rejected_rows with their
-- file and line instead of stopping the load.
CREATE EXTERNAL TABLE source.shop_order (
    order_id      BIGINT NOT NULL,
    customer_id   BIGINT NOT NULL,
    ordered_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    status        TEXT,
    currency      TEXT,
    item_count    INTEGER,
    total         NUMERIC(12, 2),
    discount_code TEXT,
    device        TEXT
)
STORED AS CSV
LOCATION 'data/shop/orders-*.csv'
OPTIONS (on_error 'quarantine');

COMMENT ON COLUMN source.shop_order.total IS 'What was charged, in the order''s currency';
