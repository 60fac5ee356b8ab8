-- the driver's settings at connect
SET extra_float_digits = 3

-- no name yet
SET application_name = ''

-- its name
SET application_name = 'DataGrip 2025.2.3'

-- the version
-- hidden: version
select version()

-- where one is
select current_database() as a, current_schemas(false) as b

-- where one is, as an older one asks
select current_database(), current_catalog, current_schema(), current_user

-- the level of transactions
SHOW TRANSACTION ISOLATION LEVEL

-- when the server began
-- hidden: startup_time
select round(extract(epoch from pg_postmaster_start_time() at time zone 'UTC')) as startup_time

-- the oldest transaction
-- hidden: transaction_id
select L.transactionid::varchar::bigint as transaction_id
from pg_catalog.pg_locks L
where L.transactionid is not null and false
order by pg_catalog.age(L.transactionid) desc
limit 1

-- the transaction of now
-- hidden: current_txid
select case
  when pg_catalog.pg_is_in_recovery() then null
  else (pg_catalog.txid_current() % 4294967296)::varchar::bigint
  end as current_txid

-- databases
-- hidden: id
select N.oid::bigint as id, datname as name, D.description, datistemplate as is_template, datallowconn as allow_connections, pg_catalog.pg_get_userbyid(N.datdba) as "owner"
from pg_catalog.pg_database N left join pg_catalog.pg_shdescription D on N.oid = D.objoid
where datname = 'tributary'
order by case when datname = pg_catalog.current_database() then -1::bigint else N.oid::bigint end

-- schemas
-- hidden: state_number
-- in any order
select N.oid::bigint as id, N.xmin as state_number, nspname as name, D.description, pg_catalog.pg_get_userbyid(N.nspowner) as "owner"
from pg_catalog.pg_namespace N left join pg_catalog.pg_description D on N.oid = D.objoid
where nspname not like 'pg_toast%' and nspname not like 'pg_temp%'
order by case when nspname = pg_catalog.current_schema() then -1::bigint else N.oid::bigint end

-- what a type of the driver is
-- $1 int8 1034
SELECT typinput='pg_catalog.array_in'::regproc as is_array, typtype, typname, pg_type.oid
FROM pg_catalog.pg_type
LEFT JOIN (select ns.oid as nspoid, ns.nspname, r.r
    from pg_namespace as ns
    join (select s.r, (current_schemas(false))[s.r] as nspname from generate_series(1, array_upper(current_schemas(false), 1)) as s(r)) as r using (nspname)
) as sp ON sp.nspoid = typnamespace
WHERE pg_type.oid = $1
ORDER BY sp.r, pg_type.oid DESC

-- what an array's values are parted by
-- $1 int8 1034
SELECT e.typdelim FROM pg_catalog.pg_type t, pg_catalog.pg_type e WHERE t.oid = $1 and t.typelem = e.oid

-- what an array is made of
-- $1 int8 1034
SELECT e.oid, n.nspname = ANY(current_schemas(true)), n.nspname, e.typname FROM pg_catalog.pg_type t JOIN pg_catalog.pg_type e ON t.typelem = e.oid JOIN pg_catalog.pg_namespace n ON t.typnamespace = n.oid WHERE t.oid = $1

-- how dates are written
show DateStyle

-- time zones
select count(*) > 400 from (
select name, is_dst from pg_catalog.pg_timezone_names
union distinct
select abbrev as name, is_dst from pg_catalog.pg_timezone_abbrevs) zones

-- whether connections are encrypted
select ssl from pg_stat_ssl where pid = pg_backend_pid()

-- roles
-- hidden: role_id
select R.oid::bigint as role_id, rolname as role_name, rolsuper is_super, rolinherit is_inherit, rolcreaterole can_createrole, rolcreatedb can_createdb, rolcanlogin can_login,
    rolreplication /* false */ is_replication, rolconnlimit conn_limit, rolvaliduntil valid_until, rolbypassrls /* false */ bypass_rls, rolconfig config, D.description
from pg_catalog.pg_roles R left join pg_catalog.pg_shdescription D on D.objoid = R.oid
where rolname in ('tributary', 'reader')
order by rolname

-- memberships
select member id, roleid role_id, admin_option from pg_catalog.pg_auth_members where member >= 16384 order by id, roleid::text

-- tablespaces
-- hidden: state_number, location
select T.oid::bigint as id, T.spcname as name, T.xmin as state_number, pg_catalog.pg_get_userbyid(T.spcowner) as owner, pg_catalog.pg_tablespace_location(T.oid) /* null */ as location, T.spcoptions /* null */ as options, D.description as comment
from pg_catalog.pg_tablespace T left join pg_catalog.pg_shdescription D on D.objoid = T.oid
order by id

