-- Decided by a human: these two records are two people, however alike they are. A row a decision,
-- as in matching.same_person; the next run splits them, and both keep their history.
CREATE VIEW matching.other_person AS
SELECT CAST(NULL AS TEXT) AS left_record, CAST(NULL AS TEXT) AS right_record
WHERE false;
