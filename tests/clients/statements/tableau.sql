-- the driver's settings at connect
-- plain
SET DateStyle = 'ISO';SET extra_float_digits = 2;select oid, typbasetype from pg_type where typname = 'lo'

-- the version, of which functions depend
-- hidden: version
SELECT version()

-- who is here
SELECT current_database(), current_user, CURRENT_SCHEMA()

-- tables through a cursor of the driver
-- plain
BEGIN;declare "SQL_CUR04645D10" cursor for select relname, nspname, relkind from pg_catalog.pg_class c, pg_catalog.pg_namespace n where relkind in ('r', 'v', 'm', 'f') and nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'pg_temp_1') and n.oid = relnamespace order by nspname, relname;fetch 2048 in "SQL_CUR04645D10"

-- the cursor is closed
-- plain
close "SQL_CUR04645D10";COMMIT

-- a cursor that outlives its transaction
-- plain
begin;declare "SQL_CUR0x7f8a" cursor with hold for SELECT "orders"."id" AS "id", "orders"."amount" AS "amount" FROM "shop"."orders" "orders" ORDER BY "orders"."id" ASC;fetch 2 in "SQL_CUR0x7f8a"

-- which is kept
COMMIT

-- and read on
fetch 2 in "SQL_CUR0x7f8a"

-- to its end
fetch 100 in "SQL_CUR0x7f8a"

-- and closed
close "SQL_CUR0x7f8a"

-- a table's columns, by its number
select n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules, c.relkind, c.oid,
    pg_get_expr(d.adbin, d.adrelid), case t.typtype when 'd' then t.typbasetype else 0 end, t.typtypmod, attidentity
from (((pg_catalog.pg_class c
    inner join pg_catalog.pg_namespace n on n.oid = c.relnamespace and c.oid = {shop.orders})
    inner join pg_catalog.pg_attribute a on (not a.attisdropped) and a.attnum > 0 and a.attrelid = c.oid)
    inner join pg_catalog.pg_type t on t.oid = a.atttypid)
    left outer join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum
order by n.nspname, c.relname, attnum

-- a table's columns, by its name, as a driver that knew of oids in rows asks
select n.nspname, c.relname, a.attname, c.relhasoids
from pg_catalog.pg_class c, pg_catalog.pg_namespace n, pg_catalog.pg_attribute a
where n.oid = c.relnamespace and a.attrelid = c.oid and c.relname = 'orders'

-- a table's primary key
select ta.attname, ia.attnum, ic.relname, n.nspname, tc.relname
from pg_catalog.pg_attribute ta, pg_catalog.pg_attribute ia, pg_catalog.pg_class tc, pg_catalog.pg_index i, pg_catalog.pg_namespace n, pg_catalog.pg_class ic
where tc.relname = 'product' AND n.nspname = 'shop' AND tc.oid = i.indrelid AND n.oid = tc.relnamespace AND i.indisprimary = 't'
    AND ia.attrelid = i.indexrelid AND ta.attrelid = i.indrelid AND ta.attnum = i.indkey[ia.attnum-1]
    AND (NOT ta.attisdropped) AND (NOT ia.attisdropped) AND ic.oid = i.indexrelid
order by ia.attnum

-- what a table refers to
select 'tributary'::name as "PKTABLE_CAT", n2.nspname as "PKTABLE_SCHEM", c2.relname as "PKTABLE_NAME", a2.attname as "PKCOLUMN_NAME",
    'tributary'::name as "FKTABLE_CAT", n1.nspname as "FKTABLE_SCHEM", c1.relname as "FKTABLE_NAME", a1.attname as "FKCOLUMN_NAME", i::int2 as "KEY_SEQ",
    case ref.confupdtype when 'c' then 0::int2 when 'n' then 2::int2 when 'd' then 4::int2 when 'r' then 1::int2 else 3::int2 end as "UPDATE_RULE",
    case ref.confdeltype when 'c' then 0::int2 when 'n' then 2::int2 when 'd' then 4::int2 when 'r' then 1::int2 else 3::int2 end as "DELETE_RULE",
    ref.conname as "FK_NAME", cn.conname as "PK_NAME",
    case when ref.condeferrable then case when ref.condeferred then 5::int2 else 6::int2 end else 7::int2 end as "DEFERRABLITY"
