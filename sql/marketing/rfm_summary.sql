-- The RFM segments at a glance: how many customers, what they bring, whom an e-mail may reach.
CREATE VIEW marketing.rfm_summary AS
SELECT
    rfm_segment,
    count(*) AS customers,
    count(*) FILTER (WHERE accepts_email AND email IS NOT NULL) AS reachable_by_email,
    sum(revenue_eur) AS revenue_eur,
    round(CAST(avg(recency_days) AS DOUBLE), 1) AS average_recency_days,
    round(CAST(avg(sales) AS DOUBLE), 2) AS average_sales
FROM marketing.rfm
JOIN features.customer AS features ON features.customer_id = rfm.customer_id
JOIN golden.customer AS golden ON golden.customer_id = rfm.customer_id
GROUP BY rfm_segment;
