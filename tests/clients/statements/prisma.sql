-- the version
-- hidden: version
SELECT version()

-- whether the schema is there
-- $1 text shop
SELECT EXISTS(SELECT 1 FROM pg_namespace WHERE nspname = $1), version() IS NOT NULL, current_setting('server_version_num')::integer >= 150000 as numeric_version

-- the search path of the connection
SET search_path = "shop"

-- a lock of migrations
SELECT pg_advisory_lock(72707369)

-- which is given back
SELECT pg_advisory_unlock(72707369)

-- schemas
-- $1 text[] {"shop"}
SELECT namespace.nspname as namespace_name FROM pg_namespace as namespace WHERE namespace.nspname = ANY ( $1 ) ORDER BY namespace_name

-- tables
-- $1 text[] {"shop","public"}
SELECT tbl.relname AS table_name, namespace.nspname as namespace, (tbl.relhassubclass and tbl.relkind = 'p') as is_partition, (tbl.relhassubclass and tbl.relkind = 'r') as has_subclass, tbl.relkind = 'f' as is_foreign_table,
    tbl.relrowsecurity as has_row_level_security, reloptions, obj_description(tbl.oid, 'pg_class') as description
FROM pg_class AS tbl
INNER JOIN pg_namespace AS namespace ON namespace.oid = tbl.relnamespace
WHERE ((tbl.relkind = 'r' AND tbl.relispartition = 'f') OR tbl.relkind = 'p' OR tbl.relkind = 'f') AND namespace.nspname = ANY ( $1 )
ORDER BY namespace, table_name

-- checks
-- $1 text[] {"shop"}
SELECT schemainfo.nspname AS namespace, tableinfo.relname AS table_name, constr.conname AS constraint_name, constr.contype AS constraint_type, pg_get_constraintdef(constr.oid) AS constraint_definition, constr.condeferrable AS is_deferrable, constr.condeferred AS is_deferred
FROM pg_constraint constr
JOIN pg_class AS tableinfo ON tableinfo.oid = constr.conrelid
JOIN pg_namespace AS schemainfo ON schemainfo.oid = tableinfo.relnamespace
WHERE schemainfo.nspname = ANY ( $1 ) AND contype NOT IN ('p', 'u', 'f')
ORDER BY namespace, table_name, constr.contype, constraint_name

-- views
-- $1 text[] {"shop"}
SELECT views.viewname AS view_name, views.definition AS view_sql, views.schemaname AS namespace, obj_description(class.oid, 'pg_class') AS description
FROM pg_catalog.pg_views views
INNER JOIN pg_catalog.pg_namespace ns ON views.schemaname = ns.nspname
INNER JOIN pg_catalog.pg_class class ON class.relnamespace = ns.oid AND class.relname = views.viewname
WHERE schemaname = ANY ( $1 )

-- enums
-- $1 text[] {"shop"}
SELECT t.typname as name, e.enumlabel as value, n.nspname as namespace, obj_description(t.oid, 'pg_type') as description
FROM pg_type t JOIN pg_enum e ON t.oid = e.enumtypid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname = ANY ( $1 )
ORDER BY e.enumsortorder

-- columns
-- $1 text[] {"shop"}
SELECT oid.namespace, info.table_name, info.column_name, format_type(att.atttypid, att.atttypmod) as formatted_type, info.numeric_precision, info.numeric_scale, info.numeric_precision_radix, info.datetime_precision, info.data_type,
    info.udt_schema as type_schema_name, info.udt_name as full_data_type, pg_get_expr(attdef.adbin, attdef.adrelid) AS column_default, info.is_nullable, info.is_identity, info.character_maximum_length, col_description(att.attrelid, ordinal_position) AS description
FROM information_schema.columns info
JOIN pg_attribute att ON att.attname = info.column_name
JOIN (SELECT pg_class.oid, relname, pg_namespace.nspname as namespace FROM pg_class JOIN pg_namespace on pg_namespace.oid = pg_class.relnamespace AND pg_namespace.nspname = ANY ( $1 ) WHERE reltype > 0) as oid
    on oid.oid = att.attrelid AND relname = info.table_name AND namespace = info.table_schema
