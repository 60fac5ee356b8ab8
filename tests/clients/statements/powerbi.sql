-- the types at connect, in one message with the version
-- hidden: version
-- in any order
-- plain
SELECT version();
SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid
FROM (
    SELECT inner_t.oid, inner_t.typnamespace, inner_t.typname, inner_t.typtype, inner_t.typrelid, inner_t.typnotnull, inner_t.relkind,
        e.oid AS elemtypoid, e.typname AS elemtypname, ecls.relkind AS elemrelkind,
        CASE WHEN eproc.proname = 'array_recv' THEN 'a' ELSE e.typtype END AS elemtyptype
    FROM (
        SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid,
            CASE WHEN proc.proname = 'array_recv' THEN 'a' ELSE typ.typtype END AS typtype,
            CASE
                WHEN proc.proname = 'array_recv' THEN typ.typelem
                WHEN typ.typtype = 'r' THEN rngsubtype
                WHEN typ.typtype = 'm' THEN (SELECT rngtypid FROM pg_range WHERE rngmultitypid = typ.oid)
                WHEN typ.typtype = 'd' THEN typ.typbasetype
            END AS elemtypoid
        FROM pg_type AS typ
        LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
        LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive
        LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid)
    ) AS inner_t
    LEFT JOIN pg_type AS e ON e.oid = elemtypoid
    LEFT JOIN pg_class AS ecls ON (ecls.oid = e.typrelid)
    LEFT JOIN pg_proc AS eproc ON eproc.oid = e.typreceive
) AS t
JOIN pg_namespace AS ns ON (ns.oid = typnamespace)
WHERE
    (typtype IN ('b', 'r', 'm', 'e', 'd') OR -- what has values of its own
    (typtype = 'c' AND relkind = 'c') OR
    (typtype = 'p' AND typname IN ('record', 'void', 'unknown')) OR
    (typtype = 'a' AND (
        elemtyptype IN ('b', 'r', 'm', 'e', 'd') OR
        (elemtyptype = 'p' AND elemtypname IN ('record', 'void')) OR
        (elemtyptype = 'c' AND elemrelkind = 'c')
    )))
ORDER BY CASE
    WHEN typtype IN ('b', 'e', 'p') THEN 0
    WHEN typtype = 'c' THEN 1
    WHEN typtype = 'r' THEN 2
    WHEN typtype = 'm' THEN 3
    WHEN typtype = 'd' AND elemtyptype <> 'a' THEN 4
    WHEN typtype = 'a' THEN 5
    WHEN typtype = 'd' AND elemtyptype = 'a' THEN 6
END;
SELECT typ.oid, att.attname, att.atttypid
FROM pg_type AS typ
JOIN pg_namespace AS ns ON (ns.oid = typ.typnamespace)
JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
JOIN pg_attribute AS att ON (att.attrelid = typ.typrelid)
WHERE (typ.typtype = 'c' AND cls.relkind = 'c') AND attnum > 0 AND NOT attisdropped
ORDER BY typ.oid, att.attnum;
SELECT typ.oid, enumlabel
FROM pg_enum
JOIN pg_type AS typ ON typ.oid = enumtypid
JOIN pg_namespace AS ns ON ns.oid = typ.typnamespace
ORDER BY oid, enumsortorder;

-- the types, as an older driver asks
-- in any order
/*** Load all supported types ***/
SELECT ns.nspname, a.typname, a.oid, a.typrelid, a.typbasetype,
CASE WHEN pg_proc.proname='array_recv' THEN 'a' ELSE a.typtype END AS type,
CASE
  WHEN pg_proc.proname='array_recv' THEN a.typelem
  WHEN a.typtype='r' THEN rngsubtype
  ELSE 0
END AS elemoid,
CASE
  WHEN pg_proc.proname IN ('array_recv','oidvectorrecv') THEN 3
  WHEN a.typtype='r' THEN 2
  WHEN a.typtype='d' THEN 1
  ELSE 0
