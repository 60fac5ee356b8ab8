-- the version
-- hidden: current_setting, version
SELECT current_setting('server_version_num')::integer / 10000 AS major, current_setting('server_version'), version()

-- a transaction that reads
-- plain
BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY

-- the transaction ends
COMMIT

-- settings of a role in the database
-- $1 text[] {pgrst.db_schemas,pgrst.jwt_secret}
WITH role_setting AS (
    SELECT setdatabase as database, unnest(setconfig) as setting FROM pg_catalog.pg_db_role_setting
    WHERE setrole = quote_ident(CURRENT_USER)::regrole::oid AND setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = CURRENT_CATALOG))
),
kv_settings AS (SELECT database, substr(setting, 1, strpos(setting, '=') - 1) as k, substr(setting, strpos(setting, '=') + 1) as v FROM role_setting)
SELECT DISTINCT ON (key) replace(k, 'pgrst.', '') AS key, v AS value
FROM kv_settings
WHERE k = ANY($1) AND v IS NOT NULL
ORDER BY key, database DESC NULLS LAST

-- settings of the roles that may be taken on
with role_setting as (
    select r.rolname, unnest(r.rolconfig) as setting from pg_auth_members m join pg_roles r on r.oid = m.roleid where member = quote_ident(current_user)::regrole::oid
),
kv_settings AS (SELECT rolname, substr(setting, 1, strpos(setting, '=') - 1) as key, substr(setting, strpos(setting, '=') + 1) as value FROM role_setting),
iso_setting AS (SELECT rolname, value FROM kv_settings WHERE key = 'default_transaction_isolation')
select kv.rolname, i.value as iso_lvl, coalesce(array_agg(row(kv.key, kv.value)) filter (where key <> 'default_transaction_isolation'), '{}') as role_settings
from kv_settings kv
join pg_settings ps on ps.name = kv.key and (ps.context = 'user' or has_parameter_privilege(quote_ident(current_user)::regrole::oid, ps.name, 'set'))
left join iso_setting i on i.rolname = kv.rolname
group by kv.rolname, i.value

-- types that are made of others, to their ground
WITH RECURSIVE ground AS (
    SELECT oid, typbasetype, COALESCE(NULLIF(typbasetype, 0), oid) AS base FROM pg_type WHERE typnamespace = 'information_schema'::regnamespace AND typtype = 'd'
    UNION
    SELECT t.oid, b.typbasetype, COALESCE(NULLIF(b.typbasetype, 0), b.oid) FROM ground t JOIN pg_type b ON t.typbasetype = b.oid
)
SELECT oid::regtype, base::regtype FROM ground WHERE typbasetype = 0 ORDER BY oid::regtype::text

-- columns with their defaults and types
-- $1 text[] {"shop"}
SELECT c.relname, a.attname::name AS column_name, d.description,
    CASE WHEN a.attidentity = 'd' THEN format('nextval(%L)', seq.objid::regclass) WHEN a.attgenerated = 's' THEN null ELSE pg_get_expr(ad.adbin, ad.adrelid)::text END AS column_default,
    not (a.attnotnull OR t.typtype = 'd' AND t.typnotnull) AS is_nullable,
    CASE WHEN t.typnamespace = 'pg_catalog'::regnamespace THEN format_type(a.atttypid, NULL::integer) ELSE format_type(a.atttypid, a.atttypmod) END::text AS data_type,
    format_type(a.atttypid, a.atttypmod)::text AS nominal_data_type,
    information_schema._pg_char_max_length(information_schema._pg_truetypid(a.*, t.*), information_schema._pg_truetypmod(a.*, t.*))::integer AS character_maximum_length,
    a.attnum::integer AS position
FROM pg_attribute a
JOIN pg_class c ON a.attrelid = c.oid
JOIN pg_type t ON a.atttypid = t.oid
LEFT JOIN pg_description AS d ON d.objoid = a.attrelid and d.objsubid = a.attnum and d.classoid = 'pg_class'::regclass
LEFT JOIN pg_attrdef ad ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum
LEFT JOIN pg_depend seq ON seq.refobjid = a.attrelid and seq.refobjsubid = a.attnum and seq.deptype = 'i'
WHERE NOT pg_is_other_temp_schema(c.relnamespace) AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind in ('r', 'v', 'f', 'm', 'p') AND c.relnamespace = ANY($1::regnamespace[])
ORDER BY c.relname, a.attnum

-- columns as rows within a row
-- $1 text[] {"shop"}
SELECT a.attrelid::regclass, array_agg(row(a.attname, a.attnotnull::boolean, format_type(a.atttypid, a.atttypmod),
    coalesce((SELECT array_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = a.atttypid), '{}')) order by a.attnum) as columns
