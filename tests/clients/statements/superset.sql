-- the version, by which a dialect chooses
-- hidden: version
select pg_catalog.version()

-- the schema of what has none
select current_schema()

-- how texts are escaped
show standard_conforming_strings

-- a transaction begins
BEGIN

-- whether the connection lives
SELECT 1

-- the level of transactions
show transaction isolation level

-- and ends
ROLLBACK

-- databases
SELECT datname FROM pg_database WHERE datistemplate = false AND datname <> 'postgres'

-- schemas
SELECT pg_catalog.pg_namespace.nspname FROM pg_catalog.pg_namespace WHERE pg_catalog.pg_namespace.nspname NOT LIKE 'pg_%' ORDER BY pg_catalog.pg_namespace.nspname

-- tables
-- $1 varchar shop
SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace
WHERE pg_catalog.pg_class.relkind = ANY (ARRAY['r', 'p']) AND pg_catalog.pg_class.relpersistence != 't' AND pg_catalog.pg_namespace.nspname = $1

-- tables that are elsewhere
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'shop' AND c.relkind IN ('f')

-- views
-- $1 varchar shop
SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace
WHERE pg_catalog.pg_class.relkind = ANY (ARRAY['v']) AND pg_catalog.pg_class.relpersistence != 't' AND pg_catalog.pg_namespace.nspname = $1

-- materialized views
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'shop' AND c.relkind IN ('m')

-- a view's query
-- $1 varchar shop
-- $2 varchar paid
SELECT pg_get_viewdef(c.oid) view_def FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('v', 'm')

-- a table's number
-- $1 varchar shop
-- $2 varchar orders
SELECT c.oid FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE (n.nspname = $1) AND c.relname = $2 AND c.relkind in ('r', 'v', 'm', 'f', 'p')

-- its columns
-- $1 oid {shop.orders}
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
    (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef) AS DEFAULT,
    a.attnotnull, a.attrelid as table_oid, pgd.description as comment, a.attgenerated as generated,
    (SELECT json_build_object('always', a.attidentity = 'a', 'start', s.seqstart, 'increment', s.seqincrement, 'minvalue', s.seqmin, 'maxvalue', s.seqmax, 'cache', s.seqcache, 'cycle', s.seqcycle)
     FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c on s.seqrelid = c."oid"
     WHERE c.relkind = 'S' AND a.attidentity != '' AND s.seqrelid = pg_catalog.pg_get_serial_sequence(a.attrelid::regclass::text, a.attname)::regclass::oid) as identity_options
FROM pg_catalog.pg_attribute a
LEFT JOIN pg_catalog.pg_description pgd ON (pgd.objoid = a.attrelid AND pgd.objsubid = a.attnum)
WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum

-- the columns of a table that counts its rows itself
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
    (SELECT json_build_object('always', a.attidentity = 'a', 'start', s.seqstart, 'increment', s.seqincrement, 'minvalue', s.seqmin, 'maxvalue', s.seqmax, 'cache', s.seqcache, 'cycle', s.seqcycle)
     FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c on s.seqrelid = c."oid"
     WHERE c.relkind = 'S' AND a.attidentity <> '' AND s.seqrelid = CAST(pg_catalog.pg_get_serial_sequence(CAST(CAST(a.attrelid AS REGCLASS) AS TEXT), a.attname) AS REGCLASS)) as identity_options
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = {shop.customer} AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum

-- enums
SELECT t.typname as "name", pg_catalog.pg_type_is_visible(t.oid) as "visible", n.nspname as "schema", e.enumlabel as "label"
FROM pg_catalog.pg_type t
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_enum e ON t.oid = e.enumtypid
WHERE t.typtype = 'e'
ORDER BY "schema", "name", e.oid

