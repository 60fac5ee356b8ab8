-- The way back: which records of which systems a golden customer was made from.
CREATE VIEW golden.customer_record AS
SELECT
    cluster.customer_id,
    person.system,
    person.record_id,
    person.record,
    person.updated_at
FROM matching.cluster
JOIN staging.person ON person.record = cluster.record;
