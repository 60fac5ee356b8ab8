-- the driver's settings at connect
SET extra_float_digits = 3

-- the check of a connection
SELECT 1

-- whether there is logical decoding
SELECT setting FROM pg_settings WHERE name = 'wal_level' AND false

-- slots of replication
-- $1 varchar airbyte_slot
-- $2 varchar pgoutput
-- $3 varchar tributary
SELECT * FROM pg_replication_slots WHERE slot_name = $1 AND plugin = $2 AND database = $3

-- publications
-- $1 varchar airbyte_publication
SELECT * FROM pg_publication WHERE pubname = $1

-- tables of publications
SELECT DISTINCT pubname, schemaname, tablename FROM pg_publication_tables WHERE pubname = 'airbyte_publication'

-- tables that may be read
-- $1 varchar tributary
-- $2 varchar tributary
-- $3 varchar tributary
SELECT nspname as table_schema, relname as table_name
FROM pg_class c JOIN pg_namespace n on c.relnamespace = n.oid JOIN pg_roles r on r.rolname = $1
WHERE n.nspname not in ('pg_catalog', 'information_schema', 'pg_internal', 'catalog_history', 'pg_toast') AND relkind in ('r', 'm', 'v', 't', 'f', 'p')
    AND (r.rolsuper OR has_table_privilege($2, c.oid, 'SELECT'))
    AND n.nspname = 'shop'
UNION
SELECT table_schema, table_name FROM information_schema.role_table_grants WHERE privilege_type = 'SELECT' AND grantee = $3 AND table_schema = 'shop'
ORDER BY 1, 2

-- tables that others may read
SELECT DISTINCT table_catalog, table_schema, table_name, privilege_type FROM information_schema.table_privileges WHERE grantee = 'reader' AND privilege_type = 'SELECT' UNION ALL SELECT r.datname AS table_catalog, n.nspname AS table_schema, c.relname AS table_name, 'SELECT' AS privilege_type
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_database r ON r.datname = current_database() WHERE has_table_privilege('reader', c.oid, 'SELECT') AND relkind = 'm' AND n.nspname = 'shop'

-- columns, by the Java driver
SELECT * FROM (SELECT current_database() AS current_database, n.nspname,c.relname,a.attname,a.atttypid,a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) AS attnotnull,a.atttypmod,a.attlen,t.typtypmod,row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS attnum, nullif(a.attidentity, '') as attidentity,nullif(a.attgenerated, '') as attgenerated,pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS adsrc,dsc.description,t.typbasetype,t.typtype
FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON (c.relnamespace = n.oid) JOIN pg_catalog.pg_attribute a ON (a.attrelid=c.oid) JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid) LEFT JOIN pg_catalog.pg_attrdef def ON (a.attrelid=def.adrelid AND a.attnum = def.adnum)
LEFT JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid) LEFT JOIN pg_catalog.pg_class dc ON (dc.oid=dsc.classoid AND dc.relname='pg_class') LEFT JOIN pg_catalog.pg_namespace dn ON (dc.relnamespace=dn.oid AND dn.nspname='pg_catalog')
WHERE c.relkind in ('r','p','v','f','m') and a.attnum > 0 AND NOT a.attisdropped AND n.nspname LIKE 'shop') c WHERE true
ORDER BY nspname,c.relname,attnum

-- how files of tables are named
-- hidden: pg_relation_filenode
SELECT pg_relation_filenode('"shop"."orders"')

-- what vacuums everything is
-- hidden: result
WITH FILENODES AS (SELECT relname, relfilenode, oid FROM pg_class WHERE oid = '"shop"."orders"'::regclass) SELECT relname, relfilenode > 0 AS result FROM FILENODES

-- how large a table is
-- hidden: pg_relation_size, max_row_bytes
SELECT pg_relation_size('"shop"."orders"'), (SELECT CASE WHEN block_sizes.block_size > 0 THEN block_sizes.block_size END FROM (SELECT current_setting('block_size')::int AS block_size) AS block_sizes) AS max_row_bytes

-- the greatest value of a cursor
-- $1 timestamp 2026-02-15 12:34:56.789
SELECT (EXISTS (SELECT FROM "shop"."orders" WHERE "placed" IS NULL LIMIT 1)) AS with_null, COUNT(*) FROM "shop"."orders" WHERE "placed" <= $1

-- rows of a cursor at its greatest
SELECT MAX("placed"), COUNT(CASE WHEN "placed" = (SELECT MAX("placed") FROM "shop"."orders") THEN 1 END) FROM "shop"."orders"

-- rows since the cursor
-- $1 timestamp 2026-02-01 00:00:00
SELECT "id","customer","product","quantity","amount","discount","status","placed","shipped","due","note" FROM "shop"."orders" WHERE "placed" > $1 ORDER BY "placed" ASC

-- all rows
SELECT "id","name","email","country","since","vip","profile","tags" FROM "shop"."customer"

-- rows by where they stand, which is told of no row here
SELECT ctid::text IS NOT NULL AS known, "id" FROM "shop"."orders" WHERE ctid > '(0,0)'::tid AND ctid <= ARRAY_TO_STRING(ARRAY['(131072,0)'], ',')::tid ORDER BY "id"

-- a table of the destination
-- plain
CREATE SCHEMA IF NOT EXISTS "airbyte_internal";CREATE TABLE IF NOT EXISTS "airbyte_internal"."shop_raw_orders" ("_airbyte_raw_id" VARCHAR(36) PRIMARY KEY, "_airbyte_data" JSONB, "_airbyte_extracted_at" TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP, "_airbyte_loaded_at" TIMESTAMP WITH TIME ZONE DEFAULT NULL, "_airbyte_meta" JSONB)

-- rows come
-- $1 text {"id": 1, "name": "Ann", "amount": "5.00"}
INSERT INTO "airbyte_internal"."shop_raw_orders" ("_airbyte_raw_id", "_airbyte_data", "_airbyte_extracted_at", "_airbyte_loaded_at", "_airbyte_meta") VALUES (gen_random_uuid()::varchar, ($1)::jsonb, '2026-04-01T00:00:00Z'::timestamptz, NULL, '{"changes": []}'::jsonb)

-- and are typed
SELECT CAST("_airbyte_data" ->> 'id' AS BIGINT) AS "id", CASE WHEN JSONB_TYPEOF("_airbyte_data" -> 'name') <> 'string' THEN NULL ELSE "_airbyte_data" ->> 'name' END AS "name",
    CAST(("_airbyte_data" ->> 'amount') AS DECIMAL(38, 9)) AS "amount", ROW_NUMBER() OVER (PARTITION BY "_airbyte_data" ->> 'id' ORDER BY "_airbyte_extracted_at" DESC NULLS LAST) AS "row_number"
FROM "airbyte_internal"."shop_raw_orders" WHERE "_airbyte_loaded_at" IS NULL OR "_airbyte_extracted_at" > '2026-03-01T00:00:00Z'::timestamptz

-- and are told to be loaded
UPDATE "airbyte_internal"."shop_raw_orders" SET "_airbyte_loaded_at" = now() WHERE "_airbyte_loaded_at" IS NULL

-- columns of the destination
-- $1 varchar tributary
SELECT table_schema, table_name, column_name, column_default, is_nullable, data_type, udt_name FROM information_schema.columns WHERE table_catalog = $1 AND table_schema = 'airbyte_internal' ORDER BY ordinal_position

-- and all is dropped
DROP SCHEMA "airbyte_internal" CASCADE
