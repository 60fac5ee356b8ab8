//! What clients do with a session beside queries, held against PostgreSQL: psql runs a script on
//! both and prints the same rows, tags and SQLSTATEs.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::postgres::Postgres;
use crate::psql::{psql, psql_script_as};
use crate::server::Server;

/// What PostgreSQL and this server print of a script, and that it is the same, line by line.
fn prints_the_same(script: &str) {
    let script = format!("\\set VERBOSITY sqlstate\n\\set ECHO queries\n{script}");
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let ours = psql_script_as("tributary", server.port, &script);
    let postgres = Postgres::start(&[]);
    let theirs = psql_script_as("postgres", postgres.port, &script);
    let (ours, theirs): (Vec<&str>, Vec<&str>) = (ours.lines().collect(), theirs.lines().collect());
    let same = ours.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
    let around = |lines: &[&str]| {
        let start = same.saturating_sub(8);
        lines[start..lines.len().min(same + 8)].join("\n")
    };
    assert!(
        same == ours.len() && same == theirs.len(),
        "this server:\n{}\n\nPostgreSQL:\n{}",
        around(&ours),
        around(&theirs)
    );
}

#[test]
fn statements_are_prepared_as_in_postgres() {
    prints_the_same(
        "CREATE TABLE t (id bigint);
PREPARE q AS SELECT 1 AS one;
EXECUTE q;
EXECUTE q(1);
PREPARE q AS SELECT 2;
PREPARE p (int, text) AS SELECT $1 + 1 AS n, $2 || '!' AS t;
EXECUTE p(1, 'a');
EXECUTE p(1);
EXECUTE p(1 + 1, 'a' || 'b');
EXECUTE p(NULL, NULL);
EXECUTE p('x', 'a');
EXECUTE p(column_of_nothing, 'a');
EXECUTE missing;
PREPARE wrong AS SELECT missing FROM t;
PREPARE untyped (nosuchtype) AS SELECT $1;
PREPARE \"Q 2\" AS VALUES (1), (2);
EXECUTE \"Q 2\";
SELECT name, statement, parameter_types, from_sql FROM pg_prepared_statements ORDER BY name;
PREPARE i (bigint) AS INSERT INTO t VALUES ($1);
EXECUTE i(7);
EXECUTE i(8);
PREPARE s AS SELECT id FROM t ORDER BY id;
EXECUTE s;
DEALLOCATE q;
DEALLOCATE q;
DEALLOCATE PREPARE p;
EXECUTE p(1, 'a');
BEGIN;
PREPARE within AS SELECT 3 AS three;
ROLLBACK;
EXECUTE within;
DISCARD PLANS;
EXECUTE s;
DISCARD SEQUENCES;
DISCARD TEMP;
DEALLOCATE ALL;
EXECUTE s;
PREPARE s AS SELECT 1 AS one;
DISCARD ALL;
EXECUTE s;
SELECT count(*) FROM pg_prepared_statements;
BEGIN;
DISCARD ALL;
ROLLBACK;
CREATE SCHEMA zz;
CREATE TABLE zz.t (id bigint);
INSERT INTO zz.t VALUES (70);
PREPARE p AS SELECT id FROM t ORDER BY id;
PREPARE i (bigint) AS INSERT INTO t VALUES ($1);
EXECUTE p;
EXECUTE p;
EXECUTE p;
SET search_path = zz, public;
EXECUTE i(71);
EXECUTE p;
SET search_path = public;
EXECUTE i(9);
EXECUTE p;
CREATE TEMPORARY TABLE t (id bigint);
EXECUTE i(700);
EXECUTE p;
DROP TABLE pg_temp.t;
EXECUTE p;
SELECT id FROM zz.t ORDER BY id;
DROP TABLE t;
EXECUTE p;
EXECUTE i(1);
",
    );
}

