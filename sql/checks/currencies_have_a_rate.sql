-- Accepted values: an order in a currency without a rate would be worth nothing.
CREATE CHECK checks.currencies_have_a_rate AS
SELECT currency, count(*) AS orders
FROM staging.shop_order
WHERE total_eur IS NULL
GROUP BY currency;
