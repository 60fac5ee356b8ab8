-- the driver's settings at connect
SET extra_float_digits = 3

-- its name
SET application_name = 'Metabase v0.55.1 [00000000-0000-0000-0000-000000000000]'

-- whether the connection lives
SELECT 1

-- the time zone of reports
show timezone;

-- a time zone for what is asked next
SET SESSION TIMEZONE TO 'America/New_York';

-- queries only read
SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY

-- how a transaction sees others
SHOW TRANSACTION ISOLATION LEVEL

-- schemas
SELECT nspname AS TABLE_SCHEM, NULL AS TABLE_CATALOG FROM pg_catalog.pg_namespace WHERE nspname <> 'pg_toast' AND (nspname !~ '^pg_temp_' OR nspname = (pg_catalog.current_schemas(true))[1]) AND (nspname !~ '^pg_toast_temp_' OR nspname = replace((pg_catalog.current_schemas(true))[1], 'pg_temp_', 'pg_toast_temp_')) ORDER BY TABLE_SCHEM

-- tables of schemas, with what they are for and how many rows they may have
-- $1 varchar shop
-- $2 varchar public
-- hidden: estimated_row_count
SELECT "n"."nspname" AS "schema", "c"."relname" AS "name",
    CASE "c"."relkind" WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'v' THEN 'VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE NULL END AS "type",
    "d"."description" AS "description", "stat"."n_live_tup" AS "estimated_row_count"
FROM "pg_catalog"."pg_class" AS "c"
INNER JOIN "pg_catalog"."pg_namespace" AS "n" ON "c"."relnamespace" = "n"."oid"
LEFT JOIN "pg_catalog"."pg_description" AS "d" ON ("c"."oid" = "d"."objoid") AND ("d"."objsubid" = 0) AND ("d"."classoid" = 'pg_class'::regclass)
LEFT JOIN "pg_stat_user_tables" AS "stat" ON ("n"."nspname" = "stat"."schemaname") AND ("c"."relname" = "stat"."relname")
WHERE ("c"."relnamespace" = "n"."oid") AND ("n"."nspname" !~ '^pg_') AND ("n"."nspname" <> 'information_schema') AND (c.relkind in ('r', 'p', 'v', 'f', 'm'))
    AND ("n"."nspname" IN ($1, $2))
ORDER BY "type" ASC, "schema" ASC, "name" ASC

-- what may be done with each table
-- in any order
with named as (
    select schemaname as schema, tablename as name from pg_catalog.pg_tables
    union select schemaname, viewname from pg_views
    union select schemaname, matviewname from pg_matviews
)
select NULL as role, n.schema, n.name as table,
    pg_catalog.has_any_column_privilege(current_user, '"' || replace(n.schema, '"', '""') || '"."' || replace(n.name, '"', '""') || '"', 'select') as select,
    pg_catalog.has_any_column_privilege(current_user, '"' || replace(n.schema, '"', '""') || '"."' || replace(n.name, '"', '""') || '"', 'update') as update,
    pg_catalog.has_table_privilege(current_user, '"' || replace(n.schema, '"', '""') || '"."' || replace(n.name, '"', '""') || '"', 'delete') as delete
from named n
where n.schema !~ '^pg_' and n.schema <> 'information_schema' and n.schema <> 'tributary' and pg_catalog.has_schema_privilege(current_user, n.schema, 'usage')

-- types that are enums
SELECT nspname, typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.oid IN (SELECT DISTINCT enumtypid FROM pg_enum e)

-- columns, of materialized views as well
-- $1 varchar shop
-- $2 varchar shop
SELECT "c"."column_name" AS "name",
    CASE WHEN "c"."udt_schema" IN ('public', 'pg_catalog') THEN FORMAT('%s', "c"."udt_name") ELSE FORMAT('"%s"."%s"', "c"."udt_schema", "c"."udt_name") END AS "database-type",
    "c"."ordinal_position" - 1 AS "database-position", "c"."table_schema" AS "table-schema", "c"."table_name" AS "table-name",
    "pk"."column_name" IS NOT NULL AS "pk?",
    COL_DESCRIPTION(CAST(CAST(FORMAT('%I.%I', CAST("c"."table_schema" AS TEXT), CAST("c"."table_name" AS TEXT)) AS REGCLASS) AS OID), "c"."ordinal_position") AS "field-comment",
    (("column_default" IS NULL) OR (LOWER("column_default") = 'null')) AND ("is_nullable" = 'NO')
        AND NOT ((("column_default" IS NOT NULL) AND ("column_default" LIKE '%nextval(%')) OR ("is_identity" <> 'NO')) AS "database-required",
    (("column_default" IS NOT NULL) AND ("column_default" LIKE '%nextval(%')) OR ("is_identity" <> 'NO') AS "database-is-auto-increment"
