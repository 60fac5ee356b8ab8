-- Completeness: at least nine of ten customers have an e-mail address that can be one.
CREATE CHECK checks.emails_are_complete AS
SELECT count(*) AS customers, missing_rate(email) AS missing
FROM golden.customer
HAVING missing_rate(email) > 0.1;