#[test]
fn cursors_go_where_they_go_in_postgres() {
    let moves = [
        "NEXT",
        "0",
        "2",
        "ABSOLUTE 2",
        "ABSOLUTE 4",
        "RELATIVE 0",
        "RELATIVE 1",
        "ALL",
        "NEXT",
        "ABSOLUTE 9",
        "PRIOR",
        "BACKWARD 2",
        "RELATIVE -1",
        "LAST",
        "FORWARD 0",
        "ABSOLUTE -2",
        "BACKWARD ALL",
        "PRIOR",
        "FIRST",
        "ABSOLUTE 0",
        "-1",
        "FORWARD -1",
        "BACKWARD -3",
        "BACKWARD 0",
        "RELATIVE -9",
        "RELATIVE 3",
        "FORWARD ALL",
        "BACKWARD ALL",
    ];
    let query = "SELECT n, -n AS m FROM (VALUES (1), (2), (3), (4), (5)) AS v (n) ORDER BY n";
    let none = "SELECT n FROM (VALUES (1)) AS v (n) WHERE n > 1";
    let mut script = String::new();
    for query in [query, none] {
        for command in ["FETCH", "MOVE"] {
            script += &format!("BEGIN;\nDECLARE c SCROLL CURSOR FOR {query};\n");
            for direction in moves {
                script += &format!("{command} {direction} FROM c;\n");
            }
            script += "CLOSE c;\nCOMMIT;\n";
            // One that only goes forwards, from its start and from its second row.
            for direction in moves {
                for start in ["", "FETCH 2 FROM c;"] {
                    script += &format!(
                        "BEGIN;\nDECLARE c NO SCROLL CURSOR FOR {query};\n{start}\n{command} {direction} FROM c;\nFETCH c;\nROLLBACK;\n"
                    );
                }
            }
        }
    }
    script += "BEGIN;
DECLARE c NO SCROLL CURSOR FOR VALUES (1), (2);
SAVEPOINT s;
FETCH PRIOR FROM c;
ROLLBACK TO s;
FETCH c;
ROLLBACK;
";
    prints_the_same(&script);
}

#[test]
fn cursors_live_as_long_as_in_postgres() {
    prints_the_same(
        "DECLARE c CURSOR FOR SELECT 1;
FETCH c;
CLOSE c;
MOVE c;
BEGIN;
DECLARE c SCROLL NO SCROLL CURSOR FOR SELECT 1;
ROLLBACK;
BEGIN;
DECLARE c CURSOR FOR SELECT 1 AS one;
DECLARE c CURSOR FOR SELECT 2;
ROLLBACK;
BEGIN;
DECLARE c CURSOR FOR SELECT 1 AS one;
COMMIT;
FETCH c;
DECLARE h CURSOR WITH HOLD FOR VALUES (1), (2), (3);
FETCH h;
BEGIN;
DECLARE k SCROLL CURSOR WITH HOLD FOR VALUES (7), (8);
FETCH h;
SELECT name, statement, is_holdable, is_binary, is_scrollable FROM pg_cursors WHERE name = 'k';
COMMIT;
FETCH ALL FROM k;
FETCH PRIOR FROM k;
BEGIN;
DECLARE gone CURSOR WITH HOLD FOR VALUES (9);
ROLLBACK;
FETCH gone;
FETCH h;
FETCH h;
CLOSE ALL;
FETCH h;
BEGIN;
DECLARE before CURSOR FOR VALUES (1), (2), (3);
FETCH before;
SAVEPOINT s;
DECLARE after CURSOR FOR VALUES (1);
FETCH before;
SELECT nothing;
ROLLBACK TO s;
FETCH before;
FETCH after;
ROLLBACK;
BEGIN;
DECLARE broken CURSOR FOR SELECT 1 / (n - 2) AS q FROM (VALUES (1), (2)) AS v (n) ORDER BY n;
FETCH ALL FROM broken;
FETCH broken;
COMMIT;
CREATE TABLE t (id bigint);
INSERT INTO t VALUES (1);
DECLARE held CURSOR WITH HOLD FOR SELECT id FROM t;
INSERT INTO t VALUES (2);
FETCH ALL FROM held;
CLOSE held;
BEGIN;
DECLARE missing CURSOR FOR SELECT * FROM nowhere;
ROLLBACK;
DECLARE d CURSOR WITH HOLD FOR SELECT 1;
DISCARD ALL;
FETCH d;
SELECT pg_advisory_unlock_all();
CLOSE ALL;
UNLISTEN *;
UNLISTEN channel;
RESET ALL;
DECLARE c CURSOR FOR SELECT 1 AS one\\; FETCH c\\; CLOSE c;
DECLARE c CURSOR FOR SELECT 1 AS one\\; FETCH c;
FETCH c;
SET LOCAL application_name = 'local'\\; SHOW application_name;
SHOW application_name;
",
    );
}

