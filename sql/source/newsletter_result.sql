-- What became of each e-mail of each campaign: one row a campaign and member, some rows twice.
--
-- Moments are DD.MM.YYYY HH:MM, and empty where the thing did not happen. Revenue has a decimal
-- comma.
CREATE EXTERNAL TABLE source.newsletter_result (
    campaign_id   TEXT NOT NULL,
    campaign_name TEXT,
    member_id     TEXT NOT NULL,
    sent_at       TEXT,
    opened_at     TEXT,
    clicked_at    TEXT,
    converted_at  TEXT,
    revenue       TEXT,
    mail_client   TEXT
)
STORED AS CSV
LOCATION 'data/newsletter/campaign_results.csv';
