//! Displaying a statement and parsing it again gives the statement.

use proptest::prelude::*;

use crate::sql::name::{ObjectName, QualifiedName, Quoted};
use crate::sql::{Statement, parse_one};

/// Statements, and how they are displayed; `=` where they are as written.
const STATEMENTS: &[(&str, &str)] = &[
    ("SELECT 1", "="),
    (
        "select a, b from t where c = 'it''s'",
        "SELECT a, b FROM t WHERE c = 'it''s'",
    ),
    (
        "SELECT 'a''''b', E'x\\'\\'y', N'it''s', $$it's$$",
        "SELECT E'a\\'\\'b', E'x\\'\\'y', 'it''s', 'it''s'",
    ),
    ("SELECT '\\'''", "SELECT E'\\\\\\''"),
    (
        "SELECT - - 1, - (-1), +-a, NOT NOT b",
        "SELECT - -1, -(-1), + -a, NOT NOT b",
    ),
    (
        "SELECT concat_ws(',', variadic a)",
        "SELECT concat_ws(',', VARIADIC a)",
    ),
    ("SELECT -interval '1 day'", "SELECT -(INTERVAL '1 day')"),
    (
        "SELECT a NOT ILIKE ANY (b), a LIKE ALL (ARRAY['x']), NOT a LIKE SOME (SELECT b FROM t)",
        "SELECT a !~~* ANY(b), a ~~ ALL(ARRAY['x']), NOT a ~~ SOME(SELECT b FROM t)",
    ),
    ("SELECT * FROM t VERSION AS OF 3 x", "="),
    ("SELECT \"A\", \"b c\" FROM \"T\"", "="),
    ("WITH x AS (SELECT 1) SELECT * FROM x", "="),
    (
        "WITH d AS (DELETE FROM t WHERE a = 1 RETURNING *) SELECT * FROM d",
        "=",
    ),
    (
        "with recursive a as (select 1), d(x) as not materialized (with b as (table u) insert into t select * from b returning c) update t set c = x from d",
        "WITH RECURSIVE a AS (SELECT 1), d (x) AS (INSERT INTO t WITH b AS (SELECT * FROM u) SELECT * FROM b RETURNING c) UPDATE t SET c = x FROM d",
    ),
    ("VALUES (1, 'a'), (2, 'b')", "="),
    ("(SELECT 1) UNION ALL (SELECT 2)", "="),
    ("TABLE s.t", "SELECT * FROM s.t"),
    ("SELECT * FROM t FOR UPDATE", "="),
    (
        "SELECT * FROM t FOR NO KEY UPDATE OF t SKIP LOCKED FOR SHARE LIMIT 1 + 1 OFFSET 2",
        "SELECT * FROM t LIMIT 1 + 1 OFFSET 2 FOR UPDATE OF t SKIP LOCKED FOR SHARE",
    ),
    (
        "INSERT INTO t SELECT * FROM u FOR UPDATE LIMIT 1 RETURNING a",
        "INSERT INTO t SELECT * FROM u LIMIT 1 FOR UPDATE RETURNING a",
    ),
    (
        "SELECT * FROM (SELECT a FROM t FOR UPDATE LIMIT 1) AS s",
        "SELECT * FROM (SELECT a FROM t LIMIT 1 FOR UPDATE) AS s",
    ),
    (
        "select * from t order by 1 limit 1 for no key update skip locked",
        "SELECT * FROM t ORDER BY 1 LIMIT 1 FOR UPDATE SKIP LOCKED",
    ),
    (
        "SELECT * FROM t, s.u AS v FOR KEY SHARE OF t, v NOWAIT FOR UPDATE OF t",
        "SELECT * FROM t, s.u AS v FOR SHARE OF t NOWAIT FOR SHARE OF v NOWAIT FOR UPDATE OF t",
    ),
    ("SELECT * FROM t VERSION AS OF 3", "="),
    ("SELECT * FROM t TIMESTAMP AS OF '2026-01-01' AS x", "="),
    ("SELECT f(a => 1, b => 'x')", "="),
    (
        "SELECT a::int, b::text FROM t",
        "SELECT a::INT, b::TEXT FROM t",
    ),
    (
        "SELECT count(*) FILTER (WHERE x > 1) OVER (PARTITION BY a ORDER BY b) FROM t",
        "=",
    ),
    ("EXPLAIN SELECT 1", "="),
    (
        "explain analyze verbose select 1",
        "EXPLAIN ANALYZE VERBOSE SELECT 1",
    ),
    (
        "EXPLAIN (ANALYZE, VERBOSE false, COSTS off, FORMAT text) SELECT 1",
        "EXPLAIN ANALYZE SELECT 1",
    ),
    (
        "EXPLAIN (FORMAT json, ANALYZE, COSTS false, VERBOSE on, BUFFERS off) SELECT 1",
        "EXPLAIN (ANALYZE, VERBOSE, COSTS off, FORMAT JSON) SELECT 1",
    ),
    ("EXPLAIN (FORMAT XML) SELECT 1", "="),
    ("EXPLAIN (FORMAT YAML) UPDATE t SET a = 1", "="),
    ("EXPLAIN (SELECT 1)", "="),
    ("EXPLAIN ANALYZE REFRESH MODEL m FULL", "="),
    ("explain refresh model s.m", "EXPLAIN REFRESH MODEL s.m"),
    (
        "EXPLAIN ANALYZE CREATE OR REPLACE MODEL m OPTIONS (unique_id = 'id') AS SELECT id, a FROM t",
        "=",
    ),
    ("EXPLAIN REFRESH MODEL m FULL", "="),
    ("EXPLAIN ANALYZE REFRESH MATERIALIZED VIEW v", "="),
    (
        "explain analyze refresh v",
        "EXPLAIN ANALYZE REFRESH MATERIALIZED VIEW v",
    ),
    (
        "explain analyze refresh v full",
        "EXPLAIN ANALYZE REFRESH MATERIALIZED VIEW v FULL",
    ),
    ("EXPLAIN UPDATE t SET a = 1", "="),
    (
        "alter table only s.t rename a to \"B\"",
        "ALTER TABLE s.t RENAME COLUMN a TO \"B\"",
    ),
    ("ALTER TABLE IF EXISTS t RENAME TO u", "="),
    (
        "alter user r in database tributary set search_path = a, \"B\"",
        "ALTER ROLE r SET search_path TO a, \"B\"",
    ),
    (
        "ALTER ROLE r SET work_mem = '4MB'",
        "ALTER ROLE r SET work_mem TO '4MB'",
    ),
    ("ALTER ROLE r RESET work_mem", "="),
    ("ALTER GROUP r ADD USER a, \"B\"", "="),
    ("ALTER GROUP r DROP USER a", "="),
    ("ALTER ROLE r RESET ALL", "="),
    (
        "SELECT a FROM t ORDER BY a USING >, b USING <",
        "SELECT a FROM t ORDER BY a DESC, b ASC",
    ),
    ("ALTER MATERIALIZED VIEW t SET SCHEMA \"My s\"", "="),
    ("ALTER VIEW v OWNER TO tributary", "="),
    (
        "ALTER MATERIALIZED VIEW v SET (Target_Lag = '1 h', schedule '5 min')",
        "ALTER MATERIALIZED VIEW v SET (target_lag = '1 h', schedule = '5 min')",
    ),
    (
        "ALTER DYNAMIC TABLE v SET TARGET_LAG = '1 h'",
        "ALTER MATERIALIZED VIEW v SET (target_lag = '1 h')",
    ),
    (
        "ALTER MODEL m SET OPTIONS (target_lag = '1 h')",
        "ALTER MODEL m SET (target_lag = '1 h')",
    ),
    (
        "ALTER MATERIALIZED VIEW v RESET (target_lag, schedule)",
        "=",
    ),
    (
        "ALTER TABLE t SET (Fillfactor 70, tombstone_retention = '1 day'), RESET (merge, history)",
        "ALTER TABLE t SET (fillfactor = '70', tombstone_retention = '1 day'), RESET (merge, history)",
    ),
    ("ALTER SCHEMA a RENAME TO b", "="),
    (
        "ALTER TABLE t ADD a NUMERIC(8,2) DEFAULT 1 NOT NULL UNIQUE CHECK (a > 0), DROP IF EXISTS b CASCADE, drop constraint c restrict",
        "ALTER TABLE t ADD COLUMN a NUMERIC(8,2) DEFAULT 1 NOT NULL UNIQUE CHECK (a > 0), DROP COLUMN IF EXISTS b CASCADE, DROP CONSTRAINT c",
    ),
    (
        "ALTER TABLE t ALTER a SET DATA TYPE INT USING a::INT, ALTER COLUMN b SET DEFAULT 1, ALTER b DROP DEFAULT, ALTER c SET NOT NULL, ALTER c DROP NOT NULL",
        "ALTER TABLE t ALTER COLUMN a TYPE INT USING a::INT, ALTER COLUMN b SET DEFAULT 1, ALTER COLUMN b DROP DEFAULT, ALTER COLUMN c SET NOT NULL, ALTER COLUMN c DROP NOT NULL",
    ),
    (
        "ALTER TABLE t ALTER a RESTART, ALTER COLUMN a ADD GENERATED BY DEFAULT AS IDENTITY (start 5), alter a set generated always set increment by 2 set no maxvalue restart with 7, ALTER a DROP IDENTITY IF EXISTS",
        "ALTER TABLE t ALTER COLUMN a RESTART, ALTER COLUMN a ADD GENERATED BY DEFAULT AS IDENTITY ( START 5 ), ALTER COLUMN a SET GENERATED ALWAYS SET INCREMENT BY 2 SET NO MAXVALUE RESTART WITH 7, ALTER COLUMN a DROP IDENTITY IF EXISTS",
    ),
    (
        "ALTER TABLE t ALTER a SET STATISTICS -1, ALTER COLUMN b SET STORAGE EXTERNAL, ALTER c SET COMPRESSION default, ALTER d SET (n_distinct = -0.5), ALTER e RESET (n_distinct, n_distinct_inherited)",
        "ALTER TABLE t ALTER COLUMN a SET STATISTICS -1, ALTER COLUMN b SET STORAGE external, ALTER COLUMN c SET COMPRESSION DEFAULT, ALTER COLUMN d SET (n_distinct = '-0.5'), ALTER COLUMN e RESET (n_distinct, n_distinct_inherited)",
    ),
    (
        "ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (a, b), ADD CHECK (a < b), RENAME CONSTRAINT x TO y",
        "=",
    ),
    (
        "ALTER DEFAULT PRIVILEGES FOR ROLE a, b IN SCHEMA s GRANT SELECT, INSERT ON TABLES TO c, public WITH GRANT OPTION",
        "=",
    ),
    (
        "ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT USAGE ON TYPES TO a WITH GRANT OPTION",
        "=",
    ),
    (
        "alter default privileges in schema s for user a revoke grant option for all privileges on routines from group b cascade",
        "ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA s REVOKE GRANT OPTION FOR ALL ON FUNCTIONS FROM b CASCADE",
    ),
    (
        "ALTER DEFAULT PRIVILEGES REVOKE USAGE ON SCHEMAS FROM a",
        "=",
    ),
    ("CREATE TEMPORARY TABLE t (a INT)", "="),
    (
        "CREATE TEMPORARY TABLE t (a INT) WITH (fillfactor = '70') ON COMMIT DROP",
        "=",
    ),
    (
        "create temp table t on commit delete rows as select 1",
        "CREATE TEMPORARY TABLE t ON COMMIT DELETE ROWS AS SELECT 1",
    ),
    (
        "CREATE TEMPORARY TABLE t (a INT) ON COMMIT PRESERVE ROWS",
        "=",
    ),
    (
        "create function f(a int, b out int) language sql return a",
        "CREATE FUNCTION f(a INT, OUT b INT) RETURNS INT LANGUAGE sql RETURN a",
    ),
    (
        "create function f() returns int stable external security definer language sql return 1",
        "CREATE FUNCTION f() RETURNS INT LANGUAGE sql STABLE SECURITY DEFINER RETURN 1",
    ),
    ("COMMENT ON CONSTRAINT c ON s.t IS 'x'", "="),
    ("COMMENT ON INDEX s.i IS NULL", "="),
    ("CREATE TEMPORARY VIEW v AS SELECT 1", "="),
    (
        "CREATE RECURSIVE VIEW s.v (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM v",
        "CREATE VIEW s.v (n) AS WITH RECURSIVE v (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM v) SELECT n FROM v",
    ),
    (
        "CREATE VIEW v (a) WITH (security_invoker, security_barrier = off) AS SELECT 1",
        "CREATE VIEW v (a) WITH (security_invoker = 'true', security_barrier = 'off') AS SELECT 1",
    ),
    ("ALTER VIEW v SET (security_invoker = 'true')", "="),
    (
        "ALTER VIEW v RESET (security_invoker, security_barrier)",
        "=",
    ),
    (
        "CREATE OR REPLACE TEMP VIEW v AS SELECT 1",
        "CREATE OR REPLACE TEMPORARY VIEW v AS SELECT 1",
    ),
    (
        "create temp table t as select 1",
        "CREATE TEMPORARY TABLE t AS SELECT 1",
    ),
    (
        "CREATE UNIQUE INDEX IF NOT EXISTS i ON s.t (a, \"B\") NULLS NOT DISTINCT",
        "=",
    ),
    (
        "create index concurrently on only t using btree (a desc nulls last)",
        "CREATE INDEX ON t (a DESC NULLS LAST)",
    ),
    (
        "create index i on t using gin (lower(a) text_ops, (a || b) nulls first, c desc) include (d) with (fillfactor = 70) where a > 1",
        "CREATE INDEX i ON t USING gin (lower(a) text_ops, (a || b) NULLS FIRST, c DESC) INCLUDE (d) WITH (fillfactor='70') WHERE a > 1",
    ),
    ("CREATE SCHEMA raw", "="),
    ("CREATE SCHEMA IF NOT EXISTS \"My Schema\"", "="),
    (
        "CREATE EXTERNAL TABLE crm.contact STORED AS csv LOCATION 'data/*.csv' OPTIONS (has_header true, 'format.delimiter' ';', Sample_Rows 5)",
        "CREATE EXTERNAL TABLE crm.contact STORED AS CSV LOCATION 'data/*.csv' OPTIONS (has_header 'true', 'format.delimiter' ';', sample_rows '5')",
    ),
    (
        "CREATE EXTERNAL TABLE IF NOT EXISTS c (\"Id\" BIGINT NOT NULL, Name TEXT) OPTIONS (a.b -1) LOCATION 's3://b/it''s' STORED AS PARQUET",
        "CREATE EXTERNAL TABLE IF NOT EXISTS c (\"Id\" BIGINT NOT NULL, name TEXT) STORED AS PARQUET LOCATION 's3://b/it''s' OPTIONS ('a.b' '-1')",
    ),
    (
        "CREATE OR REPLACE EXTERNAL TABLE c STORED AS JSON LOCATION 'x'",
        "=",
    ),
    ("CREATE VIEW v AS SELECT 1", "="),
    ("CREATE OR REPLACE VIEW s.v (a, \"B\") AS SELECT 1, 2", "="),
    (
        "CREATE VIEW IF NOT EXISTS v AS SELECT * FROM tributary.raw.t",
        "=",
    ),
    (
        "CREATE VIEW tributary.s.v AS SELECT 1",
        "CREATE VIEW s.v AS SELECT 1",
    ),
    (
        "CREATE MATERIALIZED VIEW m AS SELECT * FROM t WITH DATA",
        "CREATE MATERIALIZED VIEW m AS SELECT * FROM t",
    ),
    (
        "CREATE MATERIALIZED VIEW m AS SELECT * FROM t WITH NO DATA",
        "=",
    ),
    (
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t GROUP BY a WITH NO DATA",
        "=",
    ),
    (
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t ORDER BY a LIMIT 3 WITH NO DATA",
        "=",
    ),
    ("CREATE MATERIALIZED VIEW m AS SELECT a WITH NO DATA", "="),
    (
        "CREATE MATERIALIZED VIEW m (a, CONSTRAINT ok EXPECT (a > 0 AND b IS NOT NULL) ON VIOLATION DROP ROW, b, CONSTRAINT hard EXPECT (b LIKE '%@%') ON VIOLATION FAIL UPDATE, CONSTRAINT soft EXPECT (true)) WITH (unique_key = 'a', lookback = 5) AS SELECT 1, 2",
        "CREATE MATERIALIZED VIEW m (a, b, CONSTRAINT ok EXPECT (a > 0 AND b IS NOT NULL) ON VIOLATION DROP ROW, CONSTRAINT hard EXPECT (b LIKE '%@%') ON VIOLATION FAIL UPDATE, CONSTRAINT soft EXPECT (true)) WITH (unique_key = 'a', lookback = '5') AS SELECT 1, 2",
    ),
    (
        "CREATE MATERIALIZED VIEW m (\"constraint\") AS SELECT 1",
        "=",
    ),
    (
        "CREATE TABLE t (a INT NOT NULL, b TEXT NULL, c NUMERIC(10,2))",
        "CREATE TABLE t (a INT NOT NULL, b TEXT, c NUMERIC(10,2))",
    ),
    (
        "CREATE TABLE IF NOT EXISTS t (a TIMESTAMP WITH TIME ZONE, b DOUBLE PRECISION[])",
        "=",
    ),
    ("CREATE OR REPLACE TABLE t AS SELECT 1 AS a", "="),
    (
        "CREATE TABLE t (a INT, like s.u including all excluding comments excluding storage, b TEXT, LIKE v, CHECK (a > 0))",
        "CREATE TABLE t (a INT, LIKE s.u INCLUDING CONSTRAINTS INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING IDENTITY INCLUDING INDEXES, b TEXT, LIKE v, CHECK (a > 0))",
    ),
    ("CREATE TABLE t (LIKE u)", "="),
    ("CREATE TABLE t AS SELECT 1 AS a WITH NO DATA", "="),
    ("CREATE UNLOGGED TABLE t (a INT)", "CREATE TABLE t (a INT)"),
    ("CREATE TABLE t (a) AS EXECUTE p(1, 'x')", "="),
    ("CREATE TEMPORARY TABLE t AS EXECUTE p WITH NO DATA", "="),
    (
        "CREATE TABLE t (a INT, b INT GENERATED ALWAYS AS (a * 2) STORED NOT NULL)",
        "=",
    ),
    (
        "ALTER TABLE t ALTER COLUMN b DROP EXPRESSION IF EXISTS",
        "=",
    ),
    (
        "create table t (a int, b text) with (Unique_Key = a, 'merge' row)",
        "CREATE TABLE t (a INT, b TEXT) WITH (unique_key = 'a', merge = 'row')",
    ),
    (
        "CREATE TABLE t (a) WITH (unique_key = '\"A\", b') AS SELECT 1, 2",
        "=",
    ),
    (
        "CREATE TABLE t WITH (unique_key = 'a') AS SELECT 1 AS a",
        "=",
    ),
    (
        "CREATE TABLE t (a, b) AS VALUES (1, 2) WITH DATA",
        "CREATE TABLE t (a, b) AS VALUES (1, 2)",
    ),
    ("CREATE CHECK one_email AS SELECT 1", "="),
    (
        "CREATE OR REPLACE CHECK q.c WITH (severity = warn) AS SELECT 1",
        "CREATE OR REPLACE CHECK q.c WITH (severity = 'warn') AS SELECT 1",
    ),
    (
        "CREATE MODEL m OPTIONS (model_type = 'entity_resolution', unique_id = 'id') AS SELECT 1 AS id",
        "=",
    ),
    (
        "create or replace model s.m options (Model_Type entity_resolution, seed -5, one_to_one, compare = {dob: 'date', 'Ref Nr': ['l.a = r.a', array['x', 1]]}, block_on = []) as select id from t with no data",
        "CREATE OR REPLACE MODEL s.m OPTIONS (model_type = 'entity_resolution', seed = '-5', one_to_one = 'true', compare = {'dob': 'date', 'Ref Nr': ['l.a = r.a', ['x', '1']]}, block_on = []) AS SELECT id FROM t WITH NO DATA",
    ),
    (
        "CREATE MODEL IF NOT EXISTS m OPTIONS (empty = {}) AS SELECT 'it''s' AS id WITH DATA",
        "CREATE MODEL IF NOT EXISTS m OPTIONS (empty = {}) AS SELECT 'it''s' AS id",
    ),
    ("DROP SCHEMA a, b CASCADE", "="),
    (
        "DROP TABLE IF EXISTS s.t RESTRICT",
        "DROP TABLE IF EXISTS s.t",
    ),
    ("DROP EXTERNAL TABLE t", "="),
    ("DROP VIEW v, w", "="),
    ("DROP MATERIALIZED VIEW m", "="),
    ("DROP CHECK c", "="),
    (
        "drop index concurrently if exists s.i, j cascade",
        "DROP INDEX IF EXISTS s.i, j CASCADE",
    ),
    ("ALTER INDEX i RENAME TO j", "="),
    ("ALTER TABLE t SET LOGGED, REPLICA IDENTITY DEFAULT", "="),
    ("ALTER INDEX i SET (fillfactor = '70')", "="),
    ("ALTER INDEX i RESET (fillfactor, deduplicate_items)", "="),
    ("DROP SEQUENCE IF EXISTS s, t CASCADE", "="),
    (
        "create type s.mood as enum ('sad', 'it''s ok')",
        "CREATE TYPE s.mood AS ENUM ('sad', 'it''s ok')",
    ),
    (
        "CREATE TYPE t AS ENUM ('a', 'c', 'b') ORDERED (-1, 1.5, 2) NUMBERED (1, 3, 2)",
        "=",
    ),
    (
        "CREATE TYPE t AS ENUM ('a') ARRAYS 17 RENAMED ('b' TO 'it''s a', 18 0, 19 4) RENAMED ('it''s a' TO 'a')",
        "=",
    ),
    ("CREATE TYPE t AS ENUM ()", "="),
    (
        "create type s.home as (Street text collate \"C\", \"Zip\" varchar(5), moods s.mood[])",
        "CREATE TYPE s.home AS (street TEXT, \"Zip\" VARCHAR(5), moods s.mood[])",
    ),
    ("CREATE TYPE t AS (a INT) ARRAYS 17", "="),
    (
        "create domain s.email text collate \"C\" default 'a@b' constraint c check (value ~ '@') not null check (length(value) < 9) not valid",
        "CREATE DOMAIN s.email AS TEXT COLLATE \"C\" DEFAULT 'a@b' NOT NULL CONSTRAINT c CHECK (value ~ '@') CONSTRAINT email_check CHECK (length(value) < 9) NOT VALID",
    ),
    (
        "CREATE DOMAIN d AS INT CONSTRAINT d_check CHECK (VALUE > 0) ARRAYS 17",
        "=",
    ),
    ("ALTER DOMAIN d SET DEFAULT 1 + 2", "="),
    ("ALTER DOMAIN d DROP DEFAULT", "="),
    ("ALTER DOMAIN d SET NOT NULL", "="),
    ("ALTER DOMAIN d DROP NOT NULL", "="),
    (
        "ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID",
        "=",
    ),
    ("ALTER DOMAIN d ADD CHECK (VALUE > 0)", "="),
    (
        "ALTER DOMAIN d DROP CONSTRAINT IF EXISTS c CASCADE",
        "ALTER DOMAIN d DROP CONSTRAINT IF EXISTS c",
    ),
    ("ALTER DOMAIN d RENAME CONSTRAINT c TO e", "="),
    ("ALTER DOMAIN d VALIDATE CONSTRAINT c", "="),
    ("ALTER DOMAIN s.d RENAME TO e", "="),
    ("ALTER DOMAIN d SET SCHEMA s", "="),
    ("DROP DOMAIN IF EXISTS s.d, e CASCADE", "="),
    ("COMMENT ON DOMAIN d IS 'x'", "="),
    ("COMMENT ON CONSTRAINT c ON DOMAIN s.d IS 'x'", "="),
    ("COMMENT ON CONSTRAINT c ON domain IS NULL", "="),
    ("COMMENT ON DATABASE tributary IS 'x'", "="),
    ("GRANT USAGE ON DOMAIN d TO r", "="),
    ("REVOKE ALL ON TYPE d FROM r", "="),
    ("DROP TYPE IF EXISTS s.t, u CASCADE", "="),
    (
        "alter type t add attribute a int cascade, drop attribute if exists b restrict, alter attribute c set data type text, rename attribute d to \"E\"",
        "ALTER TYPE t ADD ATTRIBUTE a INT, DROP ATTRIBUTE IF EXISTS b, ALTER ATTRIBUTE c TYPE TEXT, RENAME ATTRIBUTE d TO \"E\"",
    ),
    (
        "alter type t add value if not exists 'x' before 'y'",
        "ALTER TYPE t ADD VALUE IF NOT EXISTS 'x' BEFORE 'y'",
    ),
    ("ALTER TYPE t ADD VALUE 'x' AFTER 'y'", "="),
    ("ALTER TYPE t RENAME VALUE 'x' TO 'y'", "="),
    ("ALTER TYPE t RENAME TO u", "="),
    ("COMMENT ON TYPE t IS 'x'", "="),
    (
        "create sequence if not exists s.q as int increment 2 no minvalue maxvalue 9 start 3 cache 4 no cycle owned by s.t.\"C\"",
        "CREATE SEQUENCE IF NOT EXISTS s.q AS integer INCREMENT BY 2 NO MINVALUE MAXVALUE 9 START WITH 3 CACHE 4 NO CYCLE OWNED BY s.t.\"C\"",
    ),
    (
        "alter sequence q restart increment by -1 owned by none",
        "ALTER SEQUENCE q INCREMENT BY -1 OWNED BY NONE RESTART",
    ),
    ("ALTER SEQUENCE q RESTART WITH 5", "="),
    ("CREATE TEMPORARY SEQUENCE q CYCLE", "="),
    ("CREATE SCHEMA s AUTHORIZATION r", "="),
    (
        "CREATE SCHEMA s CREATE INDEX i ON t (a) CREATE VIEW v AS SELECT a FROM t GRANT SELECT ON t TO r CREATE TABLE t (a int)",
        "CREATE SCHEMA s CREATE TABLE t (a INT) CREATE VIEW v AS SELECT a FROM t CREATE INDEX i ON t (a) GRANT SELECT ON TABLE t TO r",
    ),
    (
        "CREATE USER u WITH ENCRYPTED PASSWORD 'it''s' NOCREATEDB VALID UNTIL '2030-01-01' IN ROLE a, b ADMIN c",
        "CREATE ROLE u NOCREATEDB LOGIN PASSWORD 'it''s' VALID UNTIL '2030-01-01' IN ROLE a, b ADMIN c",
    ),
    (
        "CREATE ROLE \"R\" SUPERUSER NOINHERIT CONNECTION LIMIT 3 PASSWORD NULL",
        "=",
    ),
    ("ALTER ROLE u NOLOGIN", "="),
    ("ALTER USER u RENAME TO v", "ALTER ROLE u RENAME TO v"),
    ("DROP USER IF EXISTS u, v", "DROP ROLE IF EXISTS u, v"),
    (
        "CREATE OR REPLACE FUNCTION s.f(a int, b text DEFAULT 'x') RETURNS int LANGUAGE sql IMMUTABLE STRICT AS $$SELECT 1$$",
        "CREATE OR REPLACE FUNCTION s.f(a INT, b TEXT DEFAULT 'x') RETURNS INT LANGUAGE sql IMMUTABLE STRICT AS E'SELECT 1'",
    ),
    (
        "CREATE FUNCTION f(int) RETURNS TABLE (a int, b text) BEGIN ATOMIC SELECT a, b FROM t WHERE c = $1; END",
        "CREATE FUNCTION f(INT) RETURNS TABLE (a INT, b TEXT) LANGUAGE sql BEGIN ATOMIC SELECT a, b FROM t WHERE c = $1; END",
    ),
    (
        "CREATE FUNCTION f() RETURNS SETOF t STABLE RETURN 1",
        "CREATE FUNCTION f() RETURNS SETOF t LANGUAGE sql STABLE RETURN 1",
    ),
    ("DROP FUNCTION IF EXISTS f, s.g(integer, text) CASCADE", "="),
    ("DROP ROUTINE f(integer)", "DROP FUNCTION f(integer)"),
    (
        "DROP FOREIGN TABLE IF EXISTS t",
        "DROP EXTERNAL TABLE IF EXISTS t",
    ),
    (
        "DROP AGGREGATE IF EXISTS f(*), s.g(int, text) CASCADE",
        "DROP AGGREGATE IF EXISTS f(*), s.g(integer, text)",
    ),
    ("DROP OPERATOR s.+(NONE, integer)", "="),
    ("DROP OPERATOR CLASS c USING btree", "="),
    ("DROP CAST (text AS integer)", "="),
    (
        "DROP TRIGGER IF EXISTS t ON s.r RESTRICT",
        "DROP TRIGGER IF EXISTS t ON s.r",
    ),
    ("DROP TEXT SEARCH PARSER a, s.\"B\"", "="),
    ("DROP DATABASE d WITH (FORCE)", "DROP DATABASE d"),
    ("ALTER FUNCTION f(integer) RENAME TO \"F 1\"", "="),
    (
        "ALTER ROUTINE s.f OWNER TO joe",
        "ALTER FUNCTION s.f OWNER TO joe",
    ),
    (
        "ALTER FUNCTION f(a int) SET SCHEMA s",
        "ALTER FUNCTION f(integer) SET SCHEMA s",
    ),
    (
        "ALTER FUNCTION f() security definer cost 10 strict immutable restrict",
        "ALTER FUNCTION f() IMMUTABLE STRICT SECURITY DEFINER COST 10",
    ),
    (
        "CREATE FUNCTION f() RETURNS INT SET search_path = a, \"B\" SET work_mem FROM CURRENT SET time zone 'UTC' AS 'SELECT 1'",
        "CREATE FUNCTION f() RETURNS INT LANGUAGE sql SET search_path TO a, \"B\" SET work_mem FROM CURRENT SET timezone TO 'UTC' AS E'SELECT 1'",
    ),
    (
        "ALTER FUNCTION f() STABLE RESET ALL SET a.b = 'c' RESET work_mem SET jit TO DEFAULT",
        "ALTER FUNCTION f() STABLE RESET ALL SET a.b TO 'c' RESET work_mem RESET jit",
    ),
    (
        "ALTER FUNCTION f() rows -1.5 parallel safe not leakproof",
        "ALTER FUNCTION f() NOT LEAKPROOF PARALLEL SAFE ROWS -1.5",
    ),
    (
        "CREATE FUNCTION f() RETURNS SETOF INT LEAKPROOF COST 0.5 ROWS 7 PARALLEL RESTRICTED RETURN 1",
        "CREATE FUNCTION f() RETURNS SETOF INT LANGUAGE sql LEAKPROOF PARALLEL RESTRICTED COST 0.5 ROWS 7 RETURN 1",
    ),
    ("GRANT a, b TO c WITH ADMIN OPTION", "="),
    ("REVOKE ADMIN OPTION FOR a FROM c", "="),
    (
        "GRANT SELECT (a, b), insert ON s.t TO u, PUBLIC WITH GRANT OPTION",
        "GRANT SELECT (a, b), INSERT ON TABLE s.t TO u, public WITH GRANT OPTION",
    ),
    (
        "REVOKE GRANT OPTION FOR ALL PRIVILEGES ON SEQUENCE q FROM u CASCADE",
        "REVOKE GRANT OPTION FOR ALL ON SEQUENCE q FROM u CASCADE",
    ),
    ("GRANT USAGE, CREATE ON SCHEMA s TO u", "="),
    ("GRANT CONNECT ON DATABASE tributary TO u", "="),
    ("GRANT ALL ON ALL TABLES IN SCHEMA s, r TO u", "="),
    ("REASSIGN OWNED BY a, b TO c", "="),
    ("DROP OWNED BY a CASCADE", "="),
    ("SET ROLE r", "="),
    ("SET LOCAL ROLE NONE", "="),
    ("SET ROLE \"A b\"", "="),
    ("SET ROLE 'r'", "SET ROLE r"),
    ("SET ROLE \"none\"", "SET ROLE NONE"),
    ("SET LOCAL SESSION AUTHORIZATION \"default\"", "="),
    ("SET SESSION AUTHORIZATION DEFAULT", "="),
    ("RESET ROLE", "="),
    ("RESET SESSION AUTHORIZATION", "="),
    ("DROP MODEL IF EXISTS s.m CASCADE", "="),
    ("REFRESH MATERIALIZED VIEW s.m", "="),
    ("REFRESH MATERIALIZED VIEW s.m WITH NO DATA", "="),
    ("REFRESH MODEL s.m", "="),
    ("refresh model m full", "REFRESH MODEL m FULL"),
    (
        "refresh materialized view concurrently m full",
        "REFRESH MATERIALIZED VIEW m FULL",
    ),
    ("REFRESH MATERIALIZED VIEW m FROM '2026-01-01'", "="),
    (
        "REFRESH MATERIALIZED VIEW m FROM '2026-01-01' TO '2026-02-01'",
        "=",
    ),
    ("INSERT INTO t VALUES (1, DEFAULT)", "="),
    (
        "INSERT INTO t DEFAULT VALUES",
        "INSERT INTO t VALUES (DEFAULT)",
    ),
    (
        "INSERT INTO s.t AS x (a) SELECT 1 ON CONFLICT (a) DO UPDATE SET a = excluded.a, b = DEFAULT WHERE x.a > 1 RETURNING *, a + 1 AS c",
        "=",
    ),
    ("INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", "="),
    (
        "INSERT INTO t (a, b.c, b.\"D\".e, f[1], g[1:2]) VALUES (1, 2, 3, 4, '{5}')",
        "=",
    ),
    (
        "INSERT INTO t (a . b, a . c) SELECT 1, 2",
        "INSERT INTO t (a.b, a.c) SELECT 1, 2",
    ),
    (
        "INSERT INTO t VALUES (1) ON CONFLICT (a, (b), a) WHERE a > 1 DO NOTHING",
        "INSERT INTO t VALUES (1) ON CONFLICT (a, b) WHERE a > 1 DO NOTHING",
    ),
    (
        "INSERT INTO t VALUES (1) ON CONFLICT (a, lower(b)) DO NOTHING",
        "INSERT INTO t VALUES (1) ON CONFLICT (a, (lower(b))) DO NOTHING",
    ),
    (
        "INSERT INTO t VALUES (1) ON CONFLICT ON CONSTRAINT \"K\" DO NOTHING",
        "=",
    ),
    (
        "UPDATE ONLY t x SET (a, b) = (1, DEFAULT) FROM u, v WHERE x.a = u.a RETURNING x.*",
        "UPDATE t AS x SET a = 1, b = DEFAULT FROM u, v WHERE x.a = u.a RETURNING x.*",
    ),
    (
        "UPDATE t SET (a, \"B\") = (SELECT count(*), 'x' FROM u), c = 1",
        "=",
    ),
    (
        "UPDATE t SET a[2] = 5, b = 1, a[i] = 'x'",
        "UPDATE t SET b = 1, a = array_assign(array_assign(\"t\".\"a\", 2, 5), i, 'x')",
    ),
    (
        "UPDATE t SET a['b'][2] = '5', a[0] = '1'",
        "UPDATE t SET a = array_assign(element_assign(\"t\".\"a\", '5', 'b', 2), 0, '1')",
    ),
    (
        "UPDATE t AS u SET a[1:2] = '{3,4}'",
        "UPDATE t AS u SET a = array_assign(\"u\".\"a\", 1, 2, '{3,4}')",
    ),
    (
        "UPDATE t SET (a, b) = ((SELECT t.c, 2)), (c) = (SELECT 3)",
        "UPDATE t SET a = (SELECT t.c), b = (SELECT 2), c = (SELECT 3)",
    ),
    (
        "DELETE FROM t USING u JOIN v ON true WHERE t.a = u.a RETURNING t.a",
        "=",
    ),
    ("DELETE FROM s.t", "="),
    ("RESTORE TABLE s.t TO VERSION AS OF 3", "="),
    (
        "restore t to timestamp as of now() - interval '1 day' cascade",
        "RESTORE TABLE t TO TIMESTAMP AS OF now() - INTERVAL '1 day' CASCADE",
    ),
    (
        "RESTORE t TO VERSION AS OF 3 RESTRICT",
        "RESTORE TABLE t TO VERSION AS OF 3",
    ),
    ("OPTIMIZE t", "="),
    (
        "optimize table s.t zorder by (a, \"B\")",
        "OPTIMIZE s.t ZORDER BY (a, \"B\")",
    ),
    ("ANALYZE", "="),
    (
        "analyse verbose t (a, \"B\"), s.u",
        "ANALYZE t (a, \"B\"), s.u",
    ),
    ("ANALYZE (VERBOSE, SKIP_LOCKED off) t", "ANALYZE t"),
    ("VACUUM (VERBOSE off, ANALYZE) t", "VACUUM t"),
    ("VACUUM (ANALYZE true, VERBOSE 1) t", "VACUUM VERBOSE t"),
    (
        "VACUUM ANALYZE t (a), s.u RETAIN 3 HOURS DRY RUN",
        "VACUUM t, s.u RETAIN 3 HOURS DRY RUN",
    ),
    (
        "create extension if not exists \"uuid-ossp\" with schema s version '1.1' cascade",
        "CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\"",
    ),
    ("CREATE EXTENSION plpgsql", "="),
    (
        "DROP EXTENSION IF EXISTS a, \"B\" CASCADE",
        "DROP EXTENSION IF EXISTS a, \"B\"",
    ),
    ("COMMENT ON EXTENSION plpgsql IS 'x'", "="),
    (
        "ALTER INDEX i SET TABLESPACE pg_default",
        "ALTER INDEX i SET TABLESPACE PG_DEFAULT",
    ),
    ("REINDEX TABLE CONCURRENTLY s.t", "="),
    (
        "reindex (verbose off, concurrently, tablespace pg_default) index i",
        "REINDEX INDEX CONCURRENTLY i",
    ),
    ("REINDEX SCHEMA \"S\"", "="),
    ("REINDEX DATABASE d", "="),
    ("REINDEX (CONCURRENTLY 0) SYSTEM d", "REINDEX SYSTEM d"),
    ("CHECKPOINT", "="),
    ("LOCK t", "LOCK TABLE t IN ACCESS EXCLUSIVE MODE"),
    (
        "LOCK TABLE ONLY s.t *, u IN SHARE UPDATE EXCLUSIVE MODE NOWAIT",
        "LOCK TABLE s.t, u IN SHARE UPDATE EXCLUSIVE MODE NOWAIT",
    ),
    ("LOCK TABLE t IN SHARE MODE", "="),
    ("LOCK TABLE t IN ROW EXCLUSIVE MODE", "="),
    ("COMMENT ON FUNCTION s.f(integer) IS 'x'", "="),
    ("COMMENT ON ROLE r IS NULL", "="),
    (
        "GRANT EXECUTE ON FUNCTION s.f(integer), g TO u WITH GRANT OPTION",
        "=",
    ),
    (
        "REVOKE ALL ON ALL ROUTINES IN SCHEMA s FROM public",
        "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA s FROM public",
    ),
    ("TRUNCATE t, s.u CASCADE", "TRUNCATE TABLE t, s.u CASCADE"),
    ("TRUNCATE TABLE t RESTART IDENTITY", "="),
    ("TRUNCATE t CONTINUE IDENTITY RESTRICT", "TRUNCATE TABLE t"),
    (
        "with recursive w(a) as (select 1) update t set (a, b) = row(1, 2), (c) = (select d from u) from w",
        "WITH RECURSIVE w (a) AS (SELECT 1) UPDATE t SET a = 1, b = 2, c = (SELECT d FROM u) FROM w",
    ),
    (
        "UPDATE t SET (a, b) = (SELECT x, y AS z FROM u WHERE u.i = t.i)",
        "=",
    ),
    (
        "WITH w AS (SELECT 1) DELETE FROM t USING w RETURNING *",
        "=",
    ),
    (
        "WITH w AS (SELECT 1 AS a) MERGE INTO t USING w ON t.a = w.a WHEN NOT MATCHED THEN INSERT (a) OVERRIDING USER VALUE VALUES (1)",
        "=",
    ),
    (
        "WITH w AS (SELECT 1) INSERT INTO t (a) OVERRIDING SYSTEM VALUE WITH v AS (SELECT 2) SELECT * FROM w, v",
        "INSERT INTO t (a) OVERRIDING SYSTEM VALUE WITH w AS (SELECT 1), v AS (SELECT 2) SELECT * FROM w, v",
    ),
    (
        "CREATE TABLE t (a INT GENERATED ALWAYS AS IDENTITY (INCREMENT BY 2 START WITH 5), b SERIAL, c INT UNIQUE NULLS NOT DISTINCT NOT NULL)",
        "CREATE TABLE t (a INT GENERATED ALWAYS AS IDENTITY ( INCREMENT BY 2 START WITH 5 ) NOT NULL, b SERIAL, c INT NOT NULL, CONSTRAINT t_c_key UNIQUE NULLS NOT DISTINCT (c))",
    ),
    (
        "MERGE INTO t AS x USING (SELECT 1 AS a) AS s ON x.a = s.a WHEN MATCHED AND x.a > 1 THEN DELETE WHEN MATCHED THEN UPDATE SET a = 1 WHEN NOT MATCHED THEN INSERT (a, b) VALUES (1, DEFAULT) WHEN NOT MATCHED BY SOURCE THEN DO NOTHING RETURNING a",
        "=",
    ),
    (
        "merge into only t using a join b using (x) left join c on c.x = a.x on t.a = a.x when matched then delete returning merge_action()",
        "MERGE INTO t USING (a JOIN b USING(x) LEFT JOIN c ON c.x = a.x) ON t.a = a.x WHEN MATCHED THEN DELETE RETURNING merge_action()",
    ),
    (
        "merge t using s on t.a = s.a when matched then update set * when not matched by target then insert *",
        "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
    ),
    (
        "CREATE TABLE t (a INT PRIMARY KEY CHECK (a > 0), b TEXT UNIQUE DEFAULT 'x', UNIQUE NULLS NOT DISTINCT (a, b), CHECK (a < 9))",
        "CREATE TABLE t (a INT NOT NULL, b TEXT DEFAULT 'x', CONSTRAINT t_pkey PRIMARY KEY (a), CONSTRAINT t_a_check CHECK (a > 0), CONSTRAINT t_b_key UNIQUE (b), CONSTRAINT t_a_b_key UNIQUE NULLS NOT DISTINCT (a, b), CONSTRAINT t_a_check1 CHECK (a < 9))",
    ),
    (
        "CREATE TABLE t (a INT REFERENCES s.u, b INT CONSTRAINT k REFERENCES u (x) MATCH FULL ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED, FOREIGN KEY (a, b) REFERENCES t (b, a) ON DELETE SET DEFAULT ON UPDATE RESTRICT NOT DEFERRABLE NOT VALID)",
        "CREATE TABLE t (a INT, b INT, CONSTRAINT t_a_fkey FOREIGN KEY (a) REFERENCES s.u, CONSTRAINT k FOREIGN KEY (b) REFERENCES u(x) MATCH FULL ON UPDATE SET NULL ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, CONSTRAINT t_a_b_fkey FOREIGN KEY (a, b) REFERENCES t(b, a) ON UPDATE RESTRICT ON DELETE SET DEFAULT NOT VALID)",
    ),
    (
        "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u DEFERRABLE INITIALLY IMMEDIATE, VALIDATE CONSTRAINT c, ALTER CONSTRAINT c INITIALLY DEFERRED, ALTER CONSTRAINT c NOT DEFERRABLE, DROP CONSTRAINT d CASCADE",
        "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u DEFERRABLE, VALIDATE CONSTRAINT c, ALTER CONSTRAINT c DEFERRABLE INITIALLY DEFERRED, ALTER CONSTRAINT c NOT DEFERRABLE, DROP CONSTRAINT d CASCADE",
    ),
    (
        "ALTER TABLE t ADD COLUMN a INT CONSTRAINT k REFERENCES u(b) ON DELETE CASCADE",
        "=",
    ),
    ("SET CONSTRAINTS ALL DEFERRED", "="),
    ("SET CONSTRAINTS s.a, b IMMEDIATE", "="),
    (
        "TRUNCATE t, u RESTART IDENTITY CASCADE",
        "TRUNCATE TABLE t, u RESTART IDENTITY CASCADE",
    ),
    ("INSERT INTO s.t (a, \"B\") SELECT 1, 2", "="),
    ("INSERT INTO t (SELECT 1)", "="),
    ("INSERT INTO t WITH x AS (SELECT 1) SELECT * FROM x", "="),
    (
        "COPY t FROM STDIN",
        "COPY t FROM STDIN WITH (FORMAT text, DELIMITER '\t', NULL '\\N', HEADER false)",
    ),
    (
        "COPY t (a, b) FROM STDIN WITH CSV HEADER",
        "COPY t (a, b) FROM STDIN WITH (FORMAT csv, DELIMITER ',', NULL '', HEADER true, QUOTE '\"', ESCAPE '\"')",
    ),
    (
        "COPY t TO STDOUT (FORMAT csv, HEADER true, NULL 'n/a', DELIMITER ';', QUOTE '''')",
        "COPY t TO STDOUT WITH (FORMAT csv, DELIMITER ';', NULL 'n/a', HEADER true, QUOTE '''', ESCAPE '''')",
    ),
    ("COPY t (a) FROM STDIN WITH (FORMAT binary)", "="),
    (
        "COPY t (a) FROM STDIN WITH (FORMAT binary) WHERE a > 3",
        "=",
    ),
    (
        "COPY t TO STDOUT WITH BINARY",
        "COPY t TO STDOUT WITH (FORMAT binary)",
    ),
    (
        "COPY BINARY t TO STDOUT",
        "COPY t TO STDOUT WITH (FORMAT binary)",
    ),
    (
        "COPY binary FROM STDIN",
        "COPY \"binary\" FROM STDIN WITH (FORMAT text, DELIMITER '\t', NULL '\\N', HEADER false)",
    ),
    (
        "COPY t FROM STDIN DELIMITER AS '|' NULL AS 'x'",
        "COPY t FROM STDIN WITH (FORMAT text, DELIMITER '|', NULL 'x', HEADER false)",
    ),
    (
        "COPY t FROM STDIN WITH (DELIMITER E'\\t')",
        "COPY t FROM STDIN WITH (FORMAT text, DELIMITER '\t', NULL '\\N', HEADER false)",
    ),
    (
        "COPY (SELECT * FROM t) TO STDOUT WITH (FORMAT csv)",
        "COPY (SELECT * FROM t) TO STDOUT WITH (FORMAT csv, DELIMITER ',', NULL '', HEADER false, QUOTE '\"', ESCAPE '\"')",
    ),
    (
        "COPY t (a, \"B\") TO STDOUT CSV FORCE QUOTE a, \"B\"",
        "COPY t (a, \"B\") TO STDOUT WITH (FORMAT csv, DELIMITER ',', NULL '', HEADER false, QUOTE '\"', ESCAPE '\"', FORCE_QUOTE (a, \"B\"))",
    ),
    (
        "COPY t TO STDOUT (FORMAT csv, FORCE_QUOTE *)",
        "COPY t TO STDOUT WITH (FORMAT csv, DELIMITER ',', NULL '', HEADER false, QUOTE '\"', ESCAPE '\"', FORCE_QUOTE *)",
    ),
    (
        "COPY t FROM STDIN CSV HEADER FORCE NOT NULL a, b FORCE NULL c",
        "COPY t FROM STDIN WITH (FORMAT csv, DELIMITER ',', NULL '', HEADER true, QUOTE '\"', ESCAPE '\"', FORCE_NOT_NULL (a, b), FORCE_NULL (c))",
    ),
    (
        "COPY t FROM STDIN (HEADER match)",
        "COPY t FROM STDIN WITH (FORMAT text, DELIMITER '\t', NULL '\\N', HEADER match)",
    ),
    (
        "COPY t FROM STDIN WITH (FORMAT binary, ENCODING 'latin1')",
        "COPY t FROM STDIN WITH (FORMAT binary, ENCODING 'LATIN1')",
    ),
    ("COMMENT ON TABLE s.t IS 'it''s'", "="),
    ("COMMENT ON MATERIALIZED VIEW m IS NULL", "="),
    ("COMMENT ON COLUMN s.t.\"C\" IS 'c'", "="),
    ("COMMENT ON SCHEMA s IS 's'", "="),
    ("COMMENT ON MODEL s.m IS 'm'", "="),
    (
        "COMMENT ON CHECK c IS $$two 'quotes'$$",
        "COMMENT ON CHECK c IS 'two ''quotes'''",
    ),
    ("DESCRIBE HISTORY s.t", "="),
    ("DESCRIBE HISTORY t LIMIT 3", "="),
    ("desc history t", "DESCRIBE HISTORY t"),
    ("SET x TO 5", "SET x TO '5'"),
    ("SET LOCAL a.b = off", "SET LOCAL a.b TO 'off'"),
    (
        "SET SESSION DateStyle TO ISO, MDY",
        "SET datestyle TO 'iso, mdy'",
    ),
    (
        "SET search_path TO \"$user\", Public, 'a b'",
        "SET search_path TO \"$user\", public, \"a b\"",
    ),
    ("SET x TO DEFAULT", "="),
    (
        "SET TIME ZONE 'Europe/Berlin'",
        "SET timezone TO 'Europe/Berlin'",
    ),
    ("SET TIME ZONE -3", "SET timezone TO '-3'"),
    ("SET TIME ZONE LOCAL", "SET timezone TO DEFAULT"),
    ("SET NAMES 'UTF8'", "SET client_encoding TO 'UTF8'"),
    (
        "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "=",
    ),
    ("SET TRANSACTION READ ONLY", "="),
    (
        "set transaction isolation level repeatable read read write, not deferrable",
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE, NOT DEFERRABLE",
    ),
    ("SET transaction TO 'x'", "="),
    ("RESET x", "="),
    ("RESET ALL", "="),
    ("SHOW ALL", "="),
    ("SHOW TIME ZONE", "SHOW timezone"),
    ("SHOW Search_Path", "SHOW search_path"),
    (
        "SHOW TRANSACTION ISOLATION LEVEL",
        "SHOW transaction_isolation",
    ),
    ("BEGIN", "="),
    (
        "begin work isolation level serializable, read only",
        "BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY",
    ),
    ("START TRANSACTION READ WRITE", "="),
    ("BEGIN DEFERRABLE", "="),
    ("COMMIT", "="),
    ("END TRANSACTION", "COMMIT"),
    ("ROLLBACK AND NO CHAIN", "ROLLBACK"),
    ("ABORT", "ROLLBACK"),
    ("COMMIT AND CHAIN", "="),
    ("END WORK AND NO CHAIN", "COMMIT"),
    ("ROLLBACK TRANSACTION AND CHAIN", "ROLLBACK AND CHAIN"),
    ("SAVEPOINT a", "="),
    ("SAVEPOINT \"A b\"", "="),
    ("RELEASE a", "RELEASE SAVEPOINT a"),
    ("RELEASE SAVEPOINT savepoint", "="),
    ("release savepoint", "RELEASE SAVEPOINT savepoint"),
    ("ROLLBACK WORK TO a", "ROLLBACK TO SAVEPOINT a"),
    ("ROLLBACK TO SAVEPOINT a", "="),
    ("PREPARE q AS SELECT 1", "="),
    (
        "prepare \"Q\"(int, text, unknown, numeric(3, 1)) as select $1, $2",
        "PREPARE \"Q\" (INT, TEXT, unknown, NUMERIC(3,1)) AS SELECT $1, $2",
    ),
    ("PREPARE i (INT) AS INSERT INTO t VALUES ($1)", "="),
    (
        "PREPARE u AS WITH w AS (SELECT 1) DELETE FROM t WHERE a = $1",
        "=",
    ),
    ("EXECUTE q", "="),
    ("execute q (1 + 1, 'it''s')", "EXECUTE q(1 + 1, 'it''s')"),
    ("DEALLOCATE q", "="),
    ("DEALLOCATE PREPARE q", "DEALLOCATE q"),
    ("DEALLOCATE PREPARE \"all\"", "DEALLOCATE \"all\""),
    ("DEALLOCATE prepare", "="),
    ("DEALLOCATE PREPARE ALL", "DEALLOCATE ALL"),
    ("DECLARE c CURSOR FOR SELECT 1", "="),
    (
        "declare \"C\" binary insensitive scroll cursor with hold for select 1",
        "DECLARE \"C\" BINARY SCROLL CURSOR WITH HOLD FOR SELECT 1",
    ),
    (
        "DECLARE c NO SCROLL ASENSITIVE CURSOR WITHOUT HOLD FOR VALUES (1)",
        "DECLARE c CURSOR FOR VALUES (1)",
    ),
    ("FETCH c", "FETCH FORWARD 1 FROM c"),
    ("FETCH next", "FETCH FORWARD 1 FROM next"),
    ("FETCH NEXT FROM c", "FETCH FORWARD 1 FROM c"),
    ("FETCH FROM c", "FETCH FORWARD 1 FROM c"),
    ("FETCH PRIOR IN c", "FETCH BACKWARD 1 FROM c"),
    ("FETCH FIRST c", "FETCH ABSOLUTE 1 FROM c"),
    ("FETCH LAST FROM c", "FETCH ABSOLUTE -1 FROM c"),
    ("FETCH ABSOLUTE -7 FROM c", "="),
    ("FETCH RELATIVE +2 FROM c", "FETCH RELATIVE 2 FROM c"),
    ("FETCH 5 FROM c", "FETCH FORWARD 5 FROM c"),
    ("FETCH -5 FROM c", "FETCH FORWARD -5 FROM c"),
    ("FETCH ALL FROM c", "FETCH FORWARD ALL FROM c"),
    ("FETCH FORWARD c", "FETCH FORWARD 1 FROM c"),
    ("FETCH FORWARD 0 FROM c", "="),
    ("MOVE BACKWARD ALL IN c", "MOVE BACKWARD ALL FROM c"),
    ("MOVE BACKWARD FROM c", "MOVE BACKWARD 1 FROM c"),
    ("MOVE c", "MOVE FORWARD 1 FROM c"),
    ("CLOSE c", "="),
    ("CLOSE ALL", "="),
    ("DISCARD ALL", "="),
    ("DISCARD PLANS", "="),
    ("DISCARD SEQUENCES", "="),
    ("DISCARD TEMPORARY", "DISCARD TEMP"),
    ("ALTER MATERIALIZED VIEW s.m SUSPEND", "="),
    (
        "alter dynamic table if exists m resume",
        "ALTER MATERIALIZED VIEW IF EXISTS m RESUME",
    ),
    ("ALTER MODEL m RESUME", "="),
    ("LISTEN \"My Channel\"", "="),
    ("NOTIFY c", "="),
    ("notify C, 'it''s'", "NOTIFY c, 'it''s'"),
    ("NOTIFY c, ''", "NOTIFY c"),
    ("UNLISTEN *", "="),
    ("unlisten Orders", "UNLISTEN orders"),
];