-- privileges of tablespaces and databases
-- in any order
select T.oid as object_id, T.spcacl as acl from pg_catalog.pg_tablespace T
union all
select T.oid as object_id, T.datacl as acl from pg_catalog.pg_database T where datname = 'tributary'

-- whether extensions are there
-- hidden: id, state_number
select E.oid as id, E.xmin as state_number, extname as name, extversion as version, extnamespace as schema_id, nspname as schema_name
from pg_catalog.pg_extension E join pg_namespace N on E.extnamespace = N.oid left join pg_catalog.pg_description D on E.oid = D.objoid
where extname <> 'plpgsql'

-- languages
-- hidden: id, state_number
select l.oid as id, l.xmin state_number, lanname as name, lanpltrusted as trusted, h.proname as handler, hs.nspname as handlerSchema, i.proname as inline, v.proname as validator
from pg_catalog.pg_language l
left join pg_catalog.pg_proc h on h.oid = lanplcallfoid
left join pg_catalog.pg_namespace hs on hs.oid = h.pronamespace
left join pg_catalog.pg_proc i on i.oid = laninline
left join pg_catalog.pg_proc v on v.oid = lanvalidator
where lanname <> 'plpgsql'
order by lanname

-- data wrappers and what is far
select fdw.oid as id, fdw.fdwname as name, pr.proname as handler, pg_catalog.pg_get_userbyid(fdw.fdwowner) as owner from pg_catalog.pg_foreign_data_wrapper fdw left join pg_catalog.pg_proc pr on fdw.fdwhandler = pr.oid

-- what has changed in a schema is told by its transactions
select case when pg_catalog.pg_is_in_recovery() then 0 else 1 end as known

-- sequences
-- hidden: sequence_state_number
-- in any order
select cls.xmin as sequence_state_number, sq.seqrelid as sequence_id, cls.relname as sequence_name, pg_catalog.format_type(sq.seqtypid, null) as data_type,
    sq.seqstart as start_value, sq.seqincrement as inc_value, sq.seqmin as min_value, sq.seqmax as max_value, sq.seqcache as cache_size, sq.seqcycle as cycle_option, pg_catalog.pg_get_userbyid(cls.relowner) as "owner"
from pg_catalog.pg_sequence sq join pg_class cls on sq.seqrelid = cls.oid
where cls.relnamespace = {shop}::oid

-- types
-- hidden: type_state_number
-- in any order
select T.oid as type_id, T.xmin as type_state_number, T.typname as type_name, T.typtype as type_sub_kind, T.typcategory as type_category, T.typrelid as class_id, T.typbasetype as base_type_id,
    case when T.typtype in ('c','e') then null else pg_catalog.format_type(T.typbasetype, T.typtypmod) end as type_def, T.typndims as dimensions_number, T.typdefault as default_expression, T.typnotnull as mandatory, pg_catalog.pg_get_userbyid(T.typowner) as "owner"
from pg_catalog.pg_type T left outer join pg_catalog.pg_class C on T.typrelid = C.oid
where T.typnamespace = {shop}::oid and (T.typtype in ('d','e') or C.relkind = 'c'::"char" or (T.typtype = 'b' and (T.typelem = 0 or T.typcategory <> 'A')) or T.typtype = 'p' and not T.typisdefined)
order by 1

-- labels of enums
with types as (select distinct T.oid as type_id from pg_catalog.pg_type T join pg_catalog.pg_class C on T.typrelid = C.oid or T.typtype = 'e' where T.typnamespace = {shop}::oid and T.typtype = 'e')
select e.enumtypid as enum_id, array_agg(e.enumlabel::varchar order by e.enumsortorder) as enum_labels
from pg_catalog.pg_enum e join types on types.type_id = e.enumtypid
group by e.enumtypid

-- tables
-- hidden: table_state_number
-- in any order
select T.relkind as table_kind, T.relname as table_name, T.oid as table_id, T.xmin as table_state_number, false /* T.relhasoids */ as table_with_oids, T.reltablespace as tablespace_id, T.reloptions as options,
    T.relpersistence as persistence, (select pg_catalog.array_agg(inhparent::bigint order by inhseqno)::varchar from pg_catalog.pg_inherits where T.oid = inhrelid) as ancestors,
    (select pg_catalog.array_agg(inhrelid::bigint order by inhrelid)::varchar from pg_catalog.pg_inherits where T.oid = inhparent) as successors,
    T.relispartition as is_partition, pg_catalog.pg_get_partkeydef(T.oid) as partition_key, pg_catalog.pg_get_expr(T.relpartbound, T.oid) as partition_expression, T.relam am_id, pg_catalog.pg_get_userbyid(T.relowner) as "owner"
from pg_catalog.pg_class T
where relnamespace = {shop}::oid and relkind in ('r', 'm', 'v', 'f', 'p')
order by table_kind, table_id

