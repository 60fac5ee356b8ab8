-- Newsletter members in the house style; see staging.crm_contact.
CREATE VIEW staging.newsletter_member AS
WITH standard AS (
    SELECT
        *,
        map_enum(country, '{"usa": "US", "uk": "GB", "ger": "DE",
                            "fra": "FR", "aus": "AU"}') AS country_code
    FROM source.newsletter_member
)
SELECT
    'newsletter' AS system,
    member_id AS record_id,
    split_part(normalize_name(fname), ' ', 1) AS given_name,
    normalize_name(lname) AS family_name,
    normalize_email(email_address, 'plus') AS email,
    normalize_phone(mobile, country_code) AS phone,
    CAST(NULL AS DATE) AS birth_date,
    CAST(NULL AS TEXT) AS street,
    nullif(upper(replace(postcode, ' ', '')), '') AS postcode,
    CAST(NULL AS TEXT) AS city,
    country_code AS country,
    map_enum(segment, '{"a-loyal": "top", "b-active": "regular",
                        "c-occasional": "occasional", "d-sleeping": "dormant"}') AS segment,
    CAST(NULL AS TEXT) AS device,
    lower(status) = 'subscribed' AS accepts_email,
    CAST(parse_date(opt_in_date, 'DMY') AS TIMESTAMP) AS created_at,
    to_timestamp_seconds(last_changed, '%d.%m.%Y %H:%M') AS updated_at
FROM standard;
