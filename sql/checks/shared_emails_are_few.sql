-- Outliers: an e-mail address that more than ten records carry is a placeholder (info@, noreply@).
-- A warning only: matching passes such addresses over.
CREATE CHECK checks.shared_emails_are_few WITH (severity = 'warn') AS
SELECT email, count(*) AS records
FROM staging.person
WHERE email IS NOT NULL
GROUP BY email
HAVING count(*) > 10;
