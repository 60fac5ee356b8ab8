-- Completeness: at least nine of ten customers have an e-mail address that can be one.
CREATE CHECK checks.emails_are_complete AS
SELECT count(*) AS customers, count(email) AS with_email
FROM golden.customer
HAVING count(email) < 0.9 * count(*);
