-- How each customer answers the newsletter, over all of their subscriptions.
CREATE VIEW features.newsletter_summary AS
SELECT
    customer_id,
    count(*) AS emails,
    count(opened_at) AS opened,
    count(clicked_at) AS clicked,
    count(converted_at) AS converted,
    max(opened_at) AS last_opened_at
FROM staging.newsletter_result
JOIN matching.cluster ON cluster.record = newsletter_result.record
GROUP BY customer_id;