#[test]
fn transactions_begin_fail_and_end_as_in_postgres() {
    prints_the_same(
        "CREATE TABLE t (id bigint);
COMMIT;
ROLLBACK;
BEGIN;
BEGIN;
SELECT 1 AS one;
SELECT nothing;
SELECT 1 AS one;
SAVEPOINT s;
SHOW transaction_isolation;
COMMIT;
SELECT 1 AS one;
BEGIN;
SELECT nothing;
ROLLBACK;
ABORT;
END;
SAVEPOINT s;
RELEASE s;
ROLLBACK TO s;
COMMIT AND CHAIN;
ROLLBACK AND CHAIN;
START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE;
SHOW transaction_isolation;
SHOW transaction_read_only;
SHOW transaction_deferrable;
COMMIT AND CHAIN;
SHOW transaction_isolation;
ROLLBACK AND CHAIN;
SHOW transaction_read_only;
COMMIT;
SHOW transaction_isolation;
SHOW transaction_read_only;
BEGIN READ ONLY;
SELECT count(*) FROM t;
INSERT INTO t VALUES (1);
COMMIT;
BEGIN READ ONLY;
CREATE TABLE u (id bigint);
ROLLBACK;
BEGIN READ ONLY;
SET TRANSACTION READ WRITE;
SHOW transaction_read_only;
ROLLBACK;
BEGIN READ ONLY;
SELECT count(*) FROM t;
SET TRANSACTION READ WRITE;
ROLLBACK;
BEGIN;
SELECT count(*) FROM t;
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
ROLLBACK;
BEGIN;
SELECT count(*) FROM t;
SET TRANSACTION READ ONLY;
INSERT INTO t VALUES (1);
ROLLBACK;
BEGIN;
SAVEPOINT s;
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
ROLLBACK;
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
SHOW transaction_isolation;
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SHOW transaction_isolation;
SHOW default_transaction_isolation;
INSERT INTO t VALUES (1);
BEGIN READ WRITE;
SHOW transaction_isolation;
SHOW transaction_read_only;
COMMIT;
RESET ALL;
SHOW transaction_isolation;
BEGIN;
SAVEPOINT a;
SELECT 1 AS one;
SAVEPOINT b;
SELECT nothing;
ROLLBACK TO b;
SELECT 2 AS two;
RELEASE SAVEPOINT a;
ROLLBACK TO b;
ROLLBACK;
BEGIN;
SAVEPOINT a;
SAVEPOINT a;
RELEASE a;
ROLLBACK TO a;
RELEASE a;
RELEASE a;
COMMIT;
",
    );
}

#[test]
fn settings_last_as_long_as_in_postgres() {
    prints_the_same(
        "SET LOCAL application_name TO 'nowhere';
SHOW application_name;
SET application_name TO 'a';
BEGIN;
SET LOCAL application_name TO 'b';
SHOW application_name;
COMMIT;
SHOW application_name;
BEGIN;
SET application_name TO 'c';
ROLLBACK;
SHOW application_name;
BEGIN;
SET application_name TO 'd';
SAVEPOINT s;
SET application_name TO 'e';
ROLLBACK TO s;
SHOW application_name;
SET LOCAL application_name TO 'f';
RELEASE s;
SHOW application_name;
COMMIT;
SHOW application_name;
BEGIN;
SET LOCAL application_name TO 'g';
SET application_name TO 'h';
SHOW application_name;
COMMIT;
SHOW application_name;
RESET application_name;
RESET nothing_known;
SET nothing_known TO 1;
SET TIME ZONE 'Europe/Berlin';
BEGIN;
SET LOCAL TIME ZONE 'Asia/Tokyo';
SELECT TIMESTAMPTZ '2026-01-01 00:00:00Z' AS at;
ROLLBACK;
SELECT TIMESTAMPTZ '2026-01-01 00:00:00Z' AS at;
RESET ALL;
",
    );
}

#[test]
fn messages_below_a_level_are_not_sent() {
    prints_the_same(
        "CREATE TABLE t (id bigint);
ALTER TABLE t ADD COLUMN IF NOT EXISTS id bigint;
SET client_min_messages TO warning;
ALTER TABLE t ADD COLUMN IF NOT EXISTS id bigint;
SET LOCAL application_name TO 'x';
SET client_min_messages = 'ERROR';
SHOW client_min_messages;
ALTER TABLE t ADD COLUMN IF NOT EXISTS id bigint;
SET LOCAL application_name TO 'x';
SELECT nothing;
SET client_min_messages TO debug;
SHOW client_min_messages;
SET client_min_messages TO debug1;
SET client_min_messages TO info;
SHOW client_min_messages;
ALTER TABLE t ADD COLUMN IF NOT EXISTS id bigint;
SET client_min_messages TO fatal;
SET client_min_messages TO log;
SET LOCAL application_name TO 'x';
BEGIN;
SET LOCAL client_min_messages TO error;
ALTER TABLE t ADD COLUMN IF NOT EXISTS id bigint;
COMMIT;
ALTER TABLE t ADD COLUMN IF NOT EXISTS id bigint;
RESET client_min_messages;
SHOW client_min_messages;
",
    );
}

