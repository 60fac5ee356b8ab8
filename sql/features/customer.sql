-- Everything a model, a segment or a dashboard wants to know of a customer, one row each.
--
-- Counts are 0 and moments NULL for customers who never ordered, came or were written to.
CREATE MATERIALIZED VIEW features.customer AS
SELECT
    customer.customer_id,
    customer.country,
    customer.segment,
    as_of.day AS as_of,
    CAST(extract(year FROM as_of.day) AS INTEGER) - customer.birth_year AS age,
    customer.birth_year_imputed AS age_imputed,
    as_of.day - CAST(customer.customer_since AS DATE) AS tenure_days,
    coalesce(orders.orders, 0) AS orders,
    coalesce(orders.sales, 0) AS sales,
    orders.recency_days,
    coalesce(orders.revenue_eur, 0) AS revenue_eur,
    orders.average_order_eur,
    orders.return_rate,
    orders.discount_rate,
    coalesce(web.sessions, 0) AS web_sessions,
    coalesce(web.carts, 0) AS web_carts,
    web.last_seen_at,
    coalesce(mail.emails, 0) AS emails,
    coalesce(mail.opened, 0) AS emails_opened,
    coalesce(mail.clicked, 0) AS emails_clicked,
    -- What somebody uses counts for more than what they once said they use.
    coalesce(web.last_device, orders.last_device, customer.device) AS device,
    coalesce(web.last_device, orders.last_device) IS NULL AND customer.device_imputed
        AS device_imputed
FROM golden.customer
CROSS JOIN features.as_of
LEFT JOIN features.order_summary AS orders ON orders.customer_id = customer.customer_id
LEFT JOIN features.web_summary AS web ON web.customer_id = customer.customer_id
LEFT JOIN features.newsletter_summary AS mail ON mail.customer_id = customer.customer_id;