LEFT JOIN pg_attrdef attdef ON attdef.adrelid = att.attrelid AND attdef.adnum = att.attnum AND table_schema = namespace
WHERE table_schema = ANY ( $1 )
ORDER BY namespace, table_name, ordinal_position

-- keys of other tables
-- $1 text[] {"shop"}
-- hidden: con_id
SELECT con.oid AS "con_id", att2.attname AS "child_column", cl.relname AS "parent_table", att.attname AS "parent_column", con.confdeltype, con.confupdtype, rel_ns.nspname AS "referenced_schema_name", conname AS constraint_name, child, parent, table_name, namespace, condeferrable, condeferred
FROM (SELECT ns.nspname AS "namespace", unnest(con1.conkey) AS "parent", unnest(con1.confkey) AS "child", cl.relname AS table_name, ns.nspname AS schema_name, generate_subscripts(con1.conkey, 1) AS colidx, con1.oid, con1.confrelid, con1.conrelid, con1.conname, con1.confdeltype, con1.confupdtype, con1.condeferrable, con1.condeferred
    FROM pg_class cl JOIN pg_constraint con1 ON con1.conrelid = cl.oid JOIN pg_namespace ns on cl.relnamespace = ns.oid
    WHERE ns.nspname = ANY ( $1 ) AND con1.contype = 'f'
    ORDER BY colidx) con
JOIN pg_attribute att on att.attrelid = con.confrelid and att.attnum = con.child
JOIN pg_class cl on cl.oid = con.confrelid
JOIN pg_attribute att2 on att2.attrelid = con.conrelid and att2.attnum = con.parent
JOIN pg_class rel_cl on con.confrelid = rel_cl.oid
JOIN pg_namespace rel_ns on rel_cl.relnamespace = rel_ns.oid
ORDER BY namespace, table_name, constraint_name, con.colidx

-- indexes
-- $1 text[] {"shop"}
WITH rawindex AS (
    SELECT indrelid, indexrelid, indisunique, indisprimary, unnest(indkey) AS indkeyid, generate_subscripts(indkey, 1) AS indkeyidx, unnest(indclass) AS indclass, unnest(indoption) AS indoption
    FROM pg_index -- of partial ones nothing is known
    WHERE indpred IS NULL AND NOT indisexclusion
)
SELECT schemainfo.nspname AS namespace, indexinfo.relname AS index_name, tableinfo.relname AS table_name, columninfo.attname AS column_name, rawindex.indisunique AS is_unique, rawindex.indisprimary AS is_primary_key, rawindex.indkeyidx AS column_index,
    opclass.opcname AS opclass, opclass.opcdefault AS opcdefault, indexaccess.amname AS index_algo, CASE rawindex.indoption & 1 WHEN 1 THEN 'DESC' ELSE 'ASC' END AS column_order, CASE rawindex.indoption & 2 WHEN 2 THEN true ELSE false END AS nulls_first,
    pc.condeferrable AS condeferrable, pc.condeferred AS condeferred
FROM rawindex
INNER JOIN pg_class AS tableinfo ON tableinfo.oid = rawindex.indrelid
INNER JOIN pg_class AS indexinfo ON indexinfo.oid = rawindex.indexrelid
INNER JOIN pg_namespace AS schemainfo ON schemainfo.oid = tableinfo.relnamespace
LEFT JOIN pg_attribute AS columninfo ON columninfo.attrelid = tableinfo.oid AND columninfo.attnum = rawindex.indkeyid
INNER JOIN pg_am AS indexaccess ON indexaccess.oid = indexinfo.relam
LEFT JOIN pg_opclass AS opclass ON opclass.oid = rawindex.indclass
LEFT JOIN pg_constraint pc ON rawindex.indexrelid = pc.conindid AND pc.contype <> 'f'
WHERE schemainfo.nspname = ANY ( $1 )
ORDER BY namespace, table_name, index_name, column_index

-- sequences
-- $1 text[] {"shop"}
SELECT sequencename AS sequence_name, schemaname AS namespace, start_value, min_value, max_value, increment_by, cycle, cache_size FROM pg_sequences WHERE schemaname = ANY ( $1 ) ORDER BY sequence_name

