-- Matching: no link leads from one customer to another. If this fails, clusters need one more
-- round between matching.cluster_round_3 and matching.cluster.
CREATE CHECK checks.clusters_are_complete AS
SELECT link.record, link.other, l.customer_id, r.customer_id AS other_customer_id
FROM matching.link
JOIN matching.cluster AS l ON l.record = link.record
JOIN matching.cluster AS r ON r.record = link.other
WHERE l.customer_id <> r.customer_id;
