-- Completeness: at least nine of ten customers have a name. Fewer mean that a source lost a column.
CREATE CHECK checks.names_are_complete AS
SELECT count(*) AS customers, count(family_name) AS named
FROM golden.customer
HAVING count(family_name) < 0.9 * count(*);
