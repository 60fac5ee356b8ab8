-- Uniqueness: a record of a system comes once. Twice would count its orders twice.
CREATE CHECK checks.records_are_unique AS
SELECT record, count(*) AS times
FROM staging.person
GROUP BY record
HAVING count(*) > 1;
