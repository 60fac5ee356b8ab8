-- Outliers: an order worth far more than is usual has lost its decimal point. Totals are compared by
-- their logarithms, since twice the usual total is as far up as half of it is down; beyond a score
-- of 3.5 Iglewicz and Hoaglin speak of outliers. A warning only: the row stays, and somebody should
-- look at it.
CREATE CHECK checks.orders_are_plausible WITH (severity = 'warn') AS
WITH scored AS (
    SELECT
        order_id,
        total,
        currency,
        total_eur,
        mad_score(CASE WHEN total_eur > 0 THEN ln(CAST(total_eur AS DOUBLE)) END) OVER () AS score
    FROM staging.shop_order
)
SELECT order_id, total, currency, total_eur
FROM scored
WHERE score > 3.5 OR total_eur <= 0;