FROM "information_schema"."columns" AS "c"
LEFT JOIN (
    SELECT "tc"."table_schema", "tc"."table_name", "kc"."column_name"
    FROM "information_schema"."table_constraints" AS "tc"
    INNER JOIN "information_schema"."key_column_usage" AS "kc" ON ("tc"."constraint_name" = "kc"."constraint_name") AND ("tc"."table_schema" = "kc"."table_schema") AND ("tc"."table_name" = "kc"."table_name")
    WHERE "tc"."constraint_type" = 'PRIMARY KEY'
) AS "pk" ON ("c"."table_schema" = "pk"."table_schema") AND ("c"."table_name" = "pk"."table_name") AND ("c"."column_name" = "pk"."column_name")
WHERE (c.table_schema !~ '^information_schema|catalog_history|pg_') AND ("c"."table_schema" IN ($1))
UNION ALL
SELECT "pa"."attname" AS "name",
    CASE WHEN "ptn"."nspname" IN ('public', 'pg_catalog') THEN FORMAT('%s', "pt"."typname") ELSE FORMAT('"%s"."%s"', "ptn"."nspname", "pt"."typname") END AS "database-type",
    "pa"."attnum" - 1 AS "database-position", "pn"."nspname" AS "table-schema", "pc"."relname" AS "table-name",
    FALSE AS "pk?", NULL AS "field-comment", FALSE AS "database-required", FALSE AS "database-is-auto-increment"
FROM "pg_catalog"."pg_class" AS "pc"
INNER JOIN "pg_catalog"."pg_namespace" AS "pn" ON "pn"."oid" = "pc"."relnamespace"
INNER JOIN "pg_catalog"."pg_attribute" AS "pa" ON "pa"."attrelid" = "pc"."oid"
INNER JOIN "pg_catalog"."pg_type" AS "pt" ON "pt"."oid" = "pa"."atttypid"
INNER JOIN "pg_catalog"."pg_namespace" AS "ptn" ON "ptn"."oid" = "pt"."typnamespace"
WHERE ("pc"."relkind" = 'm') AND ("pa"."attnum" >= 1) AND ("pn"."nspname" IN ($2))
ORDER BY "table-schema" ASC, "table-name" ASC, "database-position" ASC

-- keys of other tables
-- $1 varchar shop
SELECT "fk_ns"."nspname" AS "fk-table-schema", "fk_table"."relname" AS "fk-table-name", "fk_column"."attname" AS "fk-column-name",
    "pk_ns"."nspname" AS "pk-table-schema", "pk_table"."relname" AS "pk-table-name", "pk_column"."attname" AS "pk-column-name"
FROM "pg_constraint" AS "c"
INNER JOIN "pg_class" AS "fk_table" ON "c"."conrelid" = "fk_table"."oid"
INNER JOIN "pg_namespace" AS "fk_ns" ON "c"."connamespace" = "fk_ns"."oid"
INNER JOIN "pg_attribute" AS "fk_column" ON "c"."conrelid" = "fk_column"."attrelid"
INNER JOIN "pg_class" AS "pk_table" ON "c"."confrelid" = "pk_table"."oid"
INNER JOIN "pg_namespace" AS "pk_ns" ON "pk_table"."relnamespace" = "pk_ns"."oid"
INNER JOIN "pg_attribute" AS "pk_column" ON "c"."confrelid" = "pk_column"."attrelid"
WHERE (fk_ns.nspname !~ '^information_schema|catalog_history|pg_') AND ("c"."contype" = 'f'::char) AND ("fk_column"."attnum" = ANY(c.conkey)) AND ("pk_column"."attnum" = ANY(c.confkey)) AND ("fk_ns"."nspname" IN ($1))
ORDER BY "fk-table-schema" ASC, "fk-table-name" ASC, "fk-column-name" ASC

