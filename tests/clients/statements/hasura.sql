-- the version
-- hidden: server_version
SHOW server_version

-- its number
SELECT current_setting('server_version_num')::int >= 130000 AS known

-- a transaction that reads
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY

-- the transaction ends
COMMIT

-- relations that are tracked, and whether they can be written
-- $1 text [{"schema": "shop", "name": "orders"}, {"schema": "shop", "name": "customer"}, {"schema": "shop", "name": "paid"}, {"schema": "shop", "name": "countries"}]
SELECT wanted."schema", wanted."name", rel.oid :: integer > 0 AS known, note.description,
    CASE WHEN rel.relkind IN ('v', 'm') THEN jsonb_build_object(
        'is_updatable', (pg_catalog.pg_relation_is_updatable(rel.oid, true) & 4) = 4,
        'is_insertable', (pg_catalog.pg_relation_is_updatable(rel.oid, true) & 8) = 8,
        'is_deletable', (pg_catalog.pg_relation_is_updatable(rel.oid, true) & 16) = 16) END AS view_info
FROM jsonb_to_recordset($1::jsonb) AS wanted("schema" text, "name" text)
LEFT JOIN (SELECT c.oid, c.relkind, c.relname, s.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace) rel
    ON rel.relname = wanted."name" AND rel.nspname = wanted."schema"
LEFT JOIN pg_catalog.pg_description note ON note.classoid = 'pg_catalog.pg_class'::regclass AND note.objoid = rel.oid AND note.objsubid = 0
WHERE rel.relkind IN ('r', 't', 'v', 'm', 'f', 'p') AND rel.nspname NOT LIKE 'pg_%' AND rel.nspname NOT IN ('information_schema', 'hdb_catalog', 'hdb_lib', '_timescaledb_internal')
ORDER BY 1, 2

-- columns of each as a document
SELECT rel.relname, coalesce(columns.info, '[]') AS info
FROM pg_catalog.pg_class rel
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('name', att.attname, 'position', att.attnum, 'is_nullable', NOT att.attnotnull,
        'type', json_build_object('name', coalesce(base.typname, typ.typname), 'type', typ.typtype),
        'description', pg_catalog.col_description(rel.oid, att.attnum),
        'mutability', jsonb_build_object('is_insertable', NOT (kind.generated = 'a'), 'is_updatable', NOT (kind.generated = 'a'))) ORDER BY att.attnum) AS info
    FROM pg_catalog.pg_attribute att
    INNER JOIN (SELECT attrelid, attnum, CASE WHEN is_there THEN attidentity::text ELSE ''::text END AS generated
        FROM pg_catalog.pg_attribute CROSS JOIN (SELECT current_setting('server_version_num')::int >= 100000) AS asked(is_there)) AS kind
        ON kind.attrelid = att.attrelid AND kind.attnum = att.attnum
    LEFT JOIN pg_catalog.pg_type typ ON typ.oid = att.atttypid
    LEFT JOIN pg_catalog.pg_type base ON typ.typtype = 'd' AND base.oid = typ.typbasetype
    WHERE att.attrelid = rel.oid AND att.attnum > 0 AND NOT att.attisdropped) columns ON true
WHERE rel.relnamespace = {shop} AND rel.relkind IN ('r', 'v', 'm')
ORDER BY 1

-- keys of each as a document
SELECT rel.relname, keys.info AS primary_key, coalesce(uniques.info, '[]') AS unique_constraints
FROM pg_catalog.pg_class rel
LEFT JOIN LATERAL (SELECT jsonb_build_object('constraint', jsonb_build_object('name', con.relname), 'columns', coalesce(named.info, '[]')) AS info
    FROM pg_catalog.pg_index idx JOIN pg_catalog.pg_class con ON con.oid = idx.indexrelid
    LEFT JOIN LATERAL (SELECT jsonb_agg(att.attname) AS info FROM pg_catalog.pg_attribute att WHERE att.attrelid = rel.oid AND att.attnum = ANY (idx.indkey)) AS named ON true
    WHERE idx.indrelid = rel.oid AND idx.indisprimary) keys ON true