END AS ord
FROM pg_type AS a
JOIN pg_namespace AS ns ON (ns.oid = a.typnamespace)
JOIN pg_proc ON pg_proc.oid = a.typreceive
LEFT OUTER JOIN pg_class AS cls ON (cls.oid = a.typrelid)
LEFT OUTER JOIN pg_type AS b ON (b.oid = a.typelem)
LEFT OUTER JOIN pg_class AS elemcls ON (elemcls.oid = b.typrelid)
LEFT OUTER JOIN pg_range ON (pg_range.rngtypid = a.oid)
WHERE
  ns.nspname <> 'information_schema' AND (
  a.typtype IN ('e', 'd') OR
  (a.typtype = 'c' AND cls.relkind='c') OR
  (pg_proc.proname='array_recv' AND b.typtype IN ('e', 'd')) OR
  (a.typtype = 'p' AND a.typname IN ('record', 'void')))
ORDER BY ord

-- the state of a session from the pool is cleared
-- plain
CLOSE ALL;UNLISTEN *;SELECT pg_advisory_unlock_all();DISCARD SEQUENCES;DISCARD TEMP

-- or all of it at once
DISCARD ALL

-- the tables of the navigator
select TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE
from INFORMATION_SCHEMA.tables
where TABLE_SCHEMA not in ('information_schema', 'pg_catalog')
order by TABLE_SCHEMA, TABLE_NAME

-- the columns of a table
select COLUMN_NAME, ORDINAL_POSITION, IS_NULLABLE, case when (data_type like '%unsigned%') then DATA_TYPE || ' unsigned' else DATA_TYPE end as DATA_TYPE
from INFORMATION_SCHEMA.columns
where TABLE_SCHEMA = 'shop' and TABLE_NAME = 'orders'
order by TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION

-- the columns of the materialized view, of which the standard's schema tells nothing
select COLUMN_NAME, ORDINAL_POSITION, IS_NULLABLE, DATA_TYPE
from INFORMATION_SCHEMA.columns
where TABLE_SCHEMA = 'shop' and TABLE_NAME = 'countries'
order by TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION

-- what a table refers to
select
    fkcon.CONSTRAINT_SCHEMA || '_' || fkcol.TABLE_NAME || '_' || 'customer' || '_' || fkcon.CONSTRAINT_NAME as FK_NAME,
    fkcol.ORDINAL_POSITION as ORDINAL,
    fkcol.TABLE_SCHEMA as FK_TABLE_SCHEMA, fkcol.TABLE_NAME as FK_TABLE_NAME, fkcol.COLUMN_NAME as FK_COLUMN_NAME,
    pkcol.COLUMN_NAME as PK_COLUMN_NAME
from
    (select distinct constraint_catalog, constraint_schema, unique_constraint_schema, constraint_name, unique_constraint_name
     from INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS) fkcon
    inner join INFORMATION_SCHEMA.KEY_COLUMN_USAGE fkcol
        on fkcon.CONSTRAINT_SCHEMA = fkcol.CONSTRAINT_SCHEMA and fkcon.CONSTRAINT_NAME = fkcol.CONSTRAINT_NAME
    inner join INFORMATION_SCHEMA.KEY_COLUMN_USAGE pkcol
        on fkcon.UNIQUE_CONSTRAINT_SCHEMA = pkcol.CONSTRAINT_SCHEMA and fkcon.UNIQUE_CONSTRAINT_NAME = pkcol.CONSTRAINT_NAME
where pkcol.TABLE_SCHEMA = 'shop' and pkcol.TABLE_NAME = 'customer' and pkcol.ORDINAL_POSITION = fkcol.ORDINAL_POSITION
order by FK_NAME, fkcol.ORDINAL_POSITION

-- the keys of a table
select
    i.CONSTRAINT_SCHEMA || '_' || i.CONSTRAINT_NAME as INDEX_NAME, ii.COLUMN_NAME, ii.ORDINAL_POSITION,
    case when i.CONSTRAINT_TYPE = 'PRIMARY KEY' then 'Y' else 'N' end as PRIMARY_KEY
