-- Freshness: nine of ten web events arrive within a day. Fewer mean that the tracker is stuck.
CREATE CHECK checks.events_arrive_in_time AS
SELECT count(*) AS events, count(*) FILTER (WHERE delay_seconds > 86400) AS late
FROM staging.web_event
HAVING count(*) FILTER (WHERE delay_seconds > 86400) > 0.1 * count(*);