-- first columns of indexes
SELECT "tmp"."table-schema", "tmp"."table-name", TRIM(BOTH '"' FROM PG_CATALOG.PG_GET_INDEXDEF("tmp"."ci_oid", "tmp"."pos", FALSE)) AS "field-name"
FROM (
    SELECT "n"."nspname" AS "table-schema", "ct"."relname" AS "table-name", "ci"."oid" AS "ci_oid", (INFORMATION_SCHEMA._PG_EXPANDARRAY("i"."indkey"))."n" AS "pos"
    FROM "pg_catalog"."pg_class" AS "ct"
    INNER JOIN "pg_catalog"."pg_namespace" AS "n" ON "ct"."relnamespace" = "n"."oid"
    INNER JOIN "pg_catalog"."pg_index" AS "i" ON "ct"."oid" = "i"."indrelid"
    INNER JOIN "pg_catalog"."pg_class" AS "ci" ON "ci"."oid" = "i"."indexrelid"
    WHERE (PG_CATALOG.PG_GET_EXPR("i"."indpred", "i"."indrelid") IS NULL) AND (n.nspname !~ '^information_schema|catalog_history|pg_')
) AS "tmp"
WHERE "tmp"."pos" = 1

-- the primary key, by the Java driver
SELECT result.TABLE_CAT, result.TABLE_SCHEM, result.TABLE_NAME, result.COLUMN_NAME, result.KEY_SEQ, result.PK_NAME
FROM (SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, ct.relname AS TABLE_NAME, a.attname AS COLUMN_NAME,
        (information_schema._pg_expandarray(i.indkey)).n AS KEY_SEQ, ci.relname AS PK_NAME, information_schema._pg_expandarray(i.indkey) AS KEYS, a.attnum AS A_ATTNUM
    FROM pg_catalog.pg_class ct
    JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid)
    JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid)
    JOIN pg_catalog.pg_index i ON (a.attrelid = i.indrelid)
    JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid)
    WHERE true AND n.nspname = 'shop' AND ct.relname = 'orders' AND i.indisprimary) result
WHERE result.A_ATTNUM = (result.KEYS).x
ORDER BY result.table_name, result.pk_name, result.key_seq

-- keys of other tables, by the Java driver
SELECT NULL::text AS PKTABLE_CAT, pkn.nspname AS PKTABLE_SCHEM, pkc.relname AS PKTABLE_NAME, pka.attname AS PKCOLUMN_NAME,
    fkn.nspname AS FKTABLE_SCHEM, fkc.relname AS FKTABLE_NAME, fka.attname AS FKCOLUMN_NAME, pos.n AS KEY_SEQ,
    CASE con.confupdtype WHEN 'c' THEN 0 WHEN 'n' THEN 2 WHEN 'd' THEN 4 WHEN 'r' THEN 1 WHEN 'p' THEN 1 WHEN 'a' THEN 3 ELSE NULL END AS UPDATE_RULE,
    CASE con.confdeltype WHEN 'c' THEN 0 WHEN 'n' THEN 2 WHEN 'd' THEN 4 WHEN 'r' THEN 1 WHEN 'p' THEN 1 WHEN 'a' THEN 3 ELSE NULL END AS DELETE_RULE,
    con.conname AS FK_NAME, pkic.relname AS PK_NAME,
    CASE WHEN con.condeferrable AND con.condeferred THEN 5 WHEN con.condeferrable THEN 6 ELSE 7 END AS DEFERRABILITY
FROM pg_catalog.pg_namespace pkn, pg_catalog.pg_class pkc, pg_catalog.pg_attribute pka, pg_catalog.pg_namespace fkn, pg_catalog.pg_class fkc,
    pg_catalog.pg_attribute fka, pg_catalog.pg_constraint con, pg_catalog.generate_series(1, 32) pos(n), pg_catalog.pg_class pkic
WHERE pkn.oid = pkc.relnamespace AND pkc.oid = pka.attrelid AND pka.attnum = con.confkey[pos.n] AND con.confrelid = pkc.oid
    AND fkn.oid = fkc.relnamespace AND fkc.oid = fka.attrelid AND fka.attnum = con.conkey[pos.n] AND con.conrelid = fkc.oid
    AND con.contype = 'f' AND (pkic.relkind = 'i' OR pkic.relkind = 'I') AND pkic.oid = con.conindid AND fkn.nspname = 'shop' AND fkc.relname = 'orders'
