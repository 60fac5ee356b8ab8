-- Every record of a person in any system, under one another.
--
-- One row a record; `record` names it in all of the project ("crm:003Qx0000..."). What systems write
-- differently is written in one way already; how names, addresses and dates are compared is for
-- matching.customer_match to find out.
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
    updated_at
FROM records;

COMMENT ON COLUMN staging.person.record IS 'The record''s name in this project: system:record_id';
COMMENT ON COLUMN staging.person.phone IS 'E.164';
COMMENT ON COLUMN staging.person.country IS 'ISO 3166-1 alpha-2';
COMMENT ON COLUMN staging.person.segment IS 'top, regular, occasional or dormant, as the system has it';