#[test]
fn statements_read_back() {
    for (written, displayed) in STATEMENTS {
        let statement = parse_one(written).unwrap_or_else(|error| {
            panic!("{written}: {error} {:?}", error.detail());
        });
        let shown = statement.to_string();
        let expected = if *displayed == "=" {
            written
        } else {
            displayed
        };
        assert_eq!(shown, *expected, "display of {written}");
        let again = parse_one(&shown).unwrap_or_else(|error| panic!("{shown}: {error}"));
        assert_eq!(again, statement, "{written}");
    }
}

#[test]
fn every_keyword_can_be_a_name() {
    for keyword in datafusion::sql::sqlparser::keywords::ALL_KEYWORDS {
        let name = ObjectName::from(QualifiedName::new(keyword.to_lowercase(), *keyword));
        for statement in [
            format!("DROP TABLE {name}, {name} CASCADE"),
            format!("REFRESH MATERIALIZED VIEW {name} FULL"),
            format!(
                "COMMENT ON COLUMN {name}.{} IS 'x'",
                Quoted(&keyword.to_lowercase())
            ),
            format!("SELECT * FROM {name}"),
            format!("COPY {name} FROM STDIN"),
        ] {
            let parsed = parse_one(&statement).unwrap_or_else(|error| {
                panic!("{statement}: {error}");
            });
            assert_eq!(parse_one(&parsed.to_string()).as_ref().ok(), Some(&parsed));
        }
    }
}