#[test]
fn functions_tell_of_the_session_as_in_postgres() {
    prints_the_same(
        "CREATE TABLE t (id bigint NOT NULL, name text);
CREATE VIEW v AS SELECT id FROM t;
COMMENT ON TABLE t IS 'a table';
COMMENT ON COLUMN t.name IS 'a column';
SET application_name TO 'x';
SELECT current_setting('application_name');
SELECT current_setting('nothing_known');
SELECT current_setting('nothing_known', true);
SELECT set_config('application_name', 'y', false);
SHOW application_name;
BEGIN;
SELECT set_config('application_name', 'z', true);
SHOW application_name;
COMMIT;
SHOW application_name;
SELECT set_config('nothing_known', 'z', true);
SELECT pg_typeof(1::int), pg_typeof('a'::text), pg_typeof(1.5::numeric), pg_typeof(ARRAY['a']), pg_typeof(true), pg_typeof(1.5::float8);
SELECT to_regclass('t'), to_regclass('nowhere'), to_regclass('pg_catalog.pg_class'), to_regtype('int4'), to_regtype('nothing'), to_regnamespace('public'), to_regnamespace('nowhere');
SELECT 't'::regclass, 't'::regclass::text, 'int4'::regtype, 'character varying'::regtype, 'int[]'::regtype, 'public'::regnamespace;
SELECT 'nowhere'::regclass;
SELECT 'nothing'::regtype;
SELECT 'nowhere'::regnamespace;
SELECT 'pg_class'::regclass::oid, 1259::regclass, 23::regtype, 0::regclass;
SELECT has_table_privilege('t', 'SELECT'), has_table_privilege('t', 'select, INSERT'), has_schema_privilege('public', 'USAGE'), has_column_privilege('t', 'id', 'UPDATE'), has_database_privilege(current_database(), 'CONNECT'), has_table_privilege(0::oid, 'SELECT');
SELECT has_table_privilege('nowhere', 'SELECT');
SELECT has_table_privilege('t', 'FLY');
SELECT has_table_privilege('nobody', 't', 'SELECT');
SELECT has_schema_privilege('nowhere', 'USAGE');
SELECT pg_table_is_visible('t'::regclass), pg_type_is_visible(23), pg_is_in_recovery();
SELECT format_type(23, -1), format_type(1043, 14), format_type(1009, -1), format_type(2276, -1), format_type(3614, -1), format_type(22, -1), format_type(1560, -1), format_type(1231, -1), format_type(18, -1);
SELECT obj_description('t'::regclass), obj_description('t'::regclass, 'pg_class'), col_description('t'::regclass, 2), col_description('t'::regclass, 1);
SELECT txid_current() = txid_current() AS same, pg_backend_pid() = pg_backend_pid() AS same_process;
SELECT current_schemas(false), current_schemas(true);
SELECT pg_client_encoding(), getdatabaseencoding(), pg_encoding_to_char(6), pg_char_to_encoding('UTF8');
SELECT pg_size_pretty(10::bigint), pg_size_pretty(123456789::bigint);
SELECT pg_relation_size('nowhere');
INSERT INTO t VALUES (1, 'one');
SELECT pg_table_size('t') > 0 AS table, pg_total_relation_size('t'::regclass) > 0 AS total, pg_relation_size('v') AS view;
SELECT pg_size_pretty(pg_table_size(oid)) IS NOT NULL AS shown FROM pg_class WHERE relname = 't';
SELECT pg_database_size(current_database()) > 0 AS database;
SELECT pg_sleep(0);
SET statement_timeout TO '50ms';
SELECT pg_sleep(600);
RESET statement_timeout;
SELECT pg_get_function_arguments(oid), pg_get_function_identity_arguments(oid), pg_get_function_result(oid) FROM pg_proc WHERE proname IN ('substr', 'generate_series', 'concat', 'pg_settings') ORDER BY oid;
SELECT oid, typname, typlen, typelem, typarray, typcategory FROM pg_type WHERE oid IN (16, 23, 1007, 3614, 2276) ORDER BY oid;
SELECT count(*) AS functions FROM pg_proc WHERE pronamespace = 11;
SELECT count(*) AS casts FROM pg_cast;
SELECT count(*) AS operators FROM pg_operator;
SELECT castcontext FROM pg_cast WHERE castsource = 'int4'::regtype AND casttarget = 'int8'::regtype;
SELECT attname, atttypid, attnum, attnotnull FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum;
",
    );
}