ORDER BY pkn.nspname, pkc.relname, con.conname, pos.n

-- whether a table can be read
SELECT TRUE AS "_" FROM "shop"."orders" WHERE 1 <> 1 LIMIT 0

-- how large texts of documents are
SELECT "shop"."customer"."profile" AS "profile" FROM "shop"."customer" WHERE LENGTH(CAST("shop"."customer"."profile" AS TEXT)) < 10000 ORDER BY "shop"."customer"."id" LIMIT 10

-- a field of a document
-- $1 varchar plan
-- $2 varchar age
SELECT ("shop"."customer"."profile"#>> array[$1]::text[])::text AS "profile → plan", ("shop"."customer"."profile"#>> array[$2]::text[])::bigint AS "profile → age" FROM "shop"."customer" ORDER BY "shop"."customer"."id" ASC

-- values of a column, to tell what it is
SELECT SUBSTRING("source"."note" FROM 1 FOR 1234) AS "substring1" FROM (SELECT "shop"."orders"."note" AS "note" FROM "shop"."orders") AS "source" LIMIT 10000

-- how many there are
SELECT COUNT(*) AS "count" FROM "shop"."orders"

-- months
SELECT DATE_TRUNC('month', "shop"."orders"."placed") AS "placed", SUM("shop"."orders"."amount") AS "sum" FROM "shop"."orders" GROUP BY DATE_TRUNC('month', "shop"."orders"."placed") ORDER BY DATE_TRUNC('month', "shop"."orders"."placed") ASC

-- weeks that begin on Sunday
SELECT (DATE_TRUNC('week', ("shop"."orders"."placed" + INTERVAL '1 day')) + INTERVAL '-1 day') AS "placed", COUNT(*) AS "count"
FROM "shop"."orders"
GROUP BY (DATE_TRUNC('week', ("shop"."orders"."placed" + INTERVAL '1 day')) + INTERVAL '-1 day')
ORDER BY (DATE_TRUNC('week', ("shop"."orders"."placed" + INTERVAL '1 day')) + INTERVAL '-1 day') ASC

-- days and weeks of dates
SELECT CAST("shop"."orders"."placed" AS date) AS "day", CAST(DATE_TRUNC('quarter', "shop"."orders"."due") AS date) AS "quarter" FROM "shop"."orders" ORDER BY "shop"."orders"."id" ASC LIMIT 1048575

-- parts of moments
SELECT CAST(EXTRACT(hour FROM "shop"."orders"."placed") AS integer) AS "hour", ((CAST(EXTRACT(dow FROM "shop"."orders"."placed") AS integer) + 1 + 6) % 7) AS "dow",
    CAST(EXTRACT(doy FROM "shop"."orders"."placed") AS integer) AS "doy", CAST(CEIL(CAST(EXTRACT(doy FROM "shop"."orders"."placed") AS integer) / 7.0) AS integer) AS "week"
FROM "shop"."orders" ORDER BY "shop"."orders"."id"

-- the last thirty days from a moment
-- $1 timestamptz 2026-02-01 00:00:00+00
SELECT COUNT(*) AS "count" FROM "shop"."orders" WHERE ("shop"."orders"."placed" >= CAST((CAST(NOW() AS timestamp) + INTERVAL '-10 year') AS date)) AND "shop"."orders"."shipped" >= $1 AND "shop"."orders"."shipped" < (CAST($1 AS timestamptz) + INTERVAL '30 day')

-- in another time zone
SELECT TIMEZONE('Europe/Berlin', "shop"."orders"."shipped") AS "shipped", TIMEZONE('America/New_York', TIMEZONE('UTC', "shop"."orders"."placed")) AS "placed" FROM "shop"."orders" ORDER BY "shop"."orders"."id"

-- differences of moments
SELECT CAST(EXTRACT(year FROM AGE(DATE_TRUNC('day', "placed"), DATE_TRUNC('day', CAST(TIMESTAMP '2020-05-31' AS timestamp)))) AS integer) AS "years",
    (CAST("placed" AS DATE) - CAST("due" AS DATE)) AS "days", CAST(TRUNC((EXTRACT(epoch FROM "placed") - EXTRACT(epoch FROM CAST("due" AS timestamp)))) AS integer) / 3600 AS "hours"
FROM "shop"."orders" ORDER BY "id"

-- the median, and other measures
SELECT PERCENTILE_CONT(0.5) within group (order by "shop"."orders"."amount") AS "median", COUNT(distinct "shop"."orders"."customer") AS "count", STDDEV_POP("shop"."orders"."amount") AS "stddev",
    SUM(CASE WHEN "shop"."orders"."quantity" > 1 THEN 1 ELSE 0.0 END) AS "count-where", AVG(CAST("shop"."orders"."amount" AS DOUBLE PRECISION) / NULLIF(CAST("shop"."orders"."quantity" AS DOUBLE PRECISION), 0.0)) AS "share"
FROM "shop"."orders"

-- a running sum
SELECT "source"."placed" AS "placed", SUM(SUM("source"."amount")) OVER (ORDER BY DATE_TRUNC('month', "source"."placed") ASC ROWS UNBOUNDED PRECEDING) AS "sum"
FROM (SELECT DATE_TRUNC('month', "shop"."orders"."placed") AS "placed", "shop"."orders"."amount" AS "amount" FROM "shop"."orders") AS "source"
GROUP BY "source"."placed", DATE_TRUNC('month', "source"."placed")
ORDER BY DATE_TRUNC('month', "source"."placed") ASC

-- bins
SELECT (FLOOR((("shop"."orders"."amount" - 0.0) / 50.0)) * 50.0) + 0.0 AS "amount", COUNT(*) AS "count" FROM "shop"."orders" GROUP BY (FLOOR((("shop"."orders"."amount" - 0.0) / 50.0)) * 50.0) + 0.0 ORDER BY (FLOOR((("shop"."orders"."amount" - 0.0) / 50.0)) * 50.0) + 0.0 ASC

-- a joined table, a filter of texts
-- $1 varchar %ann%
-- $2 varchar DE
SELECT "shop"."orders"."id" AS "id", "Customer"."name" AS "Customer__name" FROM "shop"."orders" LEFT JOIN "shop"."customer" AS "Customer" ON "shop"."orders"."customer" = "Customer"."id"
WHERE (LOWER("Customer"."name") LIKE $1) AND ("Customer"."country" = $2 OR "Customer"."country" IS NULL) ORDER BY "shop"."orders"."id" ASC LIMIT 2000

-- an enum's value
-- $1 varchar paid
SELECT "shop"."orders"."id" AS "id", "shop"."orders"."status" AS "status" FROM "shop"."orders" WHERE "shop"."orders"."status" = CAST($1 AS "shop"."status") ORDER BY "shop"."orders"."id"

-- texts by patterns
-- $1 varchar @.*
SELECT substring("shop"."customer"."email" FROM $1) AS "domain", SPLIT_PART("shop"."customer"."name", 'n', 1) AS "part", CONCAT("shop"."customer"."name", ' ', "shop"."customer"."country") AS "both" FROM "shop"."customer" ORDER BY "shop"."customer"."id"

-- moments of numbers and texts
SELECT TO_TIMESTAMP("public"."event"."epoch") AS "epoch", TO_TIMESTAMP('20260228103000', 'YYYYMMDDHH24MISS') AS "text", MAKE_TIME(EXTRACT(hour FROM TIME '10:20:30')::integer, 0, 0.0) AS "time" FROM "public"."event" ORDER BY "public"."event"."at"

-- what is written is refused while one only reads
DELETE FROM "shop"."orders" WHERE "shop"."orders"."id" = 1

-- which ends
SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE

-- a model is kept in a schema of its own
CREATE SCHEMA IF NOT EXISTS "metabase_cache_1"

-- as a table
CREATE TABLE "metabase_cache_1"."model_1" AS SELECT "id", "amount" FROM "shop"."orders"

-- which is looked for
SELECT TRUE FROM "metabase_cache_1"."model_1" LIMIT 1

-- and dropped
DROP TABLE IF EXISTS "metabase_cache_1"."model_1"

-- with its schema
DROP SCHEMA "metabase_cache_1"