-- functions
-- $1 text[] {"shop"}
SELECT p.proname AS name, n.nspname as namespace, CASE WHEN l.lanname = 'internal' THEN p.prosrc ELSE pg_get_functiondef(p.oid) END as definition
FROM pg_proc p LEFT JOIN pg_namespace n ON p.pronamespace = n.oid LEFT JOIN pg_language l ON p.prolang = l.oid
WHERE n.nspname = ANY ( $1 )

-- extensions
SELECT ext.extname AS extension_name, ext.extversion AS extension_version, ext.extrelocatable AS extension_relocatable, pn.nspname AS extension_schema FROM pg_extension ext INNER JOIN pg_namespace pn ON ext.extnamespace = pn.oid WHERE ext.extname <> 'plpgsql' ORDER BY ext.extname ASC

-- what a type is, by its number, as the driver in Rust asks
-- $1 oid 25
SELECT t.typname, t.typtype, t.typelem, r.rngsubtype, t.typbasetype, n.nspname, t.typrelid
FROM pg_catalog.pg_type t LEFT OUTER JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid INNER JOIN pg_catalog.pg_namespace n ON t.typnamespace = n.oid
WHERE t.oid = $1

-- labels of an enum, as the driver in Rust asks
SELECT enumlabel FROM pg_catalog.pg_enum WHERE enumtypid = 'shop.status'::regtype ORDER BY enumsortorder

-- a table of migrations
CREATE TEMPORARY TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)

-- which is read
SELECT "id", "checksum", "finished_at", "migration_name", "logs", "rolled_back_at", "started_at", "applied_steps_count" FROM "_prisma_migrations" ORDER BY "started_at" ASC

-- many of a model
-- $1 text DE
-- $2 int8 10
-- $3 int8 0
SELECT "shop"."customer"."id", "shop"."customer"."name", "shop"."customer"."email" FROM "shop"."customer" WHERE ("shop"."customer"."country" = $1 AND "shop"."customer"."name" ILIKE '%a%') ORDER BY "shop"."customer"."id" ASC LIMIT $2 OFFSET $3

-- with what belongs to them, by one query more
-- $1 int8 1
-- $2 int8 2
-- $3 int8 0
SELECT "shop"."orders"."id", "shop"."orders"."amount", "shop"."orders"."status"::text, "shop"."orders"."customer" FROM "shop"."orders" WHERE "shop"."orders"."customer" IN ($1,$2) ORDER BY "shop"."orders"."id" OFFSET $3

-- with what belongs to them, by a join
SELECT "t0"."id", "t0"."name", "customer_orders"."__prisma_data__" AS "orders"
FROM "shop"."customer" AS "t0"
LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__" ORDER BY "id"), '[]') AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__", "t3"."id" FROM (SELECT JSONB_BUILD_OBJECT('id', "t2"."id", 'amount', "t2"."amount") AS "__prisma_data__", "t2"."id" FROM (SELECT "t1".* FROM "shop"."orders" AS "t1" WHERE "t0"."id" = "t1"."customer" /* root select */) AS "t2" /* inner select */) AS "t3" /* middle select */) AS "t4" /* outer select */) AS "customer_orders" ON TRUE
ORDER BY "t0"."id" ASC

-- counts
SELECT COUNT(*), COUNT("email"), SUM("id"), AVG("id"), MIN("since"), MAX("since") FROM (SELECT "shop"."customer"."id", "shop"."customer"."email", "shop"."customer"."since" FROM "shop"."customer" WHERE 1=1 OFFSET 0) AS "sub"

-- a transaction
BEGIN

-- puts in or changes
-- $1 text D-4
-- $2 text Desk
-- $3 numeric 99.5
INSERT INTO "shop"."product" ("sku","Name","price") VALUES ($1,$2,$3) ON CONFLICT ("sku") DO UPDATE SET "price" = $3 WHERE ("shop"."product"."sku" = $1 AND 1=1) RETURNING "shop"."product"."sku", "shop"."product"."price"

-- changes by an operation
-- $1 numeric 0.5
-- $2 text D-4
UPDATE "shop"."product" SET "price" = ("shop"."product"."price" + $1) WHERE ("shop"."product"."sku" = $2 AND 1=1) RETURNING "shop"."product"."price"

-- breaks a key
INSERT INTO "shop"."product" ("sku","Name","price") VALUES ('A-1','Again',1)

-- and goes back
ROLLBACK

-- the connection is made new for the pool
DEALLOCATE ALL
