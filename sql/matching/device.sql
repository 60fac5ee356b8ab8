-- Which customer a browser belongs to: the one whose account it logged in to last, or else the one
-- whose e-mail address it left. Browsers that did neither stay anonymous and are not here.
CREATE MATERIALIZED VIEW matching.device AS
WITH signs AS (
    SELECT
        anonymous_id,
        latest_by(shop_record, happened_at) AS shop_record,
        latest_by(email, happened_at) AS email
    FROM staging.web_event
    GROUP BY anonymous_id
),
email_owner AS (
    SELECT person.email, min(cluster.customer_id) AS customer_id
    FROM staging.person
    JOIN matching.cluster ON cluster.record = person.record
    WHERE person.email IS NOT NULL
    GROUP BY person.email
    HAVING count(DISTINCT cluster.customer_id) = 1
)
SELECT
    signs.anonymous_id,
    coalesce(account.customer_id, email_owner.customer_id) AS customer_id
FROM signs
LEFT JOIN matching.cluster AS account ON account.record = signs.shop_record
LEFT JOIN email_owner ON email_owner.email = signs.email
WHERE coalesce(account.customer_id, email_owner.customer_id) IS NOT NULL;
