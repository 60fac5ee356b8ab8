-- What each customer bought: recency, frequency and monetary value, over all of their accounts.
--
-- Money is in euros and counts sales alone; return_rate is the share of orders that came to
-- nothing. Customers without an order are not here.
CREATE MATERIALIZED VIEW features.order_summary AS
SELECT
    customer_id,
    count(*) AS orders,
    count(*) FILTER (WHERE is_sale) AS sales,
    min(ordered_at) AS first_order_at,
    max(ordered_at) AS last_order_at,
    min(as_of.day) - CAST(max(ordered_at) AS DATE) AS recency_days,
    coalesce(sum(total_eur) FILTER (WHERE is_sale), 0) AS revenue_eur,
    round(CAST(avg(total_eur) FILTER (WHERE is_sale) AS DOUBLE), 2) AS average_order_eur,
    count(*) FILTER (WHERE NOT is_sale) / CAST(count(*) AS DOUBLE) AS return_rate,
    count(*) FILTER (WHERE discount_code IS NOT NULL) / CAST(count(*) AS DOUBLE) AS discount_rate,
    latest_by(device, ordered_at) AS last_device
FROM staging.shop_order
JOIN matching.cluster ON cluster.record = shop_order.record
CROSS JOIN features.as_of
GROUP BY customer_id;