-- what refers to what, by columns
-- in any order
with schema_tables as (select oid as table_id from pg_catalog.pg_class where relnamespace = {shop}::oid and relkind = 'r')
select dep.objid as sequence_id, dep.refobjid as table_id, dep.refobjsubid as column_position, dep.deptype
from pg_catalog.pg_depend dep join schema_tables on table_id = dep.refobjid join pg_catalog.pg_class seq on seq.oid = dep.objid and seq.relkind = 'S'
where dep.classid = 'pg_catalog.pg_class'::regclass::oid and dep.refclassid = 'pg_catalog.pg_class'::regclass::oid and dep.deptype in ('a', 'i')

-- columns
-- hidden: column_state_number
with T as (select distinct T.oid as table_id, T.relname as table_name from pg_catalog.pg_class T, pg_catalog.pg_attribute A
    where T.relnamespace = {shop}::oid and T.relkind in ('r', 'm', 'v', 'f', 'p') and A.attrelid = T.oid)
select T.table_id, C.attnum as column_position, C.attname as column_name, C.xmin as column_state_number, C.atttypmod as type_mod, C.attndims as dimensions_number, pg_catalog.format_type(C.atttypid, C.atttypmod) as type_spec,
    C.atttypid as type_id, C.attnotnull as mandatory, pg_catalog.pg_get_expr(D.adbin, T.table_id) as column_default_expression, not C.attislocal as column_is_inherited, C.attfdwoptions as options, C.attisdropped as column_is_dropped,
    C.attidentity as identity_kind, C.attgenerated as generated
from T join pg_catalog.pg_attribute C on T.table_id = C.attrelid
left join pg_catalog.pg_attrdef D on (C.attrelid, C.attnum) = (D.adrelid, D.adnum)
where attnum > 0
order by table_name, attnum

-- indexes
-- hidden: state_number
-- in any order
select tab.oid table_id, tab.relkind table_kind, ind_stor.relname index_name, ind_head.indexrelid index_id, ind_stor.xmin state_number, ind_head.indisunique is_unique, ind_head.indisprimary is_primary,
    pg_catalog.pg_get_expr(ind_head.indpred, ind_head.indrelid) as condition,
    (select pg_catalog.array_agg(inhparent::bigint order by inhseqno)::varchar from pg_catalog.pg_inherits where ind_stor.oid = inhrelid) as ancestors,
    ind_stor.reltablespace tablespace_id, opcmethod as access_method_id
from pg_catalog.pg_class tab
join pg_catalog.pg_index ind_head on ind_head.indrelid = tab.oid
join pg_catalog.pg_class ind_stor on tab.relnamespace = ind_stor.relnamespace and ind_stor.oid = ind_head.indexrelid
left join pg_catalog.pg_opclass on pg_opclass.oid = ANY(indclass)
where tab.relnamespace = {shop}::oid and tab.relkind in ('r', 'm', 'v', 'p') and ind_stor.relkind in ('i', 'I')
    and opcmethod = ind_stor.relam

-- what indexes are made of
-- in any order
select ind_stor.oid index_id, k as col_idx, k <= indnkeyatts in_key, case when k <= indnkeyatts then ind_head.indoption[k - 1] end column_options,
    pg_catalog.pg_get_indexdef(ind_stor.oid, k, true) as expression, ind_head.indkey[k-1] column_position,
    case when k <= indnkeyatts then ind_head.indcollation[k - 1] end as collation_id, case when k <= indnkeyatts then ind_head.indclass[k - 1] end as opclass_id, cls.opcname
from pg_catalog.pg_index ind_head
join pg_catalog.pg_class ind_stor on ind_stor.oid = ind_head.indexrelid
join pg_catalog.pg_class tab on tab.oid = ind_head.indrelid
cross join pg_catalog.generate_series(1, 3) as k
left join pg_catalog.pg_opclass cls on cls.oid = ind_head.indclass[k - 1]
where tab.relnamespace = {shop}::oid and k <= ind_head.indnatts and tab.relkind in ('r', 'm')

-- constraints
-- hidden: con_state_id
-- in any order
select T.oid table_id, relkind table_kind, C.oid::bigint con_id, pg_catalog.int8in(pg_catalog.xidout(C.xmin)) con_state_id, conname con_name, contype con_kind, conkey con_columns, conindid index_id, confrelid ref_table_id,
    condeferrable is_deferrable, condeferred is_init_deferred, confupdtype on_update, confdeltype on_delete, connoinherit no_inherit, pg_catalog.pg_get_expr(conbin, T.oid) con_expression, confkey ref_columns, conexclop::int[] excl_operators
from pg_catalog.pg_constraint C join pg_catalog.pg_class T on C.conrelid = T.oid
where relkind in ('r', 'v', 'f', 'p') and relnamespace = {shop}::oid and contype in ('p', 'u', 'f', 'c', 'x') and connamespace = {shop}::oid

