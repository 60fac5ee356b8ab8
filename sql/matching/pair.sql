-- Pairs of records that share a block, what each of their fields says, and what that is worth.
--
-- Read a row as an argument: same given name (+3), similar family name (+3), same telephone (+5)
-- and no other day of birth (0) make 11. Agreement counts for as much as it is unlikely to be
-- chance; a different given name or day of birth counts heavily against, for those are what tells
-- couples, and fathers and sons, apart. A NULL says nothing either way.
--
-- A key that more than a hundred records share is no key (the telephone of the head office): it is
-- left out, which also bounds the work.
CREATE MATERIALIZED VIEW matching.pair AS
WITH usable AS (
    SELECT rule, key
    FROM matching.block
    GROUP BY rule, key
    HAVING count(*) BETWEEN 2 AND 100
),
member AS (
    SELECT block.rule, block.key, block.record
    FROM matching.block
    JOIN usable ON usable.rule = block.rule AND usable.key = block.key
),
candidate AS (
    SELECT DISTINCT l.record AS left_record, r.record AS right_record
    FROM member AS l
    JOIN member AS r ON l.rule = r.rule AND l.key = r.key AND l.record < r.record
),
compared AS (
    SELECT
        left_record,
        right_record,
        CASE
            WHEN l.given_key = r.given_key THEN 'same'
            WHEN jaro_winkler_similarity(l.given_key, r.given_key) >= 0.88 THEN 'similar'
            WHEN l.given_key IS NOT NULL AND r.given_key IS NOT NULL THEN 'different'
        END AS given_name,
        CASE
            WHEN l.family_key = r.family_key THEN 'same'
            WHEN jaro_winkler_similarity(l.family_key, r.family_key) >= 0.90 THEN 'similar'
            WHEN l.family_key IS NOT NULL AND r.family_key IS NOT NULL THEN 'different'
        END AS family_name,
        CASE
            WHEN l.email = r.email AND shared.email IS NOT NULL THEN 'shared'
            WHEN l.email = r.email THEN 'same'
        END AS email,
        CASE WHEN l.phone = r.phone THEN 'same' END AS phone,
        CASE
            WHEN l.birth_date = r.birth_date THEN 'same'
            -- One slip of the keyboard, or day and month the wrong way round.
            WHEN damerau_levenshtein(CAST(l.birth_date AS TEXT), CAST(r.birth_date AS TEXT)) = 1
                OR extract(year FROM l.birth_date) = extract(year FROM r.birth_date)
                AND extract(month FROM l.birth_date) = extract(day FROM r.birth_date)
                AND extract(day FROM l.birth_date) = extract(month FROM r.birth_date)
                THEN 'similar'
            WHEN l.birth_date IS NOT NULL AND r.birth_date IS NOT NULL THEN 'different'
        END AS birth_date,
        CASE WHEN l.postcode = r.postcode THEN 'same' END AS postcode,
        CASE
            WHEN l.street_key = r.street_key THEN 'same'
            WHEN jaro_winkler_similarity(l.street_key, r.street_key) >= 0.95 THEN 'similar'
        END AS street
    FROM candidate
    JOIN staging.person AS l ON l.record = left_record
    JOIN staging.person AS r ON r.record = right_record
    LEFT JOIN matching.shared_email AS shared ON shared.email = l.email
)
SELECT
    *,
    CASE given_name WHEN 'same' THEN 3 WHEN 'similar' THEN 2 WHEN 'different' THEN -15 ELSE 0 END
    + CASE family_name WHEN 'same' THEN 4 WHEN 'similar' THEN 3 WHEN 'different' THEN -1 ELSE 0 END
    + CASE email WHEN 'same' THEN 10 WHEN 'shared' THEN 6 ELSE 0 END
    + CASE phone WHEN 'same' THEN 5 ELSE 0 END
    + CASE birth_date WHEN 'same' THEN 6 WHEN 'similar' THEN 3 WHEN 'different' THEN -15 ELSE 0 END
    + CASE postcode WHEN 'same' THEN 2 ELSE 0 END
    + CASE street WHEN 'same' THEN 3 WHEN 'similar' THEN 2 ELSE 0 END AS score
FROM compared;

COMMENT ON COLUMN matching.pair.score IS 'Points for one person, less points against; matching.link takes 9 and more';