-- enums with all their labels
SELECT pg_catalog.pg_type.typname AS name, pg_catalog.pg_type_is_visible(pg_catalog.pg_type.oid) AS visible, pg_catalog.pg_namespace.nspname AS schema, lbl_agg.labels AS labels
FROM pg_catalog.pg_type JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_type.typnamespace
LEFT OUTER JOIN (SELECT pg_catalog.pg_enum.enumtypid AS enumtypid, array_agg(CAST(pg_catalog.pg_enum.enumlabel AS TEXT) ORDER BY pg_catalog.pg_enum.enumsortorder) AS labels
    FROM pg_catalog.pg_enum GROUP BY pg_catalog.pg_enum.enumtypid) AS lbl_agg ON pg_catalog.pg_type.oid = lbl_agg.enumtypid
WHERE pg_catalog.pg_type.typtype = 'e' ORDER BY pg_catalog.pg_namespace.nspname, pg_catalog.pg_type.typname

-- domains
SELECT t.typname as "name", pg_catalog.format_type(t.typbasetype, t.typtypmod) as "attype", not t.typnotnull as "nullable", t.typdefault as "default", pg_catalog.pg_type_is_visible(t.oid) as "visible", n.nspname as "schema"
FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'd'

-- the primary key
SELECT a.attname FROM pg_attribute a JOIN (SELECT unnest(ix.indkey) attnum, generate_subscripts(ix.indkey, 1) ord FROM pg_index ix WHERE ix.indrelid = {shop.orders} AND ix.indisprimary) k ON a.attnum = k.attnum
WHERE a.attrelid = {shop.orders} ORDER BY k.ord

-- the primary key's name
SELECT conname FROM pg_catalog.pg_constraint r WHERE r.conrelid = {shop.orders} AND r.contype = 'p' ORDER BY 1

-- keys of other tables
SELECT r.conname, pg_catalog.pg_get_constraintdef(r.oid, true) as condef, n.nspname as conschema
FROM pg_catalog.pg_constraint r, pg_namespace n, pg_class c
WHERE r.conrelid = {shop.orders} AND r.contype = 'f' AND c.oid = confrelid AND n.oid = c.relnamespace
ORDER BY 1

-- unique keys, of many tables at once
SELECT attr.conrelid, array_agg(attr.attname ORDER BY attr.ord) AS cols, attr.conname, min(attr.description) AS description
FROM (SELECT con.conrelid AS conrelid, con.conname AS conname, con.conindid AS conindid, con.description AS description, con.ord AS ord, pg_catalog.pg_attribute.attname AS attname
    FROM pg_catalog.pg_attribute JOIN (SELECT pg_catalog.pg_constraint.conrelid AS conrelid, pg_catalog.pg_constraint.conname AS conname, pg_catalog.pg_constraint.conindid AS conindid,
            unnest(pg_catalog.pg_constraint.conkey) AS attnum, generate_subscripts(pg_catalog.pg_constraint.conkey, 1) AS ord, pg_catalog.pg_description.description AS description
        FROM pg_catalog.pg_constraint LEFT OUTER JOIN pg_catalog.pg_description ON pg_catalog.pg_description.objoid = pg_catalog.pg_constraint.oid
        WHERE pg_catalog.pg_constraint.contype = 'u' AND pg_catalog.pg_constraint.conrelid IN ({shop.product}, {shop.customer})) AS con
        ON pg_catalog.pg_attribute.attnum = con.attnum AND pg_catalog.pg_attribute.attrelid = con.conrelid
    WHERE con.conrelid IN ({shop.product}, {shop.customer})) AS attr
GROUP BY attr.conrelid, attr.conname ORDER BY attr.conname