/// A connection as a role, without a password.
async fn connect_as(
    server: &Server,
    user: &str,
) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(server.port);
    config.user(user).dbname("tributary");
    let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

#[tokio::test]
async fn who_is_no_role_does_not_get_in_and_who_is_none_any_more_may_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let refused = connect_as(&server, "nobody").await.err().unwrap();
    let refused = refused.as_db_error().unwrap();
    assert_eq!(refused.code().code(), "28000");
    assert_eq!(refused.message(), "role \"nobody\" does not exist");

    let first = connect_as(&server, "tributary").await.unwrap();
    let made = "CREATE TABLE own (id INT); CREATE ROLE ann LOGIN; GRANT ALL ON own TO ann";
    first.batch_execute(made).await.unwrap();
    let ann = connect_as(&server, "ann").await.unwrap();
    ann.batch_execute("INSERT INTO own VALUES (1)")
        .await
        .unwrap();
    first
        .batch_execute("REVOKE ALL ON own FROM ann; DROP ROLE ann")
        .await
        .unwrap();
    for forbidden in [
        "SELECT * FROM own",
        "DROP TABLE own",
        "CREATE SCHEMA theirs",
        "SET ROLE tributary",
        "SET SESSION AUTHORIZATION tributary",
    ] {
        let error = ann.batch_execute(forbidden).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501", "{forbidden}");
    }
    assert!(connect_as(&server, "ann").await.is_err());
}

#[test]
fn a_connection_is_told_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let own = psql(
        &server,
        &["SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)"],
    );
    assert!(
        own.contains("FATAL:  terminating connection due to administrator command"),
        "{own}"
    );
    let mut waiting = Command::new("psql")
        .args(["-X", "-h", "127.0.0.1", "-p", &server.port.to_string()])
        .args(["-U", "tributary", "tributary"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = waiting.stdin.take().unwrap();
    input
        .write_all(b"SET application_name = 'waits';\nSELECT 'there';\n")
        .unwrap();
    let others = "FROM pg_stat_activity WHERE application_name = 'waits' AND state = 'idle'";
    // psql sends what it has read at once; the other connection has to come first.
    let mut count = String::new();
    while !count.contains("\n1\n") {
        count = psql(&server, &[&format!("SELECT count(*) {others}")]);
    }
    let ended = psql(
        &server,
        &[
            &format!("SELECT pg_terminate_backend(pid, 60000) {others}"),
            &format!("SELECT count(*) {others}"),
            "SELECT pg_terminate_backend(0), pg_terminate_backend(NULL)",
            "SELECT pg_terminate_backend(0, -1)",
        ],
    );
    assert_eq!(
        ended,
        "pg_terminate_backend\nt\n(1 row)\ncount\n0\n(1 row)\npg_terminate_backend|pg_terminate_backend\nf|\n(1 row)\nERROR:  \"timeout\" must not be negative\n"
    );
    drop(input);
    waiting.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_have_their_place_in_the_text() {
    use tokio_postgres::error::ErrorPosition;

    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client
        .batch_execute("CREATE TABLE a (id int, x int)")
        .await
        .unwrap();
    for (sql, place) in [
        ("SELECT id,\n nope FROM a", 13),
        ("SELECT a.nope FROM a", 8),
        ("SELECT * FROM nope", 15),
        ("INSERT INTO a (id, nope) VALUES (1, 2)", 20),
        ("UPDATE a SET nope = 1", 14),
        ("SELECT id, count(*) FROM a", 8),
        ("SELECT nofn(1)", 8),
        ("CREATE VIEW v AS SELECT nope FROM a", 25),
        ("SELECT U&'wrong: \\061'", 18),
        ("SELECT\nU&'a' UESCAPE 1", 22),
        ("INSERT INTO a (x) VALUES (true)", 27),
        ("SELECT 1 UNION SELECT true", 23),
        ("SELECT id FROM a WHERE x", 24),
    ] {
        let simple = client.simple_query(sql).await.unwrap_err();
        let simple = simple.as_db_error().unwrap();
        let expected = Some(&ErrorPosition::Original(place));
        assert_eq!(simple.position(), expected, "{sql}");
    }
    let prepared = client.prepare("SELECT nope FROM a").await.unwrap_err();
    let prepared = prepared.as_db_error().unwrap();
    assert_eq!(prepared.position(), Some(&ErrorPosition::Original(8)));
    let dropped = client.simple_query("DROP TABLE nope").await.unwrap_err();
    assert_eq!(dropped.as_db_error().unwrap().position(), None);
}
