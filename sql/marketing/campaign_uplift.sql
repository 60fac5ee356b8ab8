-- Which campaign works for whom: each one against all others that the same segment was sent.
--
-- probability_better is how likely it converts more of them than the others do, uplift by how much
-- (0.01 is one e-mail more of a hundred), and uplift_low and uplift_high bound that with 95 %
-- probability. A segment that was sent little has wide bounds, and a probability near a half.
CREATE VIEW marketing.campaign_uplift AS
WITH compared AS (
    SELECT
        *,
        CAST(sum(sent) OVER (PARTITION BY rfm_segment) AS BIGINT) - sent AS other_sent,
        CAST(sum(converted) OVER (PARTITION BY rfm_segment) AS BIGINT) - converted AS other_converted
    FROM marketing.campaign_result
),
tested AS (
    SELECT *, bayes_uplift(other_converted, other_sent, converted, sent) AS test
    FROM compared
)
SELECT
    campaign_id,
    campaign_name,
    rfm_segment,
    sent,
    converted,
    round((test).probability_b_better, 4) AS probability_better,
    round((test).expected_uplift, 4) AS uplift,
    round((test).low, 4) AS uplift_low,
    round((test).high, 4) AS uplift_high
FROM tested;
