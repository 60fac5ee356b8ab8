-- the driver's settings at connect
SET extra_float_digits = 3

-- its name
SET application_name = 'DBeaver 25.2.0 - Metadata'

-- the database
SELECT current_database()

-- the version
-- hidden: version
SELECT version()

-- who is here, and where
SELECT current_schema(),session_user

-- the search path
SHOW search_path

-- the search path of the chosen schema
SET search_path = shop,public

-- which is told
SHOW search_path

-- and set back
SET search_path = public

-- databases
-- hidden: oid, datdba, datcollversion, datcollate, datctype, datlocprovider
SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE datname='tributary'
ORDER BY db.datname

-- databases that others are made of
SELECT db.datname FROM pg_catalog.pg_database db WHERE datistemplate
ORDER BY 1

-- how large a database is
-- hidden: pg_database_size
SELECT db.datname,pg_database_size(db.oid) FROM pg_catalog.pg_database db WHERE db.datname = 'tributary'

-- schemas
-- $1 text shop
SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass
WHERE nspname=$1
ORDER BY nspname

-- types, with what they are made of
-- in any order
SELECT t.oid,t.*,c.relkind,format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name, d.description
FROM pg_catalog.pg_type t
LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid=t.typelem
LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid=t.typrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid=d.objoid
WHERE t.typname IS NOT NULL
AND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C')
AND t.typnamespace <> 'information_schema'::regnamespace
ORDER BY t.oid

-- labels of enums
-- in any order
SELECT * FROM pg_catalog.pg_enum

-- labels of an enum
SELECT e.enumlabel
FROM pg_catalog.pg_enum e
WHERE e.enumtypid='shop.status'::regtype
ORDER BY e.enumsortorder

-- roles
-- hidden: oid
SELECT a.oid,a.*,pd.description FROM pg_catalog.pg_roles a
left join pg_catalog.pg_shdescription pd on a.oid = pd.objoid
WHERE a.rolname = 'reader'
ORDER BY a.rolname

-- memberships of a role
-- $1 int8 10
SELECT * FROM pg_catalog.pg_auth_members WHERE member=$1

-- access methods
SELECT am.oid,am.* FROM pg_catalog.pg_am am
ORDER BY am.oid

-- encodings
SELECT c.contoencoding as encid,pg_catalog.pg_encoding_to_char(c.contoencoding) as encname
FROM pg_catalog.pg_conversion c
GROUP BY c.contoencoding
ORDER BY 2

-- languages
-- in any order
SELECT l.oid,l.* FROM pg_catalog.pg_language l WHERE l.lanname <> 'plpgsql'
ORDER BY l.oid

-- tablespaces
-- hidden: loc
SELECT t.oid,t.*,pg_tablespace_location(t.oid) loc
FROM pg_catalog.pg_tablespace t
ORDER BY t.oid

-- data wrappers
SELECT l.oid,l.*,p.pronamespace as handler_schema_id
FROM pg_catalog.pg_foreign_data_wrapper l
LEFT OUTER JOIN pg_catalog.pg_proc p ON p.oid=l.fdwhandler
ORDER BY l.fdwname

-- what is far
SELECT l.oid,l.* FROM pg_catalog.pg_foreign_server l
ORDER BY l.srvname

-- extensions, with the tables of their settings
SELECT e.oid, cfg.tbls, n.nspname as schema_name, e.*
FROM pg_catalog.pg_extension e
join pg_namespace n on n.oid = e.extnamespace
left join (
    select ARRAY_AGG(ns.nspname || '.' || cls.relname) tbls, oid_ext
    from (select unnest(e1.extconfig) oid, e1.oid oid_ext from pg_catalog.pg_extension e1) c
    join pg_class cls on cls.oid = c.oid
    join pg_namespace ns on ns.oid = cls.relnamespace
    group by oid_ext
) cfg on cfg.oid_ext = e.oid
WHERE e.extname <> 'plpgsql'
ORDER BY e.oid

-- event triggers
SELECT pet.*, d.description FROM pg_catalog.pg_event_trigger pet
LEFT OUTER JOIN pg_catalog.pg_description d ON pet."oid" = d.objoid

-- relations of a schema
-- $1 int8 {shop}
-- in any order
SELECT c.oid,c.*,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr,  pg_catalog.pg_get_partkeydef(c.oid) as partition_key
FROM pg_catalog.pg_class c
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass
WHERE c.relnamespace=$1 AND c.relkind not in ('i','I','c')

-- sizes of relations
-- $1 int8 {shop}
-- hidden: total_rel_size, rel_size
-- in any order
select c.oid,pg_catalog.pg_total_relation_size(c.oid) as total_rel_size,pg_catalog.pg_relation_size(c.oid) as rel_size
FROM pg_class c
WHERE c.relnamespace=$1 AND c.relkind IN ('r', 'm')

