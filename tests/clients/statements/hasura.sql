-- the version
-- hidden: server_version
SHOW server_version

-- its number
SELECT current_setting('server_version_num')::int >= 130000 AS known

-- a transaction that reads
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY

-- tables that are tracked, with all that is to know of them
-- $1 text [{"schema": "shop", "name": "orders"}, {"schema": "shop", "name": "customer"}, {"schema": "shop", "name": "paid"}, {"schema": "shop", "name": "countries"}]
-- hidden: numbers
-- in any order
SELECT "table".table_schema, "table".table_name, "table".oid :: integer AS numbers,
    jsonb_build_object(
        'columns', coalesce(columns.info, '[]'),
        'primary_key', primary_key.info,
        'unique_constraints', coalesce(unique_constraints.info, '[]'),
        'foreign_keys', coalesce(foreign_key_constraints.info, '[]'),
        'view_info', CASE WHEN "table".relkind IN ('v', 'm') THEN jsonb_build_object(
            'is_updatable', ((pg_catalog.pg_relation_is_updatable("table".oid, true) & 4) = 4),
            'is_insertable', ((pg_catalog.pg_relation_is_updatable("table".oid, true) & 8) = 8),
            'is_deletable', ((pg_catalog.pg_relation_is_updatable("table".oid, true) & 16) = 16)) END,
        'description', description.description,
        'extra_table_metadata', '[]'::json
    )::json AS info
FROM (SELECT "tracked"."name" AS "table_name", "tracked"."schema" AS "table_schema" FROM jsonb_to_recordset($1::jsonb) AS "tracked"("schema" text, "name" text)) "tracked_table"
LEFT JOIN (SELECT "table".oid, "table".relkind, "table".relname AS "table_name", "schema".nspname AS "table_schema"
    FROM pg_catalog.pg_class "table" JOIN pg_catalog.pg_namespace "schema" ON schema.oid = "table".relnamespace) "table"
    ON "table"."table_name" = "tracked_table"."table_name" AND "table"."table_schema" = "tracked_table"."table_schema"
LEFT JOIN pg_catalog.pg_description description ON description.classoid = 'pg_catalog.pg_class'::regclass AND description.objoid = "table".oid AND description.objsubid = 0
LEFT JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('name', "column".attname, 'position', "column".attnum,
        'type', json_build_object('name', coalesce(base_type.typname, "type".typname), 'type', "type".typtype), 'is_nullable', NOT "column".attnotnull,
        'description', pg_catalog.col_description("table".oid, "column".attnum),
        'mutability', jsonb_build_object('is_insertable', NOT (identity.attidentity = 'a'), 'is_updatable', NOT (identity.attidentity = 'a'))) ORDER BY "column".attnum) AS info
    FROM pg_catalog.pg_attribute "column"
    INNER JOIN (SELECT attrelid, attnum, attname, CASE WHEN attidentity_exists THEN attidentity::text ELSE ''::text END as attidentity
        FROM pg_catalog.pg_attribute CROSS JOIN (SELECT current_setting('server_version_num')::int >= 100000) AS attidentity(attidentity_exists)) AS identity
        ON identity.attrelid = "column".attrelid AND identity.attnum = "column".attnum AND identity.attname = "column".attname
    LEFT JOIN pg_catalog.pg_type "type" ON "type".oid = "column".atttypid
    LEFT JOIN pg_catalog.pg_type base_type ON "type".typtype = 'd' AND base_type.oid = "type".typbasetype
    WHERE "column".attrelid = "table".oid AND "column".attnum > 0 AND NOT "column".attisdropped) columns ON true
LEFT JOIN LATERAL (SELECT jsonb_build_object('constraint', jsonb_build_object('name', class.relname), 'columns', coalesce(columns.info, '[]')) AS info
    FROM pg_catalog.pg_index idx
    JOIN pg_catalog.pg_class class ON class.oid = idx.indexrelid
    LEFT JOIN LATERAL (SELECT jsonb_agg("column".attname) AS info FROM pg_catalog.pg_attribute "column" WHERE "column".attrelid = "table".oid AND "column".attnum = ANY (idx.indkey)) AS columns ON true
    WHERE idx.indrelid = "table".oid AND idx.indisprimary) primary_key ON true
