-- The golden customer: one row a person, from the best of what all systems know.
--
-- Survivorship is latest wins, field by field, and a NULL never wins; the CRM's word on the segment
-- counts for more than the shop's. An address is taken as a whole from the most complete record
-- that has a street, the latest of several, so that nobody lives in one city's street and another
-- city's postcode. golden.customer_lineage tells which record each value comes from. Gaps in birth_year, segment and device are filled with what is usual
-- among comparable customers; the *_imputed columns say so, and no campaign should take them for
-- facts.
CREATE MATERIALIZED VIEW golden.customer (
    CONSTRAINT known_customer EXPECT (customer_id IS NOT NULL) ON VIOLATION FAIL UPDATE
)
AS
WITH survivor AS (
    SELECT
        customer_id,
        latest_by(given_name, updated_at, person.record) AS given_name,
        latest_by(family_name, updated_at, person.record) AS family_name,
        latest_by(email, updated_at, person.record) AS email,
        latest_by_source(email, system, updated_at, person.record) AS email_system,
        latest_by(phone, updated_at, person.record) AS phone,
        latest_by(birth_date, updated_at, person.record) AS birth_date,
        latest_by(country, updated_at, person.record) AS country,
        by_source_priority(segment, system, ARRAY['crm', 'shop', 'newsletter'], updated_at, person.record) AS segment,
        latest_by(device, updated_at) AS device,
        latest_by(accepts_email, updated_at) AS accepts_email,
        most_complete(named_struct('street', street, 'postcode', postcode, 'city', city), updated_at, person.record)
            FILTER (WHERE street IS NOT NULL) AS address,
        min(created_at) AS customer_since,
        earliest_by(system, created_at) AS first_system,
        max(updated_at) AS updated_at,
        count(*) AS records,
        count(DISTINCT system) AS systems
    FROM staging.person
    JOIN matching.cluster ON cluster.record = person.record
    GROUP BY customer_id
),
-- Windows hold whole partitions in memory, so only the columns that they need go through them.
with_segment AS (
    SELECT
        customer_id,
        country,
        device,
        CAST(extract(year FROM birth_date) AS INTEGER) AS known_birth_year,
        impute_mode(segment) OVER (PARTITION BY country) AS filled_segment
    FROM survivor
),
imputed AS (
    SELECT
        customer_id,
        known_birth_year,
        filled_segment,
        impute_median(known_birth_year) OVER comparable AS filled_birth_year,
        impute_mode(device) OVER comparable AS filled_device
    FROM with_segment
    WINDOW comparable AS (PARTITION BY country, filled_segment)
)
SELECT
    survivor.customer_id,
    survivor.given_name,
    survivor.family_name,
    survivor.email,
    survivor.email_system,
    survivor.phone,
    survivor.birth_date,
    filled_birth_year AS birth_year,
    was_imputed(known_birth_year, filled_birth_year) AS birth_year_imputed,
    survivor.address['street'] AS street,
    survivor.address['postcode'] AS postcode,
    survivor.address['city'] AS city,
    survivor.country,
    filled_segment AS segment,
    was_imputed(survivor.segment, filled_segment) AS segment_imputed,
    filled_device AS device,
    was_imputed(survivor.device, filled_device) AS device_imputed,
    coalesce(survivor.accepts_email, false) AS accepts_email,
    survivor.customer_since,
    survivor.first_system,
    survivor.updated_at,
    survivor.records,
    survivor.systems
FROM survivor
JOIN imputed ON imputed.customer_id = survivor.customer_id;

COMMENT ON COLUMN golden.customer.customer_id IS 'The smallest record of the person; stable as long as that record is';
COMMENT ON COLUMN golden.customer.email_system IS 'The system whose record gave the e-mail address';
COMMENT ON COLUMN golden.customer.first_system IS 'The system that knew the customer first';
COMMENT ON COLUMN golden.customer.birth_year_imputed IS 'Whether birth_year is the median of customers of the same country and segment';
COMMENT ON COLUMN golden.customer.segment_imputed IS 'Whether segment is the commonest one of the country';
COMMENT ON COLUMN golden.customer.device_imputed IS 'Whether device is the commonest one of the same country and segment';