-- columns of a table
-- $1 int8 {shop.orders}
SELECT c.relname,a.*,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dsc.description,dep.objid
FROM pg_catalog.pg_attribute a
INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid)
LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum)
LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid)
LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum and dep.classid = dep.refclassid
WHERE NOT a.attisdropped AND c.relkind not in ('i','I','c') AND c.oid=$1 AND a.attnum > 0
ORDER BY a.attnum

-- columns of a table that counts its rows itself, with those of the system
-- $1 int8 {shop.customer}
SELECT c.relname,a.attname,a.attnum,a.atttypid,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dep.objid
FROM pg_catalog.pg_attribute a
INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid)
LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum)
LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum and dep.classid = dep.refclassid
WHERE NOT a.attisdropped AND c.oid=$1
ORDER BY a.attnum

-- constraints of a schema
-- $1 int8 {shop}
-- in any order
SELECT c.oid,c.*,t.relname as tabrelname,rt.relnamespace as refnamespace,d.description, case when c.contype='c' then "substring"(pg_get_constraintdef(c.oid), 7) else null end consrc_copy
FROM pg_catalog.pg_constraint c
INNER JOIN pg_catalog.pg_class t ON t.oid=c.conrelid
LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid=c.confrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_constraint'::regclass
WHERE t.relnamespace=$1
ORDER BY c.oid

-- a constraint's text
SELECT pg_catalog.pg_get_constraintdef(c.oid) FROM pg_catalog.pg_constraint c WHERE c.conname = 'sold'

-- indexes of a schema
-- $1 int8 {shop}
-- hidden: index_rel_size, index_num_scans
-- in any order
SELECT i.*,i.indkey as keys,c.relname,c.relnamespace,c.relam,c.reltablespace,tc.relname as tabrelname,dsc.description,pg_catalog.pg_get_expr(i.indpred, i.indrelid) as pred_expr,pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) as expr,pg_catalog.pg_relation_size(i.indexrelid) as index_rel_size,pg_catalog.pg_stat_get_numscans(i.indexrelid) as index_num_scans
FROM pg_catalog.pg_index i
INNER JOIN pg_catalog.pg_class c ON c.oid=i.indexrelid
INNER JOIN pg_catalog.pg_class tc ON tc.oid=i.indrelid
LEFT OUTER JOIN pg_catalog.pg_description dsc ON i.indexrelid=dsc.objoid
WHERE  c.relnamespace=$1 ORDER BY c.relname

-- an index's text
-- $1 int8 {shop.customer_lower}
SELECT pg_catalog.pg_get_indexdef($1)

-- functions of a schema
-- $1 int8 {shop}
SELECT p.oid as poid,p.*,pg_catalog.pg_get_expr(p.proargdefaults, 0) as arg_defaults,d.description
FROM pg_catalog.pg_proc p
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=p.oid and d.classoid='pg_proc'::regclass  AND d.objsubid = 0
WHERE p.pronamespace=$1
ORDER BY p.proname

-- a function's text
SELECT pg_get_functiondef('shop.gross'::regproc)

-- a view's text
SELECT pg_get_viewdef({shop.paid}, true)

-- a materialized view's text
SELECT pg_get_viewdef({shop.countries}, true)

-- a sequence
-- $1 text shop
-- $2 text ticket
SELECT * from pg_catalog.pg_sequences WHERE schemaname=$1 AND sequencename=$2

-- a sequence's own row
SELECT last_value, is_called from shop.ticket

-- triggers of a table
-- $1 int8 {shop.customer}
SELECT x.oid,x.*,p.pronamespace as func_schema_id,d.description
FROM pg_catalog.pg_trigger x
LEFT OUTER JOIN pg_catalog.pg_proc p ON p.oid=x.tgfoid
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=x.oid AND d.objsubid=0
WHERE x.tgrelid = $1 AND NOT x.tgisinternal

-- rules of a view
SELECT r.rulename, pg_get_ruledef(r.oid) AS definition
FROM pg_rewrite r
WHERE r.ev_class={shop.paid} AND r.rulename <> '_RETURN'::name

-- parents of a table
-- $1 int8 {shop.orders}
SELECT i.*,c.relnamespace FROM pg_catalog.pg_inherits i,pg_catalog.pg_class c WHERE i.inhrelid=$1 AND c.oid=i.inhparent ORDER BY i.inhseqno

-- schemas of what refers to a table
-- $1 int8 {shop.customer}
SELECT DISTINCT connamespace FROM pg_catalog.pg_constraint WHERE confrelid=$1

-- privileges of a role
-- $1 text tributary
-- $2 text reader
SELECT * FROM information_schema.table_privileges WHERE table_catalog=$1 AND grantee=$2 ORDER BY table_name, privilege_type

-- privileges by default
-- $1 int8 {shop}
SELECT * FROM pg_default_acl WHERE defaclnamespace = $1

