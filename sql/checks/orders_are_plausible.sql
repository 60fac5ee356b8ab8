-- Outliers: an order worth more than fifty times the usual one has lost its decimal point. A
-- warning only: the row stays, and somebody should look at it.
CREATE CHECK checks.orders_are_plausible WITH (severity = 'warn') AS
SELECT order_id, total, currency, total_eur
FROM staging.shop_order
CROSS JOIN (SELECT median(total_eur) AS usual_eur FROM staging.shop_order) AS usual
WHERE total_eur > 50 * usual_eur OR total_eur <= 0;
