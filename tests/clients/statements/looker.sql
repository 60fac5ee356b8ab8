-- the driver's settings at connect
SET extra_float_digits = 3

-- the tests of a connection
SELECT 1

-- the version
-- hidden: version
SELECT VERSION()

-- whether queries can be cancelled
-- hidden: pg_backend_pid
SELECT pg_backend_pid()

-- what runs
SELECT pid FROM pg_stat_activity WHERE query LIKE '%looker-nothing%' AND pid <> pg_backend_pid()

-- whether there is a schema for tables of its own
SELECT schema_name FROM information_schema.schemata WHERE schema_name = 'looker_scratch'

-- the time zone of a query
SET TIMEZONE TO 'UTC'

-- schemas and tables, for a project that is generated
SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2

-- columns, for a project that is generated
SELECT table_schema, table_name, column_name, data_type, ordinal_position FROM information_schema.columns WHERE table_schema IN ('shop', 'public') ORDER BY table_schema, table_name, ordinal_position

-- keys, for a project that is generated
SELECT kc.table_schema, kc.table_name, kc.column_name FROM information_schema.table_constraints tc JOIN information_schema.key_column_usage kc ON kc.table_name = tc.table_name AND kc.table_schema = tc.table_schema AND kc.constraint_name = tc.constraint_name
WHERE tc.constraint_type = 'PRIMARY KEY' AND kc.ordinal_position IS NOT NULL ORDER BY kc.table_schema, kc.table_name, kc.ordinal_position

-- an explore by days
SELECT
        (DATE(orders.placed )) AS "orders.placed_date",
    COUNT(*) AS "orders.count",
    COALESCE(SUM(orders.amount ), 0) AS "orders.total_amount"
FROM shop.orders  AS orders
WHERE ((( orders.placed  ) >= ((TIMESTAMP '2026-01-01')) AND ( orders.placed  ) < ((TIMESTAMP '2026-03-01'))))
GROUP BY
    1
ORDER BY
    1 DESC
FETCH NEXT 500 ROWS ONLY

-- an explore by months in another time zone
SELECT
        (TO_CHAR(DATE_TRUNC('month', DATE_TRUNC('month', orders.placed ::timestamptz AT TIME ZONE 'America/Los_Angeles')), 'YYYY-MM')) AS "orders.placed_month",
    COUNT(DISTINCT customer.id ) AS "customer.count"
FROM shop.orders  AS orders
LEFT JOIN shop.customer  AS customer ON orders.customer = customer.id
GROUP BY
    (DATE_TRUNC('month', orders.placed ::timestamptz AT TIME ZONE 'America/Los_Angeles'))
ORDER BY
    1
FETCH NEXT 500 ROWS ONLY

-- weeks, quarters and parts of days
SELECT
        (TO_CHAR(DATE_TRUNC('week', orders.placed ), 'YYYY-MM-DD')) AS "orders.placed_week",
        (DATE_TRUNC('quarter', orders.placed )) AS "orders.placed_quarter",
        (EXTRACT(DOW FROM orders.placed )::integer) AS "orders.placed_day_of_week_index",
        (TO_CHAR(orders.placed , 'FMDay')) AS "orders.placed_day_of_week",
        (TO_CHAR(DATE_TRUNC('second', orders.placed ), 'YYYY-MM-DD HH24:MI:SS')) AS "orders.placed_time",
        (EXTRACT(HOUR FROM orders.placed )::int) AS "orders.placed_hour_of_day"
FROM shop.orders  AS orders
ORDER BY
    orders.id
LIMIT 500

-- a sum over a join that multiplies rows
SELECT
    customer.country  AS "customer.country",
    COALESCE(COALESCE(CAST( ( SUM(DISTINCT (CAST(FLOOR(COALESCE(orders.amount ,0)*(1000000*1.0)) AS DECIMAL(65,0))) + ('x' || MD5(orders.id ::varchar))::bit(64)::bigint::DECIMAL(65)  *18446744073709551616 + ('x' || SUBSTR(MD5(orders.id ::varchar),17))::bit(64)::bigint::DECIMAL(65) ) - SUM(DISTINCT ('x' || MD5(orders.id ::varchar))::bit(64)::bigint::DECIMAL(65)  *18446744073709551616 + ('x' || SUBSTR(MD5(orders.id ::varchar),17))::bit(64)::bigint::DECIMAL(65)) )  AS DOUBLE PRECISION) / CAST((1000000*1.0) AS DOUBLE PRECISION), 0), 0) AS "orders.total_amount"
FROM shop.customer  AS customer
LEFT JOIN shop.orders  AS orders ON orders.customer = customer.id
GROUP BY
    1
ORDER BY
    1
FETCH NEXT 500 ROWS ONLY

-- a filter of texts and a yes or no
SELECT
    customer.name  AS "customer.name",
    CASE WHEN customer.vip  THEN 'Yes' ELSE 'No' END AS "customer.vip"
FROM shop.customer  AS customer
WHERE ((customer.name  ILIKE '%o%' OR customer.name  ILIKE 'ann')) AND (customer.vip ) IS NOT TRUE
GROUP BY
    1,
    2
ORDER BY
    1
FETCH NEXT 500 ROWS ONLY

-- tiers
SELECT
    CASE