-- what depends on a table
-- $1 int8 {shop.orders}
-- in any order
SELECT DISTINCT dep.deptype, dep.classid, cl.relkind, attr.attname,pg_get_expr(ad.adbin, ad.adrelid) adefval,
    CASE WHEN cl.relkind IS NOT NULL THEN cl.relkind::text || COALESCE(dep.objsubid::text, '')::text
        WHEN tg.oid IS NOT NULL THEN 'T'::text
        WHEN ty.oid IS NOT NULL THEN 'y'::text
        WHEN pr.oid IS NOT NULL THEN 'p'::text
        WHEN rw.oid IS NOT NULL THEN 'R'::text
        WHEN co.oid IS NOT NULL THEN 'C'::text || contype::text
        WHEN ad.oid IS NOT NULL THEN 'A'::text
        ELSE '' END AS type,
    COALESCE(coc.relname, clrw.relname) AS ownertable,
    COALESCE(cl.relname, co.conname, pr.proname, ty.typname, rw.rulename) AS refname,
    COALESCE(nsc.nspname, nso.nspname, nsp.nspname, nst.nspname, nsrw.nspname) AS nspname
FROM pg_depend dep
LEFT JOIN pg_class cl ON dep.objid=cl.oid
LEFT JOIN pg_namespace nsc ON cl.relnamespace=nsc.oid
LEFT JOIN pg_proc pr ON dep.objid=pr.oid
LEFT JOIN pg_namespace nsp ON pr.pronamespace=nsp.oid
LEFT JOIN pg_trigger tg ON dep.objid=tg.oid
LEFT JOIN pg_type ty ON dep.objid=ty.oid
LEFT JOIN pg_namespace nst ON ty.typnamespace=nst.oid
LEFT JOIN pg_constraint co ON dep.objid=co.oid
LEFT JOIN pg_class coc ON co.conrelid=coc.oid
LEFT JOIN pg_namespace nso ON co.connamespace=nso.oid
LEFT JOIN pg_rewrite rw ON dep.objid=rw.oid
LEFT JOIN pg_class clrw ON clrw.oid=rw.ev_class
LEFT JOIN pg_namespace nsrw ON clrw.relnamespace=nsrw.oid
LEFT JOIN pg_attrdef ad ON ad.oid=dep.objid
LEFT JOIN pg_attribute attr ON attr.attrelid=ad.adrelid and attr.attnum=ad.adnum
WHERE dep.refobjid=$1 AND (cl.relkind IS NULL OR cl.relkind <> 't') AND NOT (tg.oid IS NOT NULL AND tg.tgisinternal)
ORDER BY type

-- a search for objects
-- $1 text %ORDERS%
SELECT pc.oid,pc.relname,pc.relnamespace,pc.relkind FROM pg_catalog.pg_class pc WHERE pc.relkind in('r','v','m','f','p') AND pc.relname ILIKE $1 AND pc.relnamespace IN ({shop}) ORDER BY pc.relname LIMIT 100

-- a search in comments
-- $1 text %bought%
SELECT pc.oid,pc.relname FROM pg_catalog.pg_class pc WHERE pc.relkind in('r','v','m','f','p') AND (pc.relname ILIKE $1 OR obj_description(pc.oid, 'pg_class') ILIKE $1) ORDER BY pc.relname LIMIT 10

-- what a name is
-- $1 int8 {shop}
-- $2 text orders
-- $3 int8 {shop}
-- $4 text status
SELECT oid,relkind,reltype FROM pg_catalog.pg_class WHERE relnamespace=$1 AND relname=$2
UNION ALL
SELECT oid,'c',oid FROM pg_catalog.pg_type WHERE typnamespace=$3 AND typname=$4

-- settings
SELECT name, setting, unit, vartype, context FROM pg_catalog.pg_settings WHERE name IN ('DateStyle', 'bytea_output', 'search_path', 'statement_timeout', 'TimeZone')
ORDER BY name

-- sessions
-- hidden: pid, backend_start, xact_start, query_start, state_change, backend_xid, backend_xmin, client_port, query_id, datid, usesysid, query, client_hostname, client_addr, wait_event, wait_event_type, leader_pid
SELECT sa.* FROM pg_catalog.pg_stat_activity sa WHERE pid = pg_backend_pid()

-- a table's rows are shown
SELECT * FROM shop.orders LIMIT 200

-- in a transaction of its own
BEGIN

-- a row is changed by its key
-- $1 text a note
-- $2 int4 2
UPDATE shop.orders SET note=$1 WHERE id=$2

-- and looked at again
-- $1 int4 2
SELECT id, note FROM shop.orders WHERE id=$1

-- and taken back
ROLLBACK

-- the rows are counted
SELECT COUNT(*) FROM shop.orders

-- a plan
EXPLAIN (FORMAT XML, COSTS OFF) SELECT 1
