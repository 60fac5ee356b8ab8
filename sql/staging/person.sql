-- Every record of a person in any system, under one another, with the keys that matching compares.
--
-- One row a record; `record` names it in all of the project ("crm:003Qx0000..."). The keys are in
-- small letters without accents, so that Müller, MUELLER and mueller are one; given_key is the name
-- that stands for a nickname. Everything costly about standardising is done here, once.
CREATE MATERIALIZED VIEW staging.person (
    CONSTRAINT known_record EXPECT (record IS NOT NULL) ON VIOLATION FAIL UPDATE,
    CONSTRAINT plausible_birth EXPECT (birth_date > DATE '1900-01-01')
)
AS
WITH records AS (
    SELECT * FROM staging.crm_contact
    UNION ALL
    SELECT * FROM staging.shop_customer
    UNION ALL
    SELECT * FROM staging.newsletter_member
),
folded AS (
    SELECT
        *,
        unaccent(replace(replace(replace(lower(given_name), 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'))
            AS folded_given_name,
        unaccent(replace(replace(replace(lower(family_name), 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'))
            AS family_key
    FROM records
)
SELECT
    concat(system, ':', record_id) AS record,
    system,
    record_id,
    given_name,
    family_name,
    email,
    phone,
    birth_date,
    street,
    postcode,
    city,
    country,
    segment,
    device,
    accepts_email,
    created_at,
    updated_at,
    nullif(coalesce(stands_for, folded_given_name), '') AS given_key,
    nullif(family_key, '') AS family_key,
    -- Without blanks and punctuation: "2/15 Oak St." and "2/15 oak st" are one place.
    nullif(regexp_replace(lower(normalize_address(street, country)), '[^[:alnum:]]+', '', 'g'), '')
        AS street_key
FROM folded
LEFT JOIN reference.nickname ON nickname.name = folded_given_name;

COMMENT ON COLUMN staging.person.record IS 'The record''s name in this project: system:record_id';
COMMENT ON COLUMN staging.person.phone IS 'E.164';
COMMENT ON COLUMN staging.person.country IS 'ISO 3166-1 alpha-2';
COMMENT ON COLUMN staging.person.segment IS 'top, regular, occasional or dormant, as the system has it';