LEFT JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('name', class.relname)) AS info
    FROM pg_catalog.pg_index idx JOIN pg_catalog.pg_class class ON class.oid = idx.indexrelid
    WHERE idx.indrelid = "table".oid AND idx.indisunique AND NOT idx.indisprimary) unique_constraints ON true
LEFT JOIN (SELECT jsonb_agg(jsonb_build_object('constraint', jsonb_build_object('name', foreign_key.constraint_name), 'columns', foreign_key.columns,
        'foreign_table', jsonb_build_object('schema', foreign_key.ref_table_table_schema, 'name', foreign_key.ref_table), 'foreign_columns', foreign_key.ref_columns) ORDER BY foreign_key.constraint_name) AS info,
        foreign_key.table_schema, foreign_key.table_name
    FROM (SELECT q.table_schema :: text, q.table_name :: text, q.constraint_name :: text, min(q.ref_table_table_schema) :: text as ref_table_table_schema, min(q.ref_table) :: text as ref_table, json_agg(ac.attname) as columns, json_agg(afc.attname) as ref_columns
        FROM (SELECT ctn.nspname AS table_schema, ct.relname AS table_name, r.conrelid AS table_id, r.conname as constraint_name, cftn.nspname AS ref_table_table_schema, cft.relname as ref_table, r.confrelid as ref_table_id, UNNEST (r.conkey) AS column_id, UNNEST (r.confkey) AS ref_column_id
            FROM pg_catalog.pg_constraint r
            JOIN pg_catalog.pg_class ct ON r.conrelid = ct.oid
            JOIN pg_catalog.pg_namespace ctn ON ct.relnamespace = ctn.oid
            JOIN pg_catalog.pg_class cft ON r.confrelid = cft.oid
            JOIN pg_catalog.pg_namespace cftn ON cft.relnamespace = cftn.oid
            WHERE r.contype = 'f') q
        JOIN pg_catalog.pg_attribute ac ON q.column_id = ac.attnum AND q.table_id = ac.attrelid
        JOIN pg_catalog.pg_attribute afc ON q.ref_column_id = afc.attnum AND q.ref_table_id = afc.attrelid
        GROUP BY q.table_schema, q.table_name, q.constraint_name) foreign_key
    GROUP BY foreign_key.table_schema, foreign_key.table_name) foreign_key_constraints
    ON "table".table_name = foreign_key_constraints.table_name AND "table".table_schema = foreign_key_constraints.table_schema
WHERE "table".relkind IN ('r', 't', 'v', 'm', 'f', 'p') AND "table".table_schema NOT LIKE 'pg_%' AND "table".table_schema NOT IN ('information_schema', 'hdb_catalog', 'hdb_lib', '_timescaledb_internal')

-- functions that are tracked
-- $1 text [{"schema": "shop", "name": "gross"}]
SELECT "pg_function".function_name, "pg_function".function_schema, coalesce(json_agg("pg_function".info), '[]') AS info
FROM jsonb_to_recordset($1::jsonb) AS tracked("schema" text, "name" text)
JOIN (SELECT p.proname::text AS function_name, pn.nspname::text AS function_schema,
        json_build_object('description', pd.description, 'has_variadic', (p.provariadic <> (0)::oid), 'function_type', CASE WHEN (p.provolatile = ('i')::"char") THEN 'IMMUTABLE' WHEN (p.provolatile = ('s')::"char") THEN 'STABLE' ELSE 'VOLATILE' END,
            'return_type_schema', rtn.nspname, 'return_type_name', rt.typname, 'return_type_type', rt.typtype, 'returns_set', p.proretset,
            'input_arg_types', coalesce((SELECT json_agg(json_build_object('schema', q.schema, 'name', q.name, 'type', q.type)) FROM (SELECT pt.typname AS "name", pns.nspname AS "schema", pt.typtype AS "type", pat.ordinality
                FROM unnest(coalesce(p.proallargtypes, (p.proargtypes)::oid[])) WITH ORDINALITY pat(oid, ordinality) LEFT JOIN pg_type pt ON pt.oid = pat.oid LEFT JOIN pg_namespace pns ON (pt.typnamespace = pns.oid) ORDER BY pat.ordinality ASC) q), '[]'),
            'input_arg_names', to_json(coalesce(p.proargnames, array[]::text[])), 'default_args', p.pronargdefaults) AS info
    FROM pg_proc p
    JOIN pg_namespace pn ON (pn.oid = p.pronamespace)
    JOIN pg_type rt ON (rt.oid = p.prorettype)
    JOIN pg_namespace rtn ON (rtn.oid = rt.typnamespace)
    LEFT JOIN pg_description pd ON p.oid = pd.objoid
    WHERE pn.nspname::text NOT LIKE 'pg_%' AND (pn.nspname)::text <> ALL (ARRAY['information_schema'::text]) AND NOT (EXISTS (SELECT 1 FROM pg_aggregate WHERE (pg_aggregate.aggfnoid)::oid = p.oid))) AS "pg_function"
    ON "pg_function".function_name = tracked.name AND "pg_function".function_schema = tracked.schema
