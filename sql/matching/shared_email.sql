-- E-mail addresses that several people use: records with different given names carry them.
--
-- A couple's address says which household a record belongs to, not which person. A record that has
-- nothing but such an address is left alone.
CREATE MATERIALIZED VIEW matching.shared_email AS
SELECT email
FROM staging.person
WHERE email IS NOT NULL
GROUP BY email
HAVING count(DISTINCT given_key) > 1;
