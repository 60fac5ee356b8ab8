//! What a statement tells beside its answer, in Postgres's words: the places of bad rows, what
//! `CASCADE` took away, what of a message is done when a later statement fails.

use crate::psql::{psql, psql_script};
use crate::server::Server;

/// What psql prints of a script, with every field of its errors.
fn verbose(server: &Server, script: &str) -> String {
    psql_script(server, &format!("\\set VERBOSITY verbose\n{script}"))
}

#[test]
fn a_bad_row_of_copy_is_told_with_its_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    psql(
        &server,
        &["CREATE TABLE t (id INT NOT NULL, code VARCHAR(3), at TIMESTAMPTZ, net NUMERIC(5, 2))"],
    );
    let cases = [
        (
            "copy t (id) from stdin;\n1\n2\nx3\n\\.\n",
            "ERROR:  22P02: invalid input syntax for type integer: \"x3\"\nCONTEXT:  COPY t, line 3, column id: \"x3\"\n",
        ),
        (
            "copy t (id, code) from stdin with (format csv, header);\nid,code\n1,\"a\n\"\n2,abcd\n\\.\n",
            "ERROR:  22001: value too long for type character varying(3)\nCONTEXT:  COPY t, line 4, column code: \"abcd\"\n",
        ),
        (
            "copy t (id, code) from stdin csv;\n1,a\n2\n\\.\n",
            "ERROR:  22P04: missing data for column \"code\"\nCONTEXT:  COPY t, line 2: \"2\"\n",
        ),
        (
            "copy t (id, code) from stdin;\n1\ta\tb\n\\.\n",
            "ERROR:  22P04: extra data after last expected column\nCONTEXT:  COPY t, line 1: \"1\ta\tb\"\n",
        ),
        (
            "copy t (id, code) from stdin csv;\n1,a\n,b\n\\.\n",
            "ERROR:  23502: null value in column \"id\" of relation \"t\" violates not-null constraint\nCONTEXT:  COPY t, line 2\nSCHEMA NAME:  public\nTABLE NAME:  t\nCOLUMN NAME:  id\n",
        ),
        (
            "copy t (code) from stdin csv;\na\n\\.\n",
            "ERROR:  23502: null value in column \"id\" of relation \"t\" violates not-null constraint\nCONTEXT:  COPY t, line 1\n",
        ),
        (
            "copy t (id, at) from stdin csv;\n1,2024-01-01 12:00\n2,2024-13-01 12:00\n\\.\n",
            "ERROR:  22008: date/time field value out of range: \"2024-13-01 12:00\"\nHINT:  Perhaps you need a different \"datestyle\" setting.\nCONTEXT:  COPY t, line 2, column at: \"2024-13-01 12:00\"\n",
        ),
        (
            "copy t (id, net) from stdin csv;\n1,1000\n\\.\n",
            "ERROR:  22003: numeric field overflow\n",
        ),
        (
            "insert into t (code) values ('a');\n",
            "ERROR:  23502: null value in column \"id\" of relation \"t\" violates not-null constraint\nDETAIL:  Failing row contains (null, a, null, null).\nHINT:  Give the column a value, or leave such rows out.\nSCHEMA NAME:  public\nTABLE NAME:  t\nCOLUMN NAME:  id\n",
        ),
    ];
    for (script, expected) in cases {
        let told = verbose(&server, script);
        assert!(told.contains(expected), "{script}: {told}");
    }
    assert_eq!(
        psql(&server, &["SELECT count(*) FROM t"]),
        "count\n0\n(1 row)\n"
    );
}

#[test]
fn copy_reads_the_forms_of_moments_that_postgres_does() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let told = psql_script(
        &server,
        "\\pset tuples_only\n\\pset format unaligned\n\
         create table m (id int, local timestamp, at timestamptz, day date);\n\
         set time zone 'Europe/Berlin';\n\
         copy m from stdin csv;\n\
         1,2024-07-01 12:00,2024-07-01 12:00,2024-7-1\n\
         2,2024-07-01T12:00:01.5,2024-07-01T12:00Z,20240701\n\
         3,2024-07-01 12:00+05,2024-07-01 12:00+0530,2024-07-01\n\
         4,2024-07-01 12:00 UTC,2024-07-01 12:00 UTC,2024-07-01 12:00\n\
         \\.\n\
         set time zone 'UTC';\n\
         select * from m order by id;\n",
    );
    let expected = "1|2024-07-01 12:00:00|2024-07-01 10:00:00+00|2024-07-01\n\
                    2|2024-07-01 12:00:01.5|2024-07-01 12:00:00+00|2024-07-01\n\
                    3|2024-07-01 12:00:00|2024-07-01 06:30:00+00|2024-07-01\n\
                    4|2024-07-01 12:00:00|2024-07-01 12:00:00+00|2024-07-01\n";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn a_record_that_no_blocking_rule_goes_by_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    psql(
        &server,
        &[
            "CREATE TABLE person AS SELECT i AS id, substr(md5('last' || i / 2), 1, 8) AS last_name, substr(md5('mail' || i / 2), 1, 8) || '@mail.example' AS email FROM generate_series(0, 199) s(i)",
            "CREATE MODEL m OPTIONS (model_type = 'entity_resolution', unique_id = 'id', block_on = ['email']) AS SELECT * FROM person",
        ],
    );
    let notice = "NOTICE:  entity_lookup finds nothing of a record without what a blocking rule of model public.m goes by\nHINT:  Give the record what one of these rules goes by: SELECT rule FROM entity_blocking_report('public.m').\n";
    for without in [
        "SELECT id FROM entity_lookup('m', named_struct('last_name', (SELECT last_name FROM person WHERE id = 6)))",
        "SELECT e.id FROM person p, entity_lookup('m', named_struct('last_name', p.last_name)) e",
        "SELECT id FROM entity_lookup('m', named_struct('last_name', 'dae3583b'))",
    ] {
        let told = psql(&server, &[without]);
        assert_eq!(told.matches("NOTICE").count(), 1, "{told}");
        assert!(told.contains("(0 rows)"), "{told}");
        assert!(told.contains(notice), "{told}");
    }
    for with in [
        "SELECT id FROM entity_lookup('m', named_struct('last_name', 'x', 'email', 'nobody@mail.example'))",
        "SELECT e.id FROM person p, entity_lookup('m', named_struct('email', p.email)) e",
        "SELECT id FROM entity_lookup('m', named_struct('last_name', NULL))",
    ] {
        let told = psql(&server, &[with]);
        assert!(!told.contains("NOTICE"), "{told}");
    }
}

