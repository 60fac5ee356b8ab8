-- RFM segments: how lately, how often and for how much each customer buys, in fifths.
--
-- Five is best: the fifth who bought last, most often, for most. The names are those that marketers
-- use; customers without a sale are prospects. Ties are broken by customer_id, so that a rebuild
-- gives everybody the same score.
CREATE MATERIALIZED VIEW marketing.rfm AS
WITH scored AS (
    SELECT
        customer_id,
        recency_days,
        sales,
        revenue_eur,
        ntile(5) OVER (ORDER BY recency_days DESC, customer_id) AS recency,
        ntile(5) OVER (ORDER BY sales, revenue_eur, customer_id) AS frequency,
        ntile(5) OVER (ORDER BY revenue_eur, customer_id) AS monetary
    FROM features.customer
    WHERE sales > 0
)
SELECT
    customer.customer_id,
    scored.recency,
    scored.frequency,
    scored.monetary,
    CASE
        WHEN scored.customer_id IS NULL THEN 'prospect'
        WHEN recency >= 4 AND frequency >= 4 AND monetary >= 4 THEN 'champion'
        WHEN frequency >= 4 AND recency >= 3 THEN 'loyal'
        WHEN recency >= 4 AND frequency <= 2 THEN 'new'
        WHEN recency >= 3 THEN 'promising'
        WHEN frequency >= 4 OR monetary >= 4 THEN 'at risk'
        WHEN recency = 1 AND frequency <= 2 THEN 'lost'
        ELSE 'hibernating'
    END AS rfm_segment
FROM golden.customer
LEFT JOIN scored ON scored.customer_id = customer.customer_id;