WHEN orders.amount  < 10 THEN '0'
WHEN orders.amount  >= 10 AND orders.amount  < 100 THEN '1'
WHEN orders.amount  >= 100 THEN '2'
ELSE '3'
END AS "orders.amount_tier__sort_",
    CASE
WHEN orders.amount  < 10 THEN 'Below 10'
WHEN orders.amount  >= 10 AND orders.amount  < 100 THEN '10 to 99'
WHEN orders.amount  >= 100 THEN '100 or Above'
ELSE 'Undefined'
END AS "orders.amount_tier",
    COUNT(*) AS "orders.count"
FROM shop.orders  AS orders
GROUP BY
    1,
    2
ORDER BY
    1
FETCH NEXT 500 ROWS ONLY

-- a pivot
SELECT * FROM (
SELECT *, DENSE_RANK() OVER (ORDER BY z___min_rank) as z___pivot_row_rank, RANK() OVER (PARTITION BY z__pivot_col_rank ORDER BY z___min_rank) as z__pivot_col_ordering, CASE WHEN z___min_rank = z___rank THEN 1 ELSE 0 END AS z__is_highest_ranked_cell FROM (
SELECT *, MIN(z___rank) OVER (PARTITION BY "orders.product") as z___min_rank FROM (
SELECT *, RANK() OVER (ORDER BY CASE WHEN z__pivot_col_rank=1 THEN (CASE WHEN "orders.count" IS NOT NULL THEN 0 ELSE 1 END) ELSE 2 END, CASE WHEN z__pivot_col_rank=1 THEN "orders.count" ELSE NULL END DESC, "orders.count" DESC, z__pivot_col_rank, "orders.product") AS z___rank FROM (
SELECT *, DENSE_RANK() OVER (ORDER BY CASE WHEN "orders.status" IS NULL THEN 1 ELSE 0 END, "orders.status") AS z__pivot_col_rank FROM (
SELECT
    orders.status  AS "orders.status",
    orders.product  AS "orders.product",
    COUNT(*) AS "orders.count"
FROM shop.orders  AS orders
GROUP BY
    1,
    2) ww
) bb WHERE z__pivot_col_rank <= 16384
) aa
) xx
) zz
 WHERE (z__pivot_col_rank <= 50 OR z__is_highest_ranked_cell = 1) AND (z___pivot_row_rank <= 500 OR z__pivot_col_ordering = 1) ORDER BY z___pivot_row_rank, z__pivot_col_rank

-- totals
SELECT
    COUNT(*) AS "orders.count",
    AVG(orders.amount ) AS "orders.average_amount",
    PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY orders.amount ) AS "orders.p90"
FROM shop.orders  AS orders
LIMIT 1

-- a table that is derived in the query
WITH facts AS (SELECT customer, MIN(placed) AS first, COUNT(*) AS n, SUM(amount) AS spent FROM shop.orders GROUP BY 1)
SELECT
        (DATE(facts.first )) AS "facts.first_date",
    COALESCE(SUM(facts.spent ), 0) AS "facts.spent"
FROM facts
GROUP BY
    1
HAVING (COALESCE(SUM(facts.spent ), 0) >= 1)
ORDER BY
    2 DESC
FETCH NEXT 500 ROWS ONLY

-- the last seven days
SELECT COUNT(*) AS "orders.count" FROM shop.orders  AS orders WHERE ((( orders.placed  ) >= ((SELECT (DATE_TRUNC('day', CURRENT_TIMESTAMP AT TIME ZONE 'UTC') + (-6 || ' day')::INTERVAL))) AND ( orders.placed  ) < ((SELECT ((DATE_TRUNC('day', CURRENT_TIMESTAMP AT TIME ZONE 'UTC') + (-6 || ' day')::INTERVAL) + (7 || ' day')::INTERVAL))))) AND false

-- a table that is kept
-- plain
CREATE SCHEMA looker_scratch;CREATE TABLE looker_scratch.LR$1A2B AS SELECT customer, COUNT(*) AS n FROM shop.orders GROUP BY 1

-- is indexed
CREATE INDEX "LR$1A2B_customer" ON looker_scratch.LR$1A2B (customer)

-- and analyzed
ANALYZE looker_scratch.LR$1A2B

-- and read
SELECT * FROM looker_scratch.LR$1A2B ORDER BY customer

-- and told of in a table of its own
CREATE TABLE IF NOT EXISTS looker_scratch.connection_reg_r3 (reg_key VARCHAR(36) PRIMARY KEY, reg_value VARCHAR(255))

-- that keeps one row
-- $1 varchar 00000000-0000-0000-0000-000000000000
-- $2 varchar a server
INSERT INTO looker_scratch.connection_reg_r3 (reg_key, reg_value) VALUES ($1, $2)

-- whose value is changed
UPDATE looker_scratch.connection_reg_r3 SET reg_value = 'another' WHERE reg_key = '00000000-0000-0000-0000-000000000000'

-- and put in another's place
-- plain
DROP TABLE IF EXISTS looker_scratch.LR$1A2B_old;ALTER TABLE looker_scratch.LR$1A2B RENAME TO LR$1A2B_old

-- and dropped with all
DROP SCHEMA looker_scratch CASCADE