#[test]
fn cascade_tells_what_it_took_away() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    psql(
        &server,
        &[
            "CREATE TABLE t (id INT)",
            "CREATE VIEW a AS SELECT * FROM t",
            "CREATE VIEW b AS SELECT * FROM a",
            "CREATE MATERIALIZED VIEW c AS SELECT * FROM b",
        ],
    );
    assert_eq!(
        psql(&server, &["DROP VIEW b CASCADE"]),
        "DROP VIEW\nNOTICE:  drop cascades to materialized view public.c\n"
    );
    psql(&server, &["CREATE VIEW b AS SELECT * FROM a"]);
    assert_eq!(
        psql(&server, &["DROP TABLE t CASCADE"]),
        "DROP TABLE\nNOTICE:  drop cascades to 2 other objects\nDETAIL:  drop cascades to view public.a\ndrop cascades to view public.b\n"
    );
    psql(
        &server,
        &[
            "CREATE SCHEMA s",
            "CREATE TABLE s.t (id INT)",
            "CREATE TABLE u (id INT)",
        ],
    );
    assert_eq!(
        psql(&server, &["DROP SCHEMA s CASCADE"]),
        "DROP SCHEMA\nNOTICE:  drop cascades to table s.t\n"
    );
    assert_eq!(psql(&server, &["DROP TABLE u CASCADE"]), "DROP TABLE\n");
}

#[test]
fn a_message_of_several_statements_is_one_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let told = psql(
        &server,
        &["CREATE TABLE t (id INT); INSERT INTO t VALUES (1), (2); SELECT 1 / 0"],
    );
    assert!(told.ends_with("ERROR:  division by zero\n"), "{told}");
    let gone = psql(&server, &["SELECT count(*) FROM t"]);
    assert!(gone.contains("relation \"t\" does not exist"), "{gone}");
    psql(
        &server,
        &["CREATE TABLE t (id INT); INSERT INTO t VALUES (1)"],
    );
    assert_eq!(
        psql(&server, &["SELECT count(*) FROM t"]),
        "count\n1\n(1 row)\n"
    );
}

#[test]
fn an_error_tells_what_of_its_message_is_committed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let told = psql(
        &server,
        &[
            "CREATE TABLE t (id INT); INSERT INTO t VALUES (1), (2); OPTIMIZE t; INSERT INTO t VALUES (3); SELECT 1 / 0",
        ],
    );
    assert!(
        told.ends_with(
            "ERROR:  division by zero\n\
             DETAIL:  What the same message wrote before this statement is committed: CREATE TABLE, INSERT 0 2, OPTIMIZE.\n\
             HINT:  What cannot run in a transaction ends the one before it; repeat only the rest.\n"
        ),
        "{told}"
    );
    assert_eq!(
        psql(&server, &["SELECT count(*) FROM t"]),
        "count\n2\n(1 row)\n"
    );
}

#[test]
fn a_numeric_column_without_digits_tells_how_many_it_keeps() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let told = psql(
        &server,
        &["CREATE TABLE n (a NUMERIC, b NUMERIC(12, 4), c DECIMAL)"],
    );
    assert_eq!(
        told,
        "CREATE TABLE\nNOTICE:  numeric without digits is numeric(38,10) in a table\n\
         DETAIL:  Values of columns a, c are rounded to 10 digits after the point.\n\
         HINT:  Say how many digits are to be kept, as in numeric(38, 20).\n"
    );
}