LEFT JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('name', con.relname) ORDER BY con.relname) AS info
    FROM pg_catalog.pg_index idx JOIN pg_catalog.pg_class con ON con.oid = idx.indexrelid
    WHERE idx.indrelid = rel.oid AND idx.indisunique AND NOT idx.indisprimary) uniques ON true
WHERE rel.relnamespace = {shop} AND rel.relkind = 'r'
ORDER BY 1

-- keys of other tables as documents
SELECT keys.table_name, jsonb_agg(jsonb_build_object('constraint', keys.name, 'columns', keys.columns, 'foreign_table', keys.other, 'foreign_columns', keys.others) ORDER BY keys.name) AS info
FROM (SELECT pair.table_name :: text, pair.name :: text, min(pair.other) :: text AS other, json_agg(here.attname) AS columns, json_agg(there.attname) AS others
    FROM (SELECT r.conrelid, r.confrelid, ct.relname AS table_name, r.conname AS name, cft.relname AS other, UNNEST (r.conkey) AS number, UNNEST (r.confkey) AS other_number
        FROM pg_catalog.pg_constraint r JOIN pg_catalog.pg_class ct ON r.conrelid = ct.oid JOIN pg_catalog.pg_class cft ON r.confrelid = cft.oid
        WHERE r.contype = 'f') pair
    JOIN pg_catalog.pg_attribute here ON pair.number = here.attnum AND pair.conrelid = here.attrelid
    JOIN pg_catalog.pg_attribute there ON pair.other_number = there.attnum AND pair.confrelid = there.attrelid
    GROUP BY pair.table_name, pair.name) keys
GROUP BY keys.table_name

-- functions that are tracked
-- $1 text [{"schema": "shop", "name": "gross"}]
SELECT found.name, coalesce(json_agg(found.info), '[]') AS info
FROM jsonb_to_recordset($1::jsonb) AS wanted("schema" text, "name" text)
JOIN (SELECT f.proname::text AS name, s.nspname::text AS schema,
        json_build_object('has_variadic', (f.provariadic <> (0)::oid), 'returns_set', f.proretset, 'default_args', f.pronargdefaults, 'return_type', ret.typname,
            'function_type', CASE WHEN (f.provolatile = ('i')::"char") THEN 'IMMUTABLE' WHEN (f.provolatile = ('s')::"char") THEN 'STABLE' ELSE 'VOLATILE' END,
            'input_arg_types', coalesce((SELECT json_agg(json_build_object('name', arg.name, 'type', arg.type)) FROM (SELECT t.typname AS "name", t.typtype AS "type", given.ordinality
                FROM unnest(coalesce(f.proallargtypes, (f.proargtypes)::oid[])) WITH ORDINALITY given(oid, ordinality) LEFT JOIN pg_type t ON t.oid = given.oid ORDER BY given.ordinality ASC) arg), '[]'),
            'input_arg_names', to_json(coalesce(f.proargnames, array[]::text[]))) AS info
    FROM pg_proc f JOIN pg_namespace s ON s.oid = f.pronamespace JOIN pg_type ret ON ret.oid = f.prorettype
    WHERE (s.nspname)::text <> ALL (ARRAY['information_schema'::text]) AND NOT (EXISTS (SELECT 1 FROM pg_aggregate WHERE (pg_aggregate.aggfnoid)::oid = f.oid))) AS found
    ON found.name = wanted.name AND found.schema = wanted.schema
GROUP BY found.name

-- which types are scalars
SELECT coalesce(json_agg(typname ORDER BY typname), '[]') FROM pg_catalog.pg_type WHERE typtype = 'b' AND typcategory <> 'A' AND typname LIKE 'time%'

-- values of an enum
SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typname = 'status'

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
