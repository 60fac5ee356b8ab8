-- The pairs that are taken for one person, in both directions: each record and the other.
--
-- Nine points are more than any one coincidence gives: a name and an address, a name and a day of
-- birth, an e-mail address of one's own. Raise the number for fewer wrong merges, lower it for
-- fewer missed ones, and look at the pairs in between:
--     SELECT * FROM matching.pair WHERE score BETWEEN 7 AND 10;
CREATE VIEW matching.link AS
SELECT left_record AS record, right_record AS other
FROM matching.pair
WHERE score >= 9
UNION ALL
SELECT right_record, left_record
FROM matching.pair
WHERE score >= 9;