#[test]
fn a_merge_tells_of_rows_that_it_leaves_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    psql(
        &server,
        &[
            "CREATE TABLE k (id INT, note TEXT, seq INT) WITH (unique_key = 'id', version_column = 'seq')",
            "INSERT INTO k VALUES (1, 'a', 5)",
            "DELETE FROM k",
        ],
    );
    let merge = "merge into k using (values (1, 4), (2, 1), (2, 2), (null, 1)) as s (id, seq) on k.id = s.id
        when not matched then insert (id, seq) values (s.id, s.seq)";
    let told = verbose(&server, &format!("{merge};\n"));
    for expected in [
        "NOTICE:  00000: 2 rows left out that are not later than what is known of the key\n",
        "WARNING:  01000: 1 row without a key left out\nHINT:  All of them are in tributary.rejected_rows.\n",
        "MERGE 1\n",
    ] {
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn plans_are_told_as_documents() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    psql(
        &server,
        &[
            "CREATE TABLE t (id INT PRIMARY KEY, code TEXT)",
            "INSERT INTO t VALUES (1, 'a')",
        ],
    );
    let plan = |statement: &str| {
        let told = psql(&server, &[statement]);
        let plan = told.strip_prefix("QUERY PLAN\n");
        let plan = plan.and_then(|plan| plan.strip_suffix("(1 row)\n"));
        plan.unwrap_or_else(|| panic!("{told}")).to_owned()
    };
    // As PostgreSQL tells it, to the letter.
    assert_eq!(
        plan("EXPLAIN (FORMAT JSON, COSTS OFF) SELECT 1"),
        "[\n  {\n    \"Plan\": {\n      \"Node Type\": \"Result\",\n      \"Parallel Aware\": false,\n      \
         \"Async Capable\": false\n    }\n  }\n]\n"
    );
    assert_eq!(
        plan("EXPLAIN (FORMAT XML, COSTS OFF) SELECT 1"),
        "<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n  <Query>\n    <Plan>\n      \
         <Node-Type>Result</Node-Type>\n      <Parallel-Aware>false</Parallel-Aware>\n      \
         <Async-Capable>false</Async-Capable>\n    </Plan>\n  </Query>\n</explain>\n"
    );
    assert_eq!(
        plan("EXPLAIN (FORMAT YAML, COSTS OFF) SELECT 1"),
        "- Plan: \n    Node Type: \"Result\"\n    Parallel Aware: false\n    Async Capable: false\n"
    );
    let sorted = "SELECT code, count(*) FROM t WHERE id > 0 GROUP BY code ORDER BY 2 DESC LIMIT 3";
    let json = plan(&format!("EXPLAIN (FORMAT JSON, ANALYZE) {sorted}"));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let names = |pointer: &str| json.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(names("/0/Plan/Actual Rows"), 1);
    assert!(names("/0/Execution Time").is_number(), "{json}");
    let mut found = Vec::new();
    let mut node = &json[0]["Plan"];
    while let Some(name) = node["Node Type"].as_str() {
        found.push(name.to_owned());
        node = &node["Plans"][0];
    }
    assert!(found.iter().any(|name| name == "Sort"), "{found:?}");
    assert!(found.iter().any(|name| name == "Aggregate"), "{found:?}");
    assert_eq!(found.last().map(String::as_str), Some("Seq Scan"), "{json}");
    let change = plan("EXPLAIN (FORMAT JSON) UPDATE t SET code = 'b' WHERE code = 'a'");
    assert!(
        serde_json::from_str::<serde_json::Value>(&change).is_ok(),
        "{change}"
    );
    let with = "WITH gone AS (DELETE FROM t RETURNING id) SELECT * FROM gone";
    let with = plan(&format!("EXPLAIN (FORMAT JSON) {with}"));
    let with: serde_json::Value = serde_json::from_str(&with).unwrap();
    assert_eq!(with[0]["Subplan Name"], "CTE gone");
    let told = verbose(
        &server,
        "EXPLAIN (FORMAT csv) SELECT 1;\nEXPLAIN (ANALYZE maybe) SELECT 1;\nEXPLAIN (SPEED) SELECT 1;\n",
    );
    let expected = [
        "ERROR:  22023: unrecognized value for EXPLAIN option \"format\": \"csv\"",
        "ERROR:  42601: analyze requires a Boolean value",
        "ERROR:  42601: unrecognized EXPLAIN option \"speed\"",
    ];
    for expected in expected {
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn what_files_had_before_a_column_got_a_narrower_type_is_no_warning() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    psql(
        &server,
        &[
            "CREATE TABLE t (id INT, n BIGINT)",
            "INSERT INTO t VALUES (1, 3000000000)",
            "INSERT INTO t VALUES (2, 5)",
            "DELETE FROM t WHERE id = 1",
            "ALTER TABLE t ALTER n TYPE INT",
            "INSERT INTO t VALUES (3, 7)",
        ],
    );
    let found = |server: &Server| psql(server, &["SELECT id FROM t WHERE n > 6"]);
    assert_eq!(found(&server), "id\n3\n(1 row)\n");
    assert!(!server.log().contains("WARN"), "{}", server.log());
    assert!(server.terminate().success());
    let server = Server::start(folder.path());
    assert_eq!(found(&server), "id\n3\n(1 row)\n");
    assert!(!server.log().contains("WARN"), "{}", server.log());
}