FROM pg_attribute a JOIN pg_class c ON a.attrelid = c.oid
WHERE a.attnum > 0 AND c.relkind IN ('r', 'v', 'm') AND c.relnamespace = ANY($1::regnamespace[])
GROUP BY a.attrelid
ORDER BY a.attrelid::regclass::text

-- columns of primary keys
WITH keys AS (
    SELECT con.conrelid AS relid, array_agg(a.attname ORDER BY a.attname) AS cols
    FROM pg_constraint con JOIN pg_attribute a ON a.attrelid = con.conrelid AND a.attnum = ANY (con.conkey)
    WHERE con.contype in ('p') AND con.connamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) AND NOT pg_is_other_temp_schema(con.connamespace)
    GROUP BY con.conrelid
)
SELECT c.relname, coalesce(keys.cols, '{}') as pk_cols FROM pg_class c LEFT JOIN keys ON c.oid = keys.relid WHERE c.relkind IN ('v','r','m','f','p') AND c.relnamespace = 'shop'::regnamespace ORDER BY c.relname

-- what can be done with each relation
SELECT n.nspname AS table_schema, c.relname AS table_name, c.relkind IN ('v','m') as is_view,
    (c.relkind IN ('r','p') OR (c.relkind in ('v','f') AND (pg_relation_is_updatable(c.oid::regclass, TRUE) & 8) = 8)) AS insertable,
    (c.relkind IN ('r','p') OR (c.relkind in ('v','f') AND (pg_relation_is_updatable(c.oid::regclass, TRUE) & 4) = 4)) AS updatable
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v','r','m','f','p') AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) AND n.nspname = 'shop' AND not c.relispartition
ORDER BY table_schema, table_name

-- keys of other tables
WITH pks_uniques_cols AS (
    SELECT conrelid, array_agg(key order by key) as cols FROM pg_constraint, LATERAL unnest(conkey) AS _(key) WHERE contype IN ('p', 'u') AND connamespace <> 'pg_catalog'::regnamespace GROUP BY oid, conrelid
)
SELECT ns1.nspname AS table_schema, tab.relname AS table_name, ns2.nspname AS foreign_table_schema, other.relname AS foreign_table_name, traint.conrelid = traint.confrelid AS is_self, traint.conname AS constraint_name,
    column_info.cols_and_fcols, (column_info.cols IN (SELECT cols FROM pks_uniques_cols WHERE conrelid = traint.conrelid)) AS one_to_one
FROM pg_constraint traint
JOIN LATERAL (
    SELECT array_agg(row(cols.attname, refs.attname) order by ord) AS cols_and_fcols, array_agg(cols.attnum order by cols.attnum) AS cols
    FROM unnest(traint.conkey, traint.confkey) WITH ORDINALITY AS _(col, ref, ord)
    JOIN pg_attribute cols ON cols.attrelid = traint.conrelid AND cols.attnum = col
    JOIN pg_attribute refs ON refs.attrelid = traint.confrelid AND refs.attnum = ref
) AS column_info ON TRUE
JOIN pg_namespace ns1 ON ns1.oid = traint.connamespace
JOIN pg_class tab ON tab.oid = traint.conrelid
JOIN pg_class other ON other.oid = traint.confrelid
JOIN pg_namespace ns2 ON ns2.oid = other.relnamespace
WHERE traint.contype = 'f' AND traint.conparentid = 0
ORDER BY traint.conrelid, traint.conname

-- arguments of functions, as rows within a row
SELECT p.proname, array_agg((COALESCE(given.name, ''), given.type::regtype::text, given.idx <= (p.pronargs - p.pronargdefaults), COALESCE(given.mode = 'v', FALSE)) ORDER BY given.idx) AS args,
    CASE COUNT(*) - COUNT(given.name) WHEN 0 THEN true WHEN 1 THEN (array_agg(given.type))[1] IN ('bytea'::regtype, 'json'::regtype, 'jsonb'::regtype, 'text'::regtype, 'xml'::regtype) ELSE false END AS callable
FROM pg_proc p, unnest(p.proargnames, p.proargtypes, p.proargmodes) WITH ORDINALITY AS given (name, type, mode, idx)
WHERE given.type IS NOT NULL AND p.pronamespace = 'shop'::regnamespace
GROUP BY p.oid, p.proname

-- functions
-- $1 text[] {"shop"}
SELECT pn.nspname AS proc_schema, p.proname AS proc_name, d.description, tn.nspname AS schema, COALESCE(comp.relname, t.typname) AS name, p.proretset,
    (t.typtype = 'c' or COALESCE(proargmodes::text[] && '{t,b,o}', false)) AS is_composite, p.provolatile, p.provariadic > 0 as hasvariadic,
    (regexp_split_to_array((regexp_split_to_array(config, '='))[2], ','))[1] AS isolation
