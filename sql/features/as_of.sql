-- The day that all features are as of: the last one that the data knows.
--
-- Recency is counted from here, not from today, so that a rebuild of the same data gives the same
-- numbers, whenever it runs.
CREATE VIEW features.as_of AS
SELECT CAST(max(moment) AS DATE) AS day
FROM (
    SELECT max(ordered_at) AS moment FROM staging.shop_order
    UNION ALL
    SELECT max(happened_at) FROM staging.web_event
) AS latest;
