-- Completeness: at least nine of ten customers have a name. Fewer mean that a source lost a column.
CREATE CHECK checks.names_are_complete AS
SELECT count(*) AS customers, missing_rate(family_name) AS missing
FROM golden.customer
HAVING missing_rate(family_name) > 0.1;
