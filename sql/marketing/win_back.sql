-- The audience of the win-back campaign: good customers who stay away and may be written to.
--
-- One row a person, whatever number of accounts and subscriptions they have: nobody gets the
-- letter twice, and nobody gets it whose last word on e-mails, to whichever system, was no.
CREATE VIEW marketing.win_back AS
SELECT
    golden.customer_id,
    golden.email,
    golden.given_name,
    golden.country,
    features.recency_days,
    features.revenue_eur,
    features.device
FROM marketing.rfm
JOIN golden.customer AS golden ON golden.customer_id = rfm.customer_id
JOIN features.customer AS features ON features.customer_id = rfm.customer_id
WHERE rfm_segment = 'at risk'
  AND golden.accepts_email
  AND golden.email IS NOT NULL;
