-- Web events, each once, in the order they happened rather than arrived.
CREATE MATERIALIZED VIEW staging.web_event AS
WITH arrivals AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY event_id ORDER BY received_at) AS arrival
    FROM source.web_event
)
SELECT
    event_id,
    event,
    to_timestamp_seconds(ts / 1000) AS happened_at,
    (received_at - ts) / 1000 AS delay_seconds,
    anonymous_id,
    'shop:' || user_id AS shop_record,
    normalize_email(email, 'plus') AS email,
    map_enum(device, '{"windows pc": "desktop", "mac": "desktop", "iphone": "phone",
                       "android phone": "phone", "ipad": "tablet",
                       "android tablet": "tablet"}') AS device,
    path,
    utm_source,
    utm_campaign
FROM arrivals
WHERE arrival = 1;
