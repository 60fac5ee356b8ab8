-- The blocks: records that share a key are worth comparing, all others are not.
--
-- Comparing two million records with each other is four trillion comparisons; within blocks it is
-- a few million. A pair is found if any one rule brings it together, so each rule may miss what
-- another finds: a typo in the name is found by the e-mail address, a new address by the day of
-- birth. Rules that only a common name makes true (name and city, say) are not here.
CREATE VIEW matching.block AS
SELECT 'email' AS rule, email AS key, record
FROM staging.person
WHERE email IS NOT NULL
UNION ALL
SELECT 'phone', phone, record
FROM staging.person
WHERE phone IS NOT NULL
UNION ALL
SELECT 'birth date and given name', concat(CAST(birth_date AS TEXT), ' ', given_key), record
FROM staging.person
WHERE birth_date IS NOT NULL AND given_key IS NOT NULL
UNION ALL
SELECT 'birth date and family name', concat(CAST(birth_date AS TEXT), ' ', soundex(family_key)), record
FROM staging.person
WHERE birth_date IS NOT NULL AND family_key IS NOT NULL
UNION ALL
SELECT 'postcode and family name', concat(postcode, ' ', soundex(family_key)), record
FROM staging.person
WHERE postcode IS NOT NULL AND family_key IS NOT NULL
UNION ALL
SELECT 'street and given name', concat(street_key, ' ', given_key), record
FROM staging.person
WHERE street_key IS NOT NULL AND given_key IS NOT NULL;