proptest! {
    #[test]
    fn any_name_reads_back(schema in "\\PC{1,12}", name in "[a-zA-Z\" .$é]{1,12}") {
        let name = ObjectName::from(QualifiedName::new(schema, name));
        let sql = format!("REFRESH MATERIALIZED VIEW {name}");
        // Names that cannot be written are refused, never changed.
        if let Ok(statement) = parse_one(&sql) {
            let Statement::Refresh(refresh) = statement else {
                panic!("{sql}");
            };
            prop_assert_eq!(refresh.name, name);
        }
    }

    #[test]
    fn any_string_reads_back(text in "['\\\\a$\n\t\"]{0,12}|\\PC{0,12}") {
        let sql = format!(
            "CREATE VIEW v AS SELECT '{}' AS x",
            text.replace('\'', "''")
        );
        let statement = parse_one(&sql).unwrap();
        let shown = statement.to_string();
        prop_assert_eq!(parse_one(&shown).unwrap(), statement, "{}", shown);
        let comment = format!("COMMENT ON VIEW v IS '{}'", text.replace('\'', "''"));
        let Statement::Comment(comment) = parse_one(&comment).unwrap() else {
            panic!("{comment}");
        };
        prop_assert_eq!(comment.text.as_deref(), Some(text.as_str()));
    }
}
