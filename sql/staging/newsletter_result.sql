-- What became of each e-mail, one row a campaign and member, with moments and money that count.
CREATE MATERIALIZED VIEW staging.newsletter_result AS
SELECT DISTINCT
    campaign_id,
    campaign_name,
    'newsletter:' || member_id AS record,
    to_timestamp_seconds(sent_at, '%d.%m.%Y %H:%M') AS sent_at,
    to_timestamp_seconds(opened_at, '%d.%m.%Y %H:%M') AS opened_at,
    to_timestamp_seconds(clicked_at, '%d.%m.%Y %H:%M') AS clicked_at,
    to_timestamp_seconds(converted_at, '%d.%m.%Y %H:%M') AS converted_at,
    CAST(replace(revenue, ',', '.') AS NUMERIC(12, 2)) AS revenue_eur,
    map_enum(mail_client, '{"outlook": "desktop", "webmail": "desktop",
                            "thunderbird": "desktop", "ios mail": "phone",
                            "android mail": "phone", "webmail mobile": "phone",
                            "ipad mail": "tablet"}') AS device
FROM source.newsletter_result;
