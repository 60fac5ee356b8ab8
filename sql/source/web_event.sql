-- What browsers did in the web shop, as the tracker sends it, one file a month of arrival.
--
-- The tracker sends again what it is not sure arrived, so an event_id can come twice; telephones
-- without a network send their events days late. Lines that are no JSON, as a broken transfer
-- leaves them, are set aside in tributary.rejected_rows.
CREATE EXTERNAL TABLE source.web_event (
    event_id     TEXT NOT NULL,
    event        TEXT,
    ts           BIGINT,
    received_at  BIGINT,
    anonymous_id TEXT NOT NULL,
    user_id      TEXT,
    email        TEXT,
    device       TEXT,
    browser      TEXT,
    path         TEXT,
    utm_source   TEXT,
    utm_campaign TEXT
)
STORED AS JSON
LOCATION 'data/web/events-*.ndjson'
OPTIONS (on_error 'quarantine');

COMMENT ON COLUMN source.web_event.ts IS 'When it happened, in milliseconds since 1970';
COMMENT ON COLUMN source.web_event.received_at IS 'When it arrived, in milliseconds since 1970';
COMMENT ON COLUMN source.web_event.anonymous_id IS 'The browser: a person has several';
COMMENT ON COLUMN source.web_event.user_id IS 'The shop''s customer_id, where the browser was logged in';