-- functions
-- hidden: r_state_number
-- in any order
with languages as (select oid as lang_oid, lanname as lang from pg_catalog.pg_language),
routines as (select proname as r_name, prolang as lang_oid, oid as r_id, xmin as r_state_number, proargnames as arg_names, proargmodes as arg_modes, proargtypes::int[] as in_arg_types, proallargtypes::int[] as all_arg_types,
        pg_catalog.pg_get_expr(proargdefaults, 0) as arg_defaults, provariadic as arg_variadic_id, prorettype as ret_type_id, proretset as ret_set, prokind as kind, provolatile as volatile_kind, proisstrict as is_strict,
        prosecdef as is_security_definer, proconfig as configuration_parameters, procost as cost, pg_catalog.pg_get_userbyid(proowner) as "owner", prorows as rows, proleakproof as is_leakproof, proparallel as concurrency_kind
    from pg_catalog.pg_proc where pronamespace = {shop}::oid and not (prokind = 'a'))
select * from routines natural join languages

-- a function's text
-- in any order
with system_languages as (select oid as lang from pg_catalog.pg_language where lanname in ('c','internal'))
select oid as id, pg_catalog.pg_get_function_arguments(oid) as arguments_def, pg_catalog.pg_get_function_result(oid) as result_def, pg_catalog.pg_get_function_sqlbody(oid) as sqlbody_def, prosrc as source_text
from pg_catalog.pg_proc
where pronamespace = {shop}::oid and not (prokind = 'a') and prolang not in (select lang from system_languages) and prosrc is not null

-- rules of tables
select R.ev_class as table_id, R.rulename as rule_name, pg_catalog.translate(ev_type,'1234','SUID') as rule_event_code, R.is_instead as rule_is_instead
from pg_catalog.pg_rewrite R where R.ev_class in (select oid from pg_catalog.pg_class where relnamespace = {shop}::oid) and R.rulename != '_RETURN'::name
order by R.ev_class::bigint, ev_type

-- texts of views
-- in any order
select T.relkind as view_kind, T.oid as view_id, pg_catalog.pg_get_viewdef(T.oid, true) as source_text
from pg_catalog.pg_class T join pg_catalog.pg_namespace N on T.relnamespace = N.oid
where N.oid = {shop}::oid and T.relkind in ('m','v')

-- triggers
select t.tgrelid as table_id, t.tgname as trigger_name, t.tgtype & 31 as bits, t.tgenabled
from pg_catalog.pg_trigger t where t.tgrelid in (select oid from pg_catalog.pg_class where relnamespace = {shop}::oid) and not tgisinternal

-- comments of all that a schema has
-- in any order
select D.objoid id, case when 'pg_catalog.pg_opclass'::regclass = classoid then 'OPERATOR CLASS' else C.relkind::text end as kind, D.objsubid sub_id, D.description
from pg_catalog.pg_description D join pg_catalog.pg_class C on D.objoid = C.oid
where C.relnamespace = {shop}::oid and C.relkind != 'c' and D.classoid = 'pg_catalog.pg_class'::regclass
union all
select T.oid id, 'T' as kind, 0 sub_id, D.description from pg_catalog.pg_type T join pg_catalog.pg_description D on T.oid = D.objoid where T.typnamespace = {shop}::oid and D.classoid = 'pg_catalog.pg_type'::regclass
union all
select C.oid id, 'C' as kind, 0, D.description from pg_catalog.pg_constraint C join pg_catalog.pg_description D on C.oid = D.objoid where C.connamespace = {shop}::oid
union all
select P.oid id, 'F', 0, D.description from pg_catalog.pg_proc P join pg_catalog.pg_description D on P.oid = D.objoid where P.pronamespace = {shop}::oid

-- privileges of all that a schema has
-- in any order
select T.oid as object_id, T.relacl as acl from pg_catalog.pg_class T where relnamespace = {shop}::oid and relacl is not null
union all
select T.oid as object_id, T.proacl as acl from pg_catalog.pg_proc T where pronamespace = {shop}::oid

-- privileges of columns
-- in any order
select C.oid as object_id, A.attnum as attr_position, A.attacl as acl from pg_catalog.pg_attribute A join pg_catalog.pg_class C on A.attrelid = C.oid where C.relnamespace = {shop}::oid and A.attacl is not null

-- a table's rows are shown
SELECT t.* FROM shop.customer t LIMIT 501

-- whether there are more
select count(*) from (SELECT t.* FROM shop.customer t) temporary_count

-- a plan
EXPLAIN (FORMAT JSON, COSTS OFF) SELECT 1

-- the session keeps the connection alive
SELECT 'keep alive'
