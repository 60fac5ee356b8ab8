-- Relations: every result of a campaign is of a member that the newsletter knows.
CREATE CHECK checks.results_have_a_member AS
SELECT newsletter_result.campaign_id, newsletter_result.record
FROM staging.newsletter_result
LEFT JOIN staging.person ON person.record = newsletter_result.record
WHERE person.record IS NULL;