from INFORMATION_SCHEMA.table_constraints i
inner join INFORMATION_SCHEMA.key_column_usage ii
    on i.CONSTRAINT_SCHEMA = ii.CONSTRAINT_SCHEMA and i.CONSTRAINT_NAME = ii.CONSTRAINT_NAME
    and i.TABLE_SCHEMA = ii.TABLE_SCHEMA and i.TABLE_NAME = ii.TABLE_NAME
where i.TABLE_SCHEMA = 'shop' and i.TABLE_NAME = 'product' and i.CONSTRAINT_TYPE in ('PRIMARY KEY', 'UNIQUE')
order by i.CONSTRAINT_SCHEMA || '_' || i.CONSTRAINT_NAME, ii.TABLE_SCHEMA, ii.TABLE_NAME, ii.ORDINAL_POSITION

-- the schema of a result's columns, by their tables
SELECT
    typ.oid AS typoid, nspname, relname, attname, attrelid, attnum, attnotnull, attidentity != '' AS isidentity,
    CASE WHEN typ.typtype = 'd' THEN typ.typtypmod ELSE atttypmod END AS typmod,
    CASE WHEN atthasdef THEN (SELECT pg_get_expr(adbin, cls.oid) FROM pg_attrdef WHERE adrelid = cls.oid AND adnum = attr.attnum) ELSE NULL END AS default,
    ((cls.relkind = ANY (ARRAY['r'::"char", 'p'::"char"]))
        OR ((cls.relkind = ANY (ARRAY['v'::"char", 'f'::"char"])) AND pg_column_is_updatable((cls.oid)::regclass, attr.attnum, false)))
        AND attr.attidentity NOT IN ('a') AS is_updatable,
    EXISTS (SELECT * FROM pg_index WHERE pg_index.indrelid = cls.oid AND pg_index.indisprimary AND attnum = ANY (indkey)) AS isprimarykey,
    EXISTS (SELECT * FROM pg_index WHERE pg_index.indrelid = cls.oid AND pg_index.indisunique AND pg_index.indnkeyatts = 1
        AND attnum = pg_index.indkey[0]) AS isunique
FROM pg_attribute AS attr
JOIN pg_type AS typ ON attr.atttypid = typ.oid
JOIN pg_class AS cls ON cls.oid = attr.attrelid
JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace
WHERE atttypid <> 0 AND relkind IN ('r', 'v', 'm', 'p') AND NOT attisdropped
    AND nspname NOT IN ('pg_catalog', 'information_schema') AND attnum > 0
    AND ((attr.attrelid={shop.orders} AND attr.attnum=1) OR (attr.attrelid={shop.orders} AND attr.attnum=7) OR (attr.attrelid={shop.customer} AND attr.attnum=3))
ORDER BY attnum

-- a preview of a table
select "$Table"."id" as "id", "$Table"."customer" as "customer", "$Table"."amount" as "amount", "$Table"."status" as "status", "$Table"."placed" as "placed", "$Table"."shipped" as "shipped"
from "shop"."orders" "$Table"
limit 1000

-- a sum by a group, folded into a query over a query
select "rows"."country" as "country", sum("rows"."amount") as "total", count(1) as "rows"
from
(
    select "$Outer"."amount", "$Inner"."country"
    from "shop"."orders" as "$Outer"
    left outer join "shop"."customer" as "$Inner" on ("$Outer"."customer" = "$Inner"."id")
) "rows"
group by "country"

-- a measure of the direct mode, for the first thousand and one groups
SELECT "t1"."status", SUM(CAST("t1"."amount" AS DECIMAL)) AS "a0", COUNT(DISTINCT "t1"."customer") AS "a1"
FROM
(
(select "_"."id" as "id", "_"."customer" as "customer", "_"."amount" as "amount", cast("_"."status" as text) as "status", "_"."placed" as "placed"
from "shop"."orders" "_")
) AS "t1"
WHERE ("t1"."placed" >= CAST('2026-01-01 00:00:00' AS TIMESTAMP) AND "t1"."placed" < timestamp '2026-03-01 00:00:00')
GROUP BY "t1"."status"
ORDER BY "t1"."status" NULLS FIRST
LIMIT 1001

