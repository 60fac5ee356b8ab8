-- Contacts as the sales staff keep them in the CRM, one row a contact, exported every night.
--
-- Everything is text here, as it was typed: dates are American (10/31/2026) but for what was once
-- imported, telephone numbers are written in a dozen ways, and one customer can have two contacts.
-- staging.crm_contact makes sense of it.
CREATE EXTERNAL TABLE source.crm_contact (
    contact_id       TEXT NOT NULL,
    salutation       TEXT,
    first_name       TEXT,
    last_name        TEXT,
    email            TEXT,
    phone            TEXT,
    birth_date       TEXT,
    street           TEXT,
    city             TEXT,
    state            TEXT,
    postal_code      TEXT,
    country          TEXT,
    segment          TEXT,
    preferred_device TEXT,
    lead_source      TEXT,
    email_opt_out    BOOLEAN,
    created_date     TEXT,
    last_modified    TEXT
)
STORED AS CSV
LOCATION 'data/crm/contacts.csv';

COMMENT ON COLUMN source.crm_contact.contact_id IS 'The CRM''s own identifier: no other system knows it';
COMMENT ON COLUMN source.crm_contact.segment IS 'Platinum, Gold, Silver or Bronze';
COMMENT ON COLUMN source.crm_contact.last_modified IS 'A day, mostly MM/DD/YYYY';
