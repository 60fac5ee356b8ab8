-- Lineage: the value that a golden customer has is the one that its lineage tells.
CREATE CHECK checks.lineage_agrees AS
SELECT customer.customer_id, lineage.field, lineage.value
FROM golden.customer
JOIN golden.customer_lineage AS lineage ON lineage.customer_id = customer.customer_id
WHERE lineage.value IS DISTINCT FROM CASE lineage.field
    WHEN 'given_name' THEN customer.given_name
    WHEN 'family_name' THEN customer.family_name
    WHEN 'email' THEN customer.email
    WHEN 'phone' THEN customer.phone
    WHEN 'birth_date' THEN CAST(customer.birth_date AS TEXT)
    WHEN 'country' THEN customer.country
    WHEN 'address' THEN customer.street
    ELSE lineage.value
END;