GROUP BY "pg_function".function_name, "pg_function".function_schema

-- which types are scalars
SELECT coalesce(json_agg(typname ORDER BY typname), '[]') FROM pg_catalog.pg_type WHERE typtype = 'b' AND typcategory <> 'A' AND typname LIKE 'time%'

-- values of an enum
SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typname = 'status'

-- the transaction ends
COMMIT

-- a query of objects, with what belongs to them
SELECT coalesce(json_agg("root"), '[]') AS "root"
FROM (SELECT row_to_json((SELECT "_e" FROM (SELECT "_root.base"."id" AS "id", "_root.base"."name" AS "name", "_root.or.orders"."orders" AS "orders") AS "_e")) AS "root"
    FROM (SELECT * FROM "shop"."customer" WHERE ('true') ORDER BY "id" ASC) AS "_root.base"
    LEFT OUTER JOIN LATERAL (SELECT coalesce(json_agg("orders" ORDER BY "order_id"), '[]') AS "orders"
        FROM (SELECT "o"."id" AS "order_id", row_to_json((SELECT "_e" FROM (SELECT "o"."id" AS "id", "o"."amount" AS "amount", "o"."placed" AS "placed", "o"."status" AS "status") AS "_e")) AS "orders"
            FROM "shop"."orders" AS "o" WHERE ("_root.base"."id") = ("o"."customer")) AS "_orders") AS "_root.or.orders" ON ('true')) AS "_root"

-- an aggregate
SELECT json_build_object('aggregate', json_build_object('count', COUNT(*), 'sum', json_build_object('amount', sum("amount")))) AS "root" FROM "shop"."orders"

-- a query with values and variables of a session
-- $1 text {"x-hasura-user-id": "1"}
-- $2 int8 1
SELECT coalesce(json_agg(row_to_json("r")), '[]') FROM (SELECT "id", "name" FROM "shop"."customer" WHERE ("id" = (($1::json)->>'x-hasura-user-id')::bigint) AND "id" >= $2 ORDER BY "id") AS "r"

-- a mutation, in a transaction
BEGIN

-- that checks what it has written
-- $1 int8 1
-- $2 text 12.50
WITH "inserted" AS (INSERT INTO "shop"."orders" ("customer", "amount", "placed") VALUES ($1, ($2)::numeric, '2026-04-01'::timestamp) RETURNING *, CASE WHEN ('true') THEN NULL ELSE "shop"."gross"(1)::text END AS "check")
SELECT json_build_object('affected_rows', (SELECT COUNT(*) FROM "inserted"), 'returning', (SELECT json_agg(json_build_object('customer', "customer", 'amount', "amount", 'status', "status")) FROM "inserted"))

-- and is taken back
ROLLBACK

-- a query whose rows are followed, for many who ask at once
-- $1 text {00000000-0000-0000-0000-000000000001}
-- $2 text {"{\"query\": {}, \"session\": {\"id\": 2}}"}
SELECT "_subs"."result_id", "_fld_resp"."root" AS "result"
FROM UNNEST(($1)::uuid[], ($2)::json[]) AS "_subs" ("result_id", "result_vars")
LEFT OUTER JOIN LATERAL (SELECT json_build_object('orders', "_orders"."root") AS "root" FROM (SELECT coalesce(json_agg("o"."id" ORDER BY "o"."id"), '[]') AS "root" FROM "shop"."orders" AS "o" WHERE ("o"."customer") = ((("_subs"."result_vars"#>>ARRAY['session', 'id']))::bigint)) AS "_orders") AS "_fld_resp" ON ('true')