from ((((((( (select cn.oid, conrelid, conkey, confrelid, confkey,
         generate_series(array_lower(conkey, 1), array_upper(conkey, 1)) as i, confupdtype, confdeltype, conname, condeferrable, condeferred
      from pg_catalog.pg_constraint cn, pg_catalog.pg_class c, pg_catalog.pg_namespace n
      where contype = 'f' and conrelid = c.oid and relname = 'orders' and n.oid = c.relnamespace and n.nspname = 'shop') ref
    inner join pg_catalog.pg_class c1 on c1.oid = ref.conrelid)
    inner join pg_catalog.pg_namespace n1 on n1.oid = c1.relnamespace)
    inner join pg_catalog.pg_attribute a1 on a1.attrelid = c1.oid and a1.attnum = conkey[i])
    inner join pg_catalog.pg_class c2 on c2.oid = ref.confrelid)
    inner join pg_catalog.pg_namespace n2 on n2.oid = c2.relnamespace)
    inner join pg_catalog.pg_attribute a2 on a2.attrelid = c2.oid and a2.attnum = confkey[i])
    left outer join pg_catalog.pg_constraint cn on cn.conrelid = ref.confrelid and cn.contype = 'p')
order by ref.conname, ref.i

-- kinds of tables, by the Java driver
SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, c.relname AS TABLE_NAME,
    CASE n.nspname ~ '^pg_' OR n.nspname = 'information_schema'
    WHEN true THEN CASE
        WHEN n.nspname = 'pg_catalog' OR n.nspname = 'information_schema' THEN CASE c.relkind WHEN 'r' THEN 'SYSTEM TABLE' WHEN 'v' THEN 'SYSTEM VIEW' ELSE NULL END
        WHEN n.nspname = 'pg_toast' THEN CASE c.relkind WHEN 'r' THEN 'SYSTEM TOAST TABLE' ELSE NULL END
        ELSE CASE c.relkind WHEN 'r' THEN 'TEMPORARY TABLE' WHEN 'v' THEN 'TEMPORARY VIEW' ELSE NULL END END
    WHEN false THEN CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'v' THEN 'VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE NULL END
    ELSE NULL END AS TABLE_TYPE,
    d.description AS REMARKS, '' AS TYPE_CAT, '' AS TYPE_SCHEM, '' AS TYPE_NAME, '' AS SELF_REFERENCING_COL_NAME, '' AS REF_GENERATION
FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c
LEFT JOIN pg_catalog.pg_description d ON (c.oid = d.objoid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass)
WHERE c.relnamespace = n.oid AND (false OR (c.relkind = 'f') OR (c.relkind = 'm')
    OR (c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')
    OR (c.relkind = 'v' AND n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema'))
ORDER BY TABLE_SCHEM ASC, TABLE_NAME ASC

-- which columns of a result are generated or have no NULL
SELECT c.oid, a.attnum, a.attname, c.relname, n.nspname, a.attnotnull OR (t.typtype = 'd' AND t.typnotnull),
    a.attidentity != '' OR pg_catalog.pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval(%'
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON (c.relnamespace = n.oid)
JOIN pg_catalog.pg_attribute a ON (c.oid = a.attrelid)
JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid)
LEFT JOIN pg_catalog.pg_attrdef d ON (d.adrelid = a.attrelid AND d.adnum = a.attnum)
JOIN (SELECT {shop.orders} AS oid, 1 AS attnum UNION ALL SELECT {shop.orders}, 5 UNION ALL SELECT {shop.customer}, 1) vals ON (c.oid = vals.oid AND a.attnum = vals.attnum)

-- whether temporary tables can be made
CREATE LOCAL TEMPORARY TABLE "#Tableau_1_1_Connect_Check" ("COL" INTEGER) ON COMMIT PRESERVE ROWS

-- and filled
INSERT INTO "#Tableau_1_1_Connect_Check" ("COL") VALUES (1)

-- and dropped
DROP TABLE "#Tableau_1_1_Connect_Check"

-- whether a query can be kept in one
SELECT * INTO TEMPORARY TABLE "#Tableau_1_2_Connect_Check" FROM (SELECT 1 AS COL) AS CHECKTEMP LIMIT 1

-- what became of it
SELECT "COL" FROM (SELECT 1 AS "COL") AS "SUBQUERY" GROUP BY 1

-- and dropped as well
DROP TABLE "#Tableau_1_2_Connect_Check"

-- a table of groups that a user made, which is joined
-- plain
CREATE TEMPORARY TABLE "#Tableau_2_1_Group" ("country" VARCHAR(2), "Country (group)" TEXT) ON COMMIT PRESERVE ROWS;INSERT INTO "#Tableau_2_1_Group" VALUES ('DE', 'Europe'), ('FR', 'Europe'), ('US', 'America')

-- joined
SELECT "Group_1"."Country (group)" AS "Country (group)",
  '1'::double precision AS "avg:Calculation_5610825182816355:ok",
  SUM(1) AS "sum:Number of Records:ok"
FROM "shop"."customer" "customer"
  INNER JOIN "#Tableau_2_1_Group" "Group_1" ON ("customer"."country" = "Group_1"."country")
GROUP BY 1
ORDER BY 1 ASC NULLS FIRST

-- a total that is no row where there are none
SELECT SUM("orders"."amount") AS "sum:amount:ok", SUM(1) AS "cnt:orders:ok"
FROM "shop"."orders" "orders"
HAVING (COUNT(1) > 0)

-- no rows, no total
SELECT SUM("orders"."amount") AS "sum:amount:ok"
FROM "shop"."orders" "orders"
WHERE ("orders"."id" < 0)
HAVING (COUNT(1) > 0)

-- the ends of a range of values
SELECT MIN("orders"."quantity") AS "TEMP(none:quantity:qk lower)(1)", MAX("orders"."quantity") AS "TEMP(none:quantity:qk upper)(1)",
  CAST(MIN("orders"."placed") AS TIMESTAMP) AS "TEMP(attr:placed:qk lower)(2)"
FROM "shop"."orders" "orders"
HAVING (COUNT(1) > 0)

-- months, over a join
SELECT "customer"."country" AS "country",
  DATE_TRUNC( 'MONTH', CAST("orders"."placed" AS TIMESTAMP) ) AS "tmn:placed:ok",
  SUM("orders"."amount") AS "sum:amount:ok",
  AVG(CAST("orders"."amount" AS DOUBLE PRECISION)) AS "avg:amount:ok"
FROM "shop"."orders" "orders"
  INNER JOIN "shop"."customer" "customer" ON ("orders"."customer" = "customer"."id")
GROUP BY 1,
  2
ORDER BY 1 ASC NULLS FIRST, 2 ASC NULLS FIRST

-- quarters, and years as numbers
SELECT CAST(EXTRACT(YEAR FROM "orders"."placed") AS INTEGER) AS "yr:placed:ok",
  CAST(EXTRACT(QUARTER FROM "orders"."placed") AS INTEGER) AS "qr:placed:ok",
  CAST(EXTRACT(MONTH FROM "orders"."placed") AS INTEGER) AS "mn:placed:ok",
  COUNT(DISTINCT "orders"."customer") AS "ctd:customer:ok"
FROM "shop"."orders" "orders"
GROUP BY 1,
  2,
  3
ORDER BY 1 ASC NULLS FIRST, 2 ASC NULLS FIRST, 3 ASC NULLS FIRST

-- weeks that begin on Sunday
SELECT (DATE_TRUNC('DAY', CAST("orders"."placed" AS TIMESTAMP)) + (-EXTRACT(DOW FROM "orders"."placed") * INTERVAL '1 DAY')) AS "twk:placed:ok",
  SUM("orders"."quantity") AS "sum:quantity:ok"
FROM "shop"."orders" "orders"
GROUP BY 1
ORDER BY 1 ASC

-- the number of the week
SELECT CAST(FLOOR((7 + EXTRACT(DOY FROM "orders"."placed") - 1 + EXTRACT(DOW FROM DATE_TRUNC('YEAR', "orders"."placed"))) / 7) AS INTEGER) AS "wk:placed:ok",
  SUM(1) AS "sum:Number of Records:ok"
FROM "shop"."orders" "orders"
GROUP BY 1
ORDER BY 1 ASC

-- days between dates
SELECT "orders"."id" AS "id", ("orders"."due" - CAST("orders"."placed" AS DATE)) AS "Calculation_1",
  CAST(TRUNC(EXTRACT(EPOCH FROM "orders"."shipped") - EXTRACT(EPOCH FROM "orders"."placed" AT TIME ZONE 'UTC')) AS BIGINT) AS "Calculation_2",
  ("orders"."placed" + 2 * INTERVAL '1 MONTH') AS "Calculation_3"
FROM "shop"."orders" "orders"
ORDER BY 1

-- dates from parts and texts
SELECT TO_DATE('2026-02-28', 'YYYY-MM-DD') AS "a", CAST('2026-02-28 10:00:00' AS TIMESTAMP) AS "b", DATE '2026-02-28' + 1 AS "c",
  CAST(TO_TIMESTAMP(CAST(1772359260 AS BIGINT)) AS TIMESTAMP WITHOUT TIME ZONE) AS "d", TO_CHAR(TIMESTAMP '2026-02-28 10:00:00', 'FMMonth') AS "e", TO_CHAR(DATE '2026-02-28', 'Day') AS "f"

-- a filter of dates
SELECT "orders"."status" AS "status",
  SUM("orders"."amount") AS "sum:amount:ok"
FROM "shop"."orders" "orders"
WHERE (("orders"."placed" >= (TIMESTAMP '2026-01-01 00:00:00.000')) AND ("orders"."placed" <= (TIMESTAMP '2026-02-28 23:59:59.000')) AND (DATE_TRUNC('YEAR', CAST("orders"."placed" AS TIMESTAMP)) IN ((TIMESTAMP '2025-01-01 00:00:00.000'), (TIMESTAMP '2026-01-01 00:00:00.000'))))
GROUP BY 1
ORDER BY 1 ASC NULLS FIRST

-- groups of a user, by CASE
SELECT (CASE WHEN ("customer"."country" IN ('DE', 'FR')) THEN 'Europe' WHEN ("customer"."country" IN ('US')) THEN 'America' ELSE "customer"."country" END) AS "Country (group)",
  SUM(1) AS "cnt:customer:ok"
FROM "shop"."customer" "customer"
WHERE (CASE WHEN ("customer"."name" = 'Bob') THEN FALSE ELSE TRUE END)
GROUP BY 1
ORDER BY 1 ASC NULLS FIRST

-- the first by a measure, joined to all
SELECT "orders"."product" AS "product", SUM("orders"."amount") AS "sum:amount:ok"
FROM "shop"."orders" "orders"
  INNER JOIN (
  SELECT "orders"."product" AS "product",
    SUM("orders"."amount") AS "$__alias__0"
  FROM "shop"."orders" "orders"
  GROUP BY 1
  ORDER BY 2 DESC NULLS LAST
  LIMIT 2
) "t0" ON ("orders"."product" IS NOT DISTINCT FROM "t0"."product")
GROUP BY 1
ORDER BY 1

-- a level of detail
SELECT AVG("t0"."__measure__0") AS "avg:Calculation_3:ok"
FROM (
  SELECT "orders"."customer" AS "customer", SUM("orders"."amount") AS "__measure__0"
  FROM "shop"."orders" "orders"
  GROUP BY 1
) "t0"
HAVING (COUNT(1) > 0)

-- bins, and other numbers
SELECT FLOOR("orders"."amount" / 10) AS "amount (bin)", CAST(ROUND(CAST("orders"."discount" AS NUMERIC), 1) AS DOUBLE PRECISION) AS "rounded",
  LN(CASE WHEN "orders"."quantity" > 0 THEN "orders"."quantity" ELSE NULL END) AS "ln", POWER("orders"."quantity", 2) AS "power",
  SQRT(ABS("orders"."quantity")) AS "sqrt", CAST("orders"."amount" AS BIGINT) AS "whole", SIGN("orders"."amount" - 10) AS "sign"
FROM "shop"."orders" "orders"
ORDER BY "orders"."id"

-- texts
SELECT UPPER("customer"."name") AS "upper", LEFT("customer"."name", 2) AS "left", RIGHT("customer"."name", 2) AS "right", LENGTH("customer"."name") AS "length",
  SUBSTR("customer"."name", 2, 2) AS "mid", STRPOS("customer"."name", 'n') AS "find", REPLACE("customer"."name", 'n', 'm') AS "replace",
  SPLIT_PART("customer"."email", '@', 2) AS "split", (("customer"."name" || ' ') || "customer"."country") AS "joined",
  (STRPOS(CAST(LOWER("customer"."name") AS TEXT), CAST('o' AS TEXT)) > 0) AS "contains", ASCII("customer"."name") AS "ascii", LTRIM(' x') AS "ltrim"
FROM "shop"."customer" "customer"
ORDER BY "customer"."id"

-- spreads
SELECT STDDEV_SAMP("orders"."amount") AS "std", VAR_POP("orders"."amount") AS "varp", PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY "orders"."amount") AS "med",
  CORR("orders"."amount", "orders"."quantity") AS "corr", COVAR_POP("orders"."amount", "orders"."quantity") AS "covar", COUNT("orders"."amount") AS "cnt"
FROM "shop"."orders" "orders"
HAVING (COUNT(1) > 0)

-- a user's own query, for its columns
SELECT * FROM (
  SELECT o.id, o.amount, c.name FROM shop.orders o JOIN shop.customer c ON c.id = o.customer
) "Custom SQL Query" LIMIT 0

-- the origin of a query is told in a comment after it
SELECT "event"."sensor" AS "sensor", MIN("event"."reading") AS "min:reading:ok"
FROM "public"."event" "event"
GROUP BY 1
ORDER BY 1
/* { "tableau-query-origins": { "query-category": "Data" } } */

-- what there is of a user's functions for strings
SHOW lc_collate

-- a page of rows
SELECT "orders"."id" AS "id", "orders"."note" AS "note" FROM "shop"."orders" "orders" WHERE ((LOWER("orders"."note") LIKE '%gift%') OR ("orders"."note" IS NULL)) ORDER BY 1 LIMIT 100
