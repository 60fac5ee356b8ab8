-- CRM contacts in the house style: one meaning a column, one way to write it, NULL for unknown.
--
-- The columns are those of staging.shop_customer and staging.newsletter_member, so that
-- staging.person can put them under one another.
CREATE VIEW staging.crm_contact AS
WITH standard AS (
    SELECT
        *,
        map_enum(country, '{"united states": "US", "usa": "US", "us": "US",
                            "united kingdom": "GB", "uk": "GB", "gb": "GB",
                            "germany": "DE", "ger": "DE", "de": "DE",
                            "france": "FR", "fra": "FR", "fr": "FR",
                            "australia": "AU", "aus": "AU", "au": "AU"}') AS country_code
    FROM source.crm_contact
)
SELECT
    'crm' AS system,
    contact_id AS record_id,
    split_part(normalize_name(first_name), ' ', 1) AS given_name,
    normalize_name(last_name) AS family_name,
    normalize_email(email, 'plus') AS email,
    normalize_phone(phone, country_code) AS phone,
    -- The first of January 1900 is what the form saves when nobody asked.
    nullif(parse_date(birth_date, 'MDY'), DATE '1900-01-01') AS birth_date,
    street,
    nullif(upper(replace(postal_code, ' ', '')), '') AS postcode,
    city,
    country_code AS country,
    map_enum(segment, '{"platinum": "top", "gold": "regular",
                        "silver": "occasional", "bronze": "dormant"}') AS segment,
    map_enum(preferred_device, '{"desktop pc": "desktop", "laptop": "desktop",
                                 "smartphone": "phone", "mobile phone": "phone",
                                 "tablet": "tablet"}') AS device,
    NOT email_opt_out AS accepts_email,
    CAST(parse_date(created_date, 'MDY') AS TIMESTAMP) AS created_at,
    CAST(parse_date(last_modified, 'MDY') AS TIMESTAMP) AS updated_at
FROM standard;
