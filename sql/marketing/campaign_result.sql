-- Campaign results by RFM segment: who opens, who clicks, who buys.
--
-- Rates are of the e-mails sent, so that they multiply out to what the next campaign will bring;
-- click_to_open_rate judges the content alone. Few e-mails make a rate uncertain: the true
-- conversion rate lies between conversion_rate_low and conversion_rate_high, with 95 % confidence.
-- Segments are those of today, not of the day the campaign was sent.
CREATE MATERIALIZED VIEW marketing.campaign_result AS
SELECT
    campaign_id,
    min(campaign_name) AS campaign_name,
    min(min(sent_at)) OVER (PARTITION BY campaign_id) AS sent_at,
    rfm_segment,
    count(*) AS sent,
    count(opened_at) AS opened,
    count(clicked_at) AS clicked,
    count(converted_at) AS converted,
    round(count(opened_at) / CAST(count(*) AS DOUBLE), 4) AS open_rate,
    round(count(clicked_at) / CAST(count(*) AS DOUBLE), 4) AS click_rate,
    round(count(converted_at) / CAST(count(*) AS DOUBLE), 4) AS conversion_rate,
    round((wilson_interval(count(converted_at), count(*))).low, 4) AS conversion_rate_low,
    round((wilson_interval(count(converted_at), count(*))).high, 4) AS conversion_rate_high,
    round(count(clicked_at) / CAST(nullif(count(opened_at), 0) AS DOUBLE), 4) AS click_to_open_rate,
    coalesce(sum(revenue_eur), 0) AS revenue_eur
FROM staging.newsletter_result
JOIN matching.cluster ON cluster.record = newsletter_result.record
JOIN marketing.rfm ON rfm.customer_id = cluster.customer_id
GROUP BY campaign_id, rfm_segment;
