-- Subscriptions to the newsletter, one row a member.
--
-- The tool is hosted in Germany: dates are DD.MM.YYYY. A name is optional, so one in six has none.
CREATE EXTERNAL TABLE source.newsletter_member (
    member_id     TEXT NOT NULL,
    email_address TEXT,
    fname         TEXT,
    lname         TEXT,
    mobile        TEXT,
    country       TEXT,
    postcode      TEXT,
    status        TEXT,
    segment       TEXT,
    opt_in_date   TEXT,
    last_changed  TEXT
)
STORED AS CSV
LOCATION 'data/newsletter/subscribers.csv';

COMMENT ON COLUMN source.newsletter_member.segment IS 'A-loyal, B-active, C-occasional or D-sleeping';
COMMENT ON COLUMN source.newsletter_member.country IS 'USA, UK, GER, FRA or AUS';