-- indexes, with their columns and expressions
SELECT pg_catalog.pg_index.indrelid, cls_idx.relname AS relname_index, pg_catalog.pg_index.indisunique, pg_catalog.pg_constraint.conrelid IS NOT NULL AS has_constraint,
    pg_catalog.pg_index.indoption, cls_idx.reloptions, pg_catalog.pg_am.amname,
    CASE WHEN (pg_catalog.pg_index.indpred IS NOT NULL) THEN pg_catalog.pg_get_expr(pg_catalog.pg_index.indpred, pg_catalog.pg_index.indrelid) END AS filter_definition,
    pg_catalog.pg_index.indnkeyatts, idx_cols.elements, idx_cols.elements_is_expr
FROM pg_catalog.pg_index
JOIN pg_catalog.pg_class AS cls_idx ON pg_catalog.pg_index.indexrelid = cls_idx.oid
JOIN pg_catalog.pg_am ON cls_idx.relam = pg_catalog.pg_am.oid
LEFT OUTER JOIN (SELECT idx_attr.indexrelid AS indexrelid, min(idx_attr.indrelid) AS min_1, array_agg(idx_attr.element ORDER BY idx_attr.ord) AS elements, array_agg(idx_attr.is_expr ORDER BY idx_attr.ord) AS elements_is_expr
    FROM (SELECT idx.indexrelid AS indexrelid, idx.indrelid AS indrelid, idx.ord AS ord,
            CASE WHEN (idx.attnum = 0) THEN pg_catalog.pg_get_indexdef(idx.indexrelid, idx.ord + 1, true) ELSE CAST(pg_catalog.pg_attribute.attname AS TEXT) END AS element, idx.attnum = 0 AS is_expr
        FROM (SELECT pg_catalog.pg_index.indexrelid AS indexrelid, pg_catalog.pg_index.indrelid AS indrelid, unnest(pg_catalog.pg_index.indkey) AS attnum, generate_subscripts(pg_catalog.pg_index.indkey, 1) AS ord
            FROM pg_catalog.pg_index WHERE NOT pg_catalog.pg_index.indisprimary AND pg_catalog.pg_index.indrelid IN ({shop.orders}, {shop.customer})) AS idx
        LEFT OUTER JOIN pg_catalog.pg_attribute ON pg_catalog.pg_attribute.attnum = idx.attnum AND pg_catalog.pg_attribute.attrelid = idx.indrelid
        WHERE idx.indrelid IN ({shop.orders}, {shop.customer})) AS idx_attr
    GROUP BY idx_attr.indexrelid) AS idx_cols ON pg_catalog.pg_index.indexrelid = idx_cols.indexrelid
LEFT OUTER JOIN pg_catalog.pg_constraint ON pg_catalog.pg_index.indrelid = pg_catalog.pg_constraint.conrelid AND pg_catalog.pg_index.indexrelid = pg_catalog.pg_constraint.conindid
    AND pg_catalog.pg_constraint.contype = ANY (ARRAY['p', 'u', 'x'])
WHERE pg_catalog.pg_index.indrelid IN ({shop.orders}, {shop.customer}) AND NOT pg_catalog.pg_index.indisprimary
ORDER BY cls_idx.relname

-- indexes, as an older dialect asks
SELECT i.relname as relname, ix.indisunique, ix.indexprs, a.attname, a.attnum, c.conrelid, ix.indkey::varchar, ix.indoption::varchar, i.reloptions, am.amname, pg_get_expr(ix.indpred, ix.indrelid), ix.indnkeyatts as indnkeyatts
FROM pg_class t
join pg_index ix on t.oid = ix.indrelid
join pg_class i on i.oid = ix.indexrelid
left outer join pg_attribute a on t.oid = a.attrelid and a.attnum = ANY(ix.indkey)
left outer join pg_constraint c on (ix.indrelid = c.conrelid and ix.indexrelid = c.conindid and c.contype in ('p', 'u', 'x'))
left outer join pg_am am on i.relam = am.oid
WHERE t.relkind IN ('r', 'v', 'f', 'm', 'p') and t.oid = {shop.customer} and ix.indisprimary = 'f'
ORDER BY t.relname, i.relname, a.attnum