-- the newest rows, with a text made of a moment
select "_"."id", to_char("_"."placed", 'YYYY-MM-DD') as "day", extract(year from "_"."placed") as "year", "_"."due" - "_"."placed"::date as "left"
from "shop"."orders" "_"
where "_"."note" is null or position('gift' in lower("_"."note")) = 0
order by "_"."placed" desc
limit 3 offset 1

-- an Excel's tables, with what keys they have
-- hidden: acl
-- in any order
SELECT current_database() AS Database, ns.nspname AS Schema, relname AS Name,
    CASE WHEN ns.nspname LIKE E'pg\\_catalog' THEN 'Catalog' WHEN relkind = 'f' THEN 'Foreign' ELSE 'User' END AS TableType,
    pg_get_userbyid(relowner) AS Definer, rel.oid AS Oid, relacl AS ACL, relhassubclass AS HasSubtables, description AS Comment,
    relnatts AS ColumnNumber, conname AS Constraint, conkey AS ConstrainedColumns
FROM pg_class rel
INNER JOIN pg_namespace ns ON relnamespace = ns.oid
LEFT OUTER JOIN pg_description des ON des.objoid = rel.oid AND des.objsubid = 0
LEFT OUTER JOIN pg_constraint c ON c.conrelid = rel.oid AND c.contype = 'p'
WHERE (relkind = 'r' OR relkind = 's' OR relkind = 'f') AND NOT ns.nspname LIKE E'pg\\_temp\\_%%' AND NOT ns.nspname LIKE E'pg\\_%'
    AND NOT ns.nspname LIKE E'information\\_schema' AND ns.nspname::varchar LIKE E'shop' AND relname::varchar LIKE '%'
    AND pg_get_userbyid(relowner)::varchar LIKE '%'
ORDER BY relname

-- an Excel's columns, by the functions of the standard's schema
SELECT na.nspname AS Schema, cl.relname AS Table, att.attname AS Name, att.attnum AS Position,
    CASE WHEN att.attnotnull = 'f' THEN 'true' ELSE 'false' END AS Nullable,
    CASE WHEN ty.typname LIKE 'bit' OR ty.typname LIKE 'varbit' AND att.atttypmod > 0 THEN att.atttypmod
        WHEN ty.typname LIKE 'interval' THEN -1 WHEN att.atttypmod > 0 THEN att.atttypmod - 4 ELSE att.atttypmod END AS Length,
    (information_schema._pg_numeric_precision(information_schema._pg_truetypid(att.*, ty.*), information_schema._pg_truetypmod(att.*, ty.*)))::information_schema.cardinal_number AS Precision,
    (information_schema._pg_numeric_scale(information_schema._pg_truetypid(att.*, ty.*), information_schema._pg_truetypmod(att.*, ty.*)))::information_schema.cardinal_number AS Scale,
    (information_schema._pg_datetime_precision(information_schema._pg_truetypid(att.*, ty.*), information_schema._pg_truetypmod(att.*, ty.*)))::information_schema.cardinal_number AS DatetimeLength,
    att.atthasdef AS HasDefaultValue, att.attisdropped AS IsDropped, att.attinhcount AS AncestorCount, att.attndims AS Dimension,
    ty.typname AS TypeName, tn.nspname AS TypeSchema, et.typname AS ElementTypeName, description AS Comment,
    cs.relname AS SequenceName, ns.nspname AS SequenceSchema, att.attidentity AS IdentityMode,
    CAST(pg_get_expr(def.adbin, def.adrelid) AS varchar) AS DefaultValue,
    (SELECT count(1) FROM pg_type t2 WHERE t2.typname = ty.typname) > 1 AS IsDuplicate
