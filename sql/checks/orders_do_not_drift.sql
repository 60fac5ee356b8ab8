-- Drift: the orders of the last three months are worth about what those before were. A population
-- stability index from 0.25 on is a great shift: a new currency, a price in cents, a lost source. A
-- warning only, since it may be the business that has changed.
CREATE CHECK checks.orders_do_not_drift WITH (severity = 'warn') AS
SELECT psi(total_eur, ordered_at < as_of.day - INTERVAL '90 days') AS stability_index
FROM staging.shop_order
CROSS JOIN features.as_of
HAVING psi(total_eur, ordered_at < as_of.day - INTERVAL '90 days') >= 0.25;
