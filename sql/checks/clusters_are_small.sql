-- Matching: nobody has thirty records. A cluster of that size is several people whom a wrong link
-- has joined; look at its pairs: entity_pairs('matching.customer_match').
CREATE CHECK checks.clusters_are_small AS
SELECT customer_id, records
FROM golden.customer
WHERE records > 30;
