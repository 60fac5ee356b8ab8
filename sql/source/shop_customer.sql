-- Accounts of the web shop, one row an account, made by the customers themselves.
--
-- Dates are ISO 8601 in UTC. The name is one field, now and then with the surname first. People
-- who forgot their password made a second account.
CREATE EXTERNAL TABLE source.shop_customer (
    customer_id       BIGINT NOT NULL,
    email             TEXT,
    full_name         TEXT,
    phone             TEXT,
    address           TEXT,
    zip               TEXT,
    city              TEXT,
    country_code      TEXT,
    date_of_birth     DATE,
    customer_group    TEXT,
    accepts_marketing TEXT,
    created_at        TIMESTAMP,
    updated_at        TIMESTAMP
)
STORED AS CSV
LOCATION 'data/shop/customers.csv';

COMMENT ON COLUMN source.shop_customer.customer_id IS 'The account''s number: orders and logged-in web events carry it';
COMMENT ON COLUMN source.shop_customer.customer_group IS 'VIP, Regular, New or Guest';