FROM pg_proc p
JOIN pg_namespace pn ON pn.oid = p.pronamespace
JOIN pg_type t ON t.oid = p.prorettype
JOIN pg_namespace tn ON tn.oid = t.typnamespace
LEFT JOIN pg_class comp ON comp.oid = t.typrelid
LEFT JOIN pg_description as d ON d.objoid = p.oid AND d.classoid = 'pg_proc'::regclass
LEFT JOIN LATERAL unnest(proconfig) config ON config LIKE 'default_transaction_isolation%'
WHERE t.oid <> 'trigger'::regtype AND prokind = 'f' AND p.pronamespace = ANY($1::regnamespace[])

-- functions of a row
with all_relations as (select reltype from pg_class where relkind in ('v','r','m','f','p')),
computed_rels as (
    select (parse_ident(p.pronamespace::regnamespace::text))[1] as schema, p.proname::text as name, arg_schema.nspname::text as rel_table_schema, arg_name.typname::text as rel_table_name, ret_schema.nspname::text as rel_ftable_schema, ret_name.typname::text as rel_ftable_name, not p.proretset or p.prorows = 1 as single_row
    from pg_proc p
    join pg_type arg_name on arg_name.oid = p.proargtypes[0]
    join pg_namespace arg_schema on arg_schema.oid = arg_name.typnamespace
    join pg_type ret_name on ret_name.oid = p.prorettype
    join pg_namespace ret_schema on ret_schema.oid = ret_name.typnamespace
    where p.pronargs = 1 and p.proargtypes[0] in (select reltype from all_relations) and p.prorettype in (select reltype from all_relations)
)
select *, row(rel_table_schema, rel_table_name) = row(rel_ftable_schema, rel_ftable_name) as is_self from computed_rels

-- casts of domains
SELECT c.castsource::regtype::text, c.casttarget::regtype::text, c.castfunc::regproc::text
FROM pg_catalog.pg_cast c
JOIN pg_catalog.pg_type src_t ON c.castsource::oid = src_t.oid
JOIN pg_catalog.pg_type dst_t ON c.casttarget::oid = dst_t.oid
WHERE c.castcontext = 'i' AND c.castmethod = 'f' AND has_function_privilege(c.castfunc, 'execute')
    AND ((src_t.typtype = 'd' AND c.casttarget IN ('json'::regtype::oid , 'text'::regtype::oid)) OR (dst_t.typtype = 'd' AND c.castsource IN ('json'::regtype::oid , 'text'::regtype::oid)))

-- time zones
SELECT count(*) > 400 FROM pg_timezone_names

-- a request begins
BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY

-- with its role and its headers
-- $1 text reader
-- $2 text {"host": "localhost"}
-- $3 text GET
select set_config('search_path', '"shop", "public"', true), set_config('role', $1, true), set_config('request.headers', $2, true), set_config('request.method', $3, true)

-- rows as a document
-- $1 1
WITH pgrst_source AS (SELECT "shop"."customer".* FROM "shop"."customer" WHERE "shop"."customer"."id" >= $1)
SELECT null::bigint AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total, coalesce(json_agg(_postgrest_t), '[]') AS body, nullif(current_setting('response.headers', true), '') AS response_headers, nullif(current_setting('response.status', true), '') AS response_status, '' AS response_inserted
FROM (SELECT * FROM pgrst_source) _postgrest_t

-- what the role may not read
SELECT "shop"."orders".* FROM "shop"."orders"

-- the request ends
ROLLBACK

-- a request that writes
BEGIN

-- a document's rows are put in
-- $1 text [{"customer": 1, "amount": 3.5, "placed": "2026-04-01T00:00:00"}]
WITH pgrst_source AS (INSERT INTO "shop"."orders"("amount", "customer", "placed") SELECT "pgrst_body"."amount", "pgrst_body"."customer", "pgrst_body"."placed"
    FROM (SELECT $1::json AS json_data) pgrst_payload, LATERAL (SELECT "amount", "customer", "placed" FROM json_to_recordset(pgrst_payload.json_data) AS _("amount" numeric(12,2), "customer" bigint, "placed" timestamp without time zone)) pgrst_body
    RETURNING "shop"."orders"."amount", "shop"."orders"."status")
SELECT '' AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total, array[]::text[] AS header, coalesce(json_agg(_postgrest_t), '[]') AS body FROM (SELECT "orders".* FROM "pgrst_source" AS "orders") _postgrest_t

-- and taken back
ROLLBACK

-- it listens for its schema to be loaded again
LISTEN "pgrst"

-- and tells it
NOTIFY "pgrst", 'reload schema'