-- checks
SELECT cons.conname as name, pg_get_constraintdef(cons.oid) as src FROM pg_catalog.pg_constraint cons WHERE cons.conrelid = {shop.customer} AND cons.contype = 'c'

-- a table's comment
SELECT pgd.description as table_comment FROM pg_catalog.pg_description pgd WHERE pgd.objsubid = 0 AND pgd.objoid = {shop.customer}

-- whether a table is there
-- $1 varchar orders
-- $2 varchar shop
select relname from pg_class c join pg_namespace n on n.oid=c.relnamespace where pg_catalog.pg_table_is_visible(c.oid) is not null and relname=$1 and n.nspname=$2

-- the search path of the editor
set search_path = "shop"

-- its process, to cancel it by
-- hidden: pg_backend_pid
SELECT pg_backend_pid()

-- which is looked for
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid='0'

-- the cost of a query is estimated
EXPLAIN (COSTS OFF) SELECT 1

-- a preview of a table
SELECT id, customer, product, quantity, amount, discount, status, placed, shipped, due, note
FROM shop.orders
LIMIT 100

-- a chart by days
SELECT DATE_TRUNC('day', placed) AS placed, SUM(amount) AS "SUM(amount)"
FROM shop.orders
WHERE placed >= TO_TIMESTAMP('2026-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') AND placed < TO_TIMESTAMP('2026-03-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
GROUP BY DATE_TRUNC('day', placed)
ORDER BY "SUM(amount)" DESC
LIMIT 10000

-- a chart by five minutes
SELECT DATE_TRUNC('minute', at) - INTERVAL '1 minute' * (EXTRACT(MINUTE FROM at)::int % 5) AS at, COUNT(*) AS count
FROM public.event
GROUP BY DATE_TRUNC('minute', at) - INTERVAL '1 minute' * (EXTRACT(MINUTE FROM at)::int % 5)
ORDER BY at

-- a chart by weeks that end on Saturday
SELECT DATE_TRUNC('week', placed + INTERVAL '1 day') + INTERVAL '5 days' AS placed, COUNT(DISTINCT customer) AS "COUNT_DISTINCT(customer)"
FROM shop.orders GROUP BY DATE_TRUNC('week', placed + INTERVAL '1 day') + INTERVAL '5 days' ORDER BY placed

-- moments of seconds
SELECT DATE_TRUNC('hour', (timestamp 'epoch' + epoch * interval '1 second')) AS epoch, max(reading) AS "MAX(reading)" FROM public.event GROUP BY DATE_TRUNC('hour', (timestamp 'epoch' + epoch * interval '1 second'))

-- the first series by a measure
SELECT product AS product, DATE_TRUNC('month', placed) AS __timestamp, sum(amount) AS "SUM(amount)"
FROM shop.orders JOIN (SELECT product AS product__, sum(amount) AS mme_inner__ FROM shop.orders WHERE placed < TO_DATE('2026-12-31', 'YYYY-MM-DD') GROUP BY product ORDER BY mme_inner__ DESC LIMIT 2) AS series_limit ON product = product__
GROUP BY product, DATE_TRUNC('month', placed)
ORDER BY "SUM(amount)" DESC

-- a user's dataset
SELECT country AS country, COUNT(*) AS count
FROM (SELECT o.*, c.country FROM shop.orders o JOIN shop.customer c ON c.id = o.customer) AS virtual_table
WHERE country IN ('DE', 'FR') OR country IS NULL
GROUP BY country
HAVING ((COUNT(*) > 0))
ORDER BY count DESC, country

-- values to filter by
SELECT DISTINCT status AS status FROM shop.orders LIMIT 1000

-- how many rows a table shows
SELECT COUNT(*) AS rowcount FROM (SELECT country AS country FROM shop.customer GROUP BY country LIMIT 50000) AS rowcount_qry

-- how a mistake is told
SELECT nothing FROM orders

-- how another is told
SELEC 1
