-- Outliers: an e-mail address that more than thirty records carry is a placeholder (info@, noreply@).
-- A family of four in all systems has fewer. A warning only: matching gives such addresses little weight.
CREATE CHECK checks.shared_emails_are_few WITH (severity = 'warn') AS
SELECT email, count(*) AS records
FROM staging.person
WHERE email IS NOT NULL
GROUP BY email
HAVING count(*) > 30;