FROM pg_attribute att
JOIN pg_type ty ON ty.oid = atttypid
JOIN pg_namespace tn ON tn.oid = ty.typnamespace
JOIN pg_class cl ON cl.oid = attrelid AND (cl.relkind = 'r' OR cl.relkind = 's' OR cl.relkind = 'v' OR cl.relkind = 'm' OR cl.relkind = 'f')
JOIN pg_namespace na ON na.oid = cl.relnamespace
LEFT OUTER JOIN pg_type et ON et.oid = ty.typelem
LEFT OUTER JOIN pg_attrdef def ON adrelid = attrelid AND adnum = attnum
LEFT OUTER JOIN pg_description des ON des.objoid = attrelid AND des.objsubid = attnum
LEFT OUTER JOIN (pg_depend JOIN pg_class cs ON objid = cs.oid AND cs.relkind = 'S' AND classid = 'pg_class'::regclass::oid) ON refobjid = attrelid AND refobjsubid = attnum
LEFT OUTER JOIN pg_namespace ns ON ns.oid = cs.relnamespace
WHERE attnum > 0 AND attisdropped IS FALSE AND cl.relname LIKE E'customer' AND na.nspname LIKE E'shop' AND att.attname LIKE '%'
ORDER BY attnum

-- an Excel's keys of other tables
SELECT a.conname AS Name, ns.nspname AS Schema, mycl.relname AS Table, b.conname AS ReferencedKey, frns.nspname AS ReferencedSchema,
    frcl.relname AS ReferencedTable, a.conkey AS ColumnIndexes, a.confkey AS ForeignColumnIndexes, a.confupdtype AS UpdateActionCode,
    a.confdeltype AS DeleteActionCode, a.confmatchtype AS ForeignKeyMatchType, a.condeferrable AS IsDeferrable, a.condeferred AS IsDeferred
FROM pg_constraint a
INNER JOIN pg_constraint b ON (a.confrelid = b.conrelid AND a.confkey = b.conkey)
INNER JOIN pg_namespace ns ON a.connamespace = ns.oid
INNER JOIN pg_class mycl ON a.conrelid = mycl.oid
LEFT OUTER JOIN pg_class frcl ON a.confrelid = frcl.oid
INNER JOIN pg_namespace frns ON frcl.relnamespace = frns.oid
WHERE a.contype = 'f' AND (b.contype = 'p' OR b.contype = 'u') AND a.oid::varchar LIKE '%' AND a.conname LIKE '%'
    AND ns.nspname LIKE E'shop' AND mycl.relname LIKE E'orders' AND frns.nspname LIKE '%' AND frcl.relname LIKE '%'
ORDER BY 1

-- the schema collections of the driver: indexes and their columns
SELECT current_database() AS table_catalog, n.nspname AS table_schema, t.relname AS table_name, i.relname AS index_name, a.attname AS column_name
FROM pg_class t
JOIN pg_index ix ON t.oid = ix.indrelid
JOIN pg_class i ON ix.indexrelid = i.oid
JOIN pg_attribute a ON t.oid = a.attrelid AND a.attnum = ANY (ix.indkey)
LEFT JOIN pg_namespace n ON t.relnamespace = n.oid
WHERE i.relkind = 'i' AND n.nspname NOT IN ('pg_catalog', 'pg_toast') AND t.relkind = 'r'
ORDER BY n.nspname, t.relname, i.relname, a.attname

-- the schema collections of the driver: constraints by the names of their kinds
SELECT current_database() AS constraint_catalog, n.nspname AS constraint_schema, c.conname, t.relname, a.attname, kind.constraint_type
FROM pg_constraint c
JOIN pg_namespace n ON n.oid = c.connamespace
JOIN pg_class t ON t.oid = c.conrelid AND t.relkind = 'r'
JOIN pg_attribute a ON t.oid = a.attrelid AND a.attnum = ANY (c.conkey)
JOIN (SELECT 'PRIMARY KEY' AS constraint_type, 'p' AS contype UNION ALL SELECT 'FOREIGN KEY', 'f' UNION ALL SELECT 'UNIQUE KEY', 'u') kind ON kind.contype = c.contype
WHERE n.nspname NOT IN ('pg_catalog', 'pg_toast')
ORDER BY c.conname, a.attname

-- the schema collections of the driver: databases and their owners
SELECT d.datname, u.usename, pg_catalog.pg_encoding_to_char(d.encoding)
FROM pg_catalog.pg_database d LEFT JOIN pg_catalog.pg_user u ON d.datdba = u.usesysid
WHERE d.datname = 'tributary'
