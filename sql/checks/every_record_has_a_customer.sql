-- Relations: every record belongs to a golden customer; none is lost in matching.
CREATE CHECK checks.every_record_has_a_customer AS
SELECT person.record
FROM staging.person
LEFT JOIN matching.cluster ON cluster.record = person.record
LEFT JOIN golden.customer ON customer.customer_id = cluster.customer_id
WHERE customer.customer_id IS NULL;
