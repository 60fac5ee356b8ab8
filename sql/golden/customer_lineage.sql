-- Where each value of a golden customer comes from: a row a value, with the record that it is of.
--
-- The choices are those of golden.customer, told twice: once for the value, once for the record.
-- `record` is the last order of each, so that both always choose the same row;
-- checks.lineage_agrees holds that.
CREATE MATERIALIZED VIEW golden.customer_lineage AS
WITH owned AS (
    SELECT cluster.customer_id, person.*
    FROM staging.person AS person
    JOIN matching.cluster ON cluster.record = person.record
)
SELECT customer_id, 'given_name' AS field, latest_by(given_name, updated_at, record) AS value,
    latest_by(record, updated_at, record) FILTER (WHERE given_name IS NOT NULL) AS record
FROM owned GROUP BY customer_id
UNION ALL
SELECT customer_id, 'family_name', latest_by(family_name, updated_at, record),
    latest_by(record, updated_at, record) FILTER (WHERE family_name IS NOT NULL)
FROM owned GROUP BY customer_id
UNION ALL
SELECT customer_id, 'email', latest_by(email, updated_at, record),
    latest_by(record, updated_at, record) FILTER (WHERE email IS NOT NULL)
FROM owned GROUP BY customer_id
UNION ALL
SELECT customer_id, 'phone', latest_by(phone, updated_at, record),
    latest_by(record, updated_at, record) FILTER (WHERE phone IS NOT NULL)
FROM owned GROUP BY customer_id
UNION ALL
SELECT customer_id, 'birth_date', CAST(latest_by(birth_date, updated_at, record) AS TEXT),
    latest_by(record, updated_at, record) FILTER (WHERE birth_date IS NOT NULL)
FROM owned GROUP BY customer_id
UNION ALL
SELECT customer_id, 'country', latest_by(country, updated_at, record),
    latest_by(record, updated_at, record) FILTER (WHERE country IS NOT NULL)
FROM owned GROUP BY customer_id
UNION ALL
SELECT customer_id, 'segment',
    by_source_priority(segment, system, ARRAY['crm', 'shop', 'newsletter'], updated_at, record),
    by_source_priority(record, system, ARRAY['crm', 'shop', 'newsletter'], updated_at, record)
        FILTER (WHERE segment IS NOT NULL)
FROM owned GROUP BY customer_id
UNION ALL
SELECT customer_id, 'address',
    (most_complete(named_struct('street', street, 'postcode', postcode, 'city', city), updated_at, record)
        FILTER (WHERE street IS NOT NULL))['street'],
    (most_complete(named_struct('street', street, 'postcode', postcode, 'city', city, 'record', record), updated_at, record)
        FILTER (WHERE street IS NOT NULL))['record']
FROM owned GROUP BY customer_id;
