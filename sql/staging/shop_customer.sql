-- Shop accounts in the house style; see staging.crm_contact.
--
-- normalize_name turns "Smith, John" round, so the first word is the given name; what follows,
-- without the initial of a middle name, is the family name.
CREATE VIEW staging.shop_customer AS
WITH standard AS (
    SELECT *, normalize_name(full_name) AS name
    FROM source.shop_customer
)
SELECT
    'shop' AS system,
    CAST(customer_id AS TEXT) AS record_id,
    nullif(split_part(name, ' ', 1), '') AS given_name,
    nullif(regexp_replace(name, '^[^ ]+ ?([^ ] )?', ''), '') AS family_name,
    normalize_email(email, 'plus') AS email,
    normalize_phone(phone, country_code) AS phone,
    nullif(date_of_birth, DATE '1900-01-01') AS birth_date,
    address AS street,
    nullif(upper(replace(zip, ' ', '')), '') AS postcode,
    city,
    country_code AS country,
    map_enum(customer_group, '{"vip": "top", "regular": "regular",
                               "new": "occasional", "guest": "dormant"}') AS segment,
    -- The device is a matter of each order here: see features.order_summary.
    CAST(NULL AS TEXT) AS device,
    CASE accepts_marketing WHEN 'yes' THEN true WHEN 'no' THEN false END AS accepts_email,
    created_at,
    updated_at
FROM standard;
