-- Which records are one person, as matching.customer_match has found out.
--
-- customer_id stays with the customer: through new records, a model that has learned again, and
-- decisions. entity_history('matching.customer_match') tells what became of each.
CREATE VIEW matching.cluster AS
SELECT record, entity_id AS customer_id, confidence
FROM entity_clusters('matching.customer_match');
