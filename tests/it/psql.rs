//! psql itself: what it prints, and what it asks of the catalog to print it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::postgres::Postgres;
use crate::server::{Server, fixtures};

/// What psql prints.
pub fn psql(server: &Server, commands: &[&str]) -> String {
    let mut psql = Command::new("psql");
    psql.args([
        "-X",
        "-A",
        "-h",
        "127.0.0.1",
        "-p",
        &server.port.to_string(),
        "-U",
        "tributary",
        "tributary",
    ]);
    for command in commands {
        psql.args(["-c", command]);
    }
    let output = psql.output().unwrap();
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// What psql prints of a script, as in a terminal.
pub fn psql_script(server: &Server, script: &str) -> String {
    psql_script_as("tributary", server.port, script)
}

/// What psql prints of a script that it runs as the role of this name, in the database of this name.
pub fn psql_script_as(name: &str, port: u16, script: &str) -> String {
    let mut child = Command::new("psql")
        .args(["-X", "-h", "127.0.0.1", "-p", &port.to_string()])
        .args(["-U", name, name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(script.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn relations_are_listed_and_described() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let created = psql(
        &server,
        &[
            "CREATE SCHEMA shop",
            "CREATE TABLE shop.item (id BIGINT NOT NULL, price NUMERIC(10, 2), at TIMESTAMPTZ)",
            "COMMENT ON TABLE shop.item IS 'what can be bought'",
            "CREATE MATERIALIZED VIEW shop.dear AS SELECT id, price FROM shop.item WHERE price > 100",
        ],
    );
    assert_eq!(created, "CREATE SCHEMA\nCREATE TABLE\nCOMMENT\nSELECT 0\n");
    let described = psql(&server, &["\\d shop.item"]);
    for line in [
        "Table \"shop.item\"",
        "id|bigint||not null|",
        "price|numeric(10,2)|||",
        "at|timestamp with time zone|||",
    ] {
        assert!(described.contains(line), "{line} is not in:\n{described}");
    }
    let listed = psql(&server, &["\\d shop.*"]);
    assert!(
        listed.contains("Materialized view \"shop.dear\""),
        "{listed}"
    );
    let schemas = psql(&server, &["\\dn"]);
    assert!(schemas.contains("shop|tributary"), "{schemas}");
    psql(
        &server,
        &[
            "CREATE TABLE shop.seen (id INT, at DATE) WITH (unique_key = 'id', version_column = 'at')",
        ],
    );
    let described = psql(&server, &["\\d+ shop.seen"]);
    let options = "Options: unique_key=id, version_column=at";
    assert!(described.contains(options), "{described}");
    assert!(!psql(&server, &["\\d+ shop.item"]).contains("Options:"));
}

#[test]
fn errors_have_their_line_detail_and_hint() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let wrong = psql(&server, &["SELECT 1\n  FORM t"]);
    assert!(
        wrong.starts_with("ERROR:  syntax error at or near"),
        "{wrong}"
    );
    assert!(wrong.contains("LINE 2:"), "{wrong}");
    let near = psql(
        &server,
        &["CREATE TABLE item (id INT)", "SELECT * FROM itme"],
    );
    assert!(
        near.contains(
            "ERROR:  relation \"itme\" does not exist\nLINE 1: SELECT * FROM itme\n                      ^\n\
             HINT:  Perhaps you meant public.item."
        ),
        "{near}"
    );
}

#[test]
fn rows_of_a_source_that_are_left_out_are_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let file = fixtures().join("broken.csv");
    let create = format!(
        "CREATE EXTERNAL TABLE lenient (id BIGINT, amount DOUBLE PRECISION, day DATE) STORED AS CSV LOCATION '{}' OPTIONS (on_error 'quarantine')",
        file.display()
    );
    let answer = psql(&server, &[&create, "SELECT count(*) FROM lenient"]);
    assert!(answer.contains("count\n2\n"), "{answer}");
    assert!(answer.contains("WARNING:  3 bad rows left out"), "{answer}");
}

#[test]
fn client_side_copy_goes_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let file = folder.path().join("rows.csv");
    std::fs::write(&file, "id,name\n1,one\n2,\"two, quoted\"\n").unwrap();
    let out = folder.path().join("out.csv");
    let answer = psql(
        &server,
        &[
            "CREATE TABLE t (id INT, name TEXT)",
            &format!(
                "\\copy t from '{}' with (format csv, header)",
                file.display()
            ),
            &format!(
                "\\copy (select * from t order by id) to '{}' with (format csv, header)",
                out.display()
            ),
        ],
    );
    assert_eq!(answer, "CREATE TABLE\nCOPY 2\nCOPY 2\n");
    assert_eq!(std::fs::read(&out).unwrap(), std::fs::read(&file).unwrap());
}

#[test]
fn every_statement_tells_of_the_rows_that_it_leaves_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let file = fixtures().join("broken.csv");
    let source = format!(
        "CREATE EXTERNAL TABLE lenient (id BIGINT, amount DOUBLE PRECISION, day DATE) STORED AS CSV LOCATION '{}' OPTIONS (on_error 'quarantine')",
        file.display()
    );
    psql(&server, &[&source, "CREATE TABLE t (id BIGINT)"]);
    for statement in [
        "SELECT id FROM lenient",
        "COPY lenient TO STDOUT",
        "COPY (SELECT id FROM lenient) TO STDOUT",
        "EXPLAIN ANALYZE SELECT id FROM lenient",
        "INSERT INTO t SELECT id FROM lenient",
        "CREATE TABLE filled AS SELECT id FROM lenient",
        "CREATE MATERIALIZED VIEW loaded AS SELECT id FROM lenient",
        "CREATE OR REPLACE MATERIALIZED VIEW loaded AS SELECT id, amount FROM lenient",
        "REFRESH MATERIALIZED VIEW loaded FULL",
    ] {
        let told = psql(&server, &[statement]);
        assert!(
            told.contains("WARNING:") && told.contains("left out"),
            "{statement}: {told}"
        );
    }
    for statement in ["EXPLAIN SELECT id FROM lenient", "SELECT count(*) FROM t"] {
        let told = psql(&server, &[statement]);
        assert!(!told.contains("WARNING:"), "{statement}: {told}");
    }
}

#[test]
fn a_model_that_compares_nothing_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let model = |query: &str| {
        format!(
            "CREATE OR REPLACE MODEL m OPTIONS (model_type = 'entity_resolution', unique_id = 'id') AS SELECT {query}"
        )
    };
    let numbers = "FROM (SELECT value AS id FROM generate_series(1, 3) s) s";
    for (statement, is_told) in [
        (
            model(&format!(
                "id, 'x' AS always, NULL::TEXT AS nothing {numbers}"
            )),
            true,
        ),
        ("REFRESH MODEL m".to_owned(), true),
        (
            model(&format!("id, 'x' AS always {numbers} WHERE false")),
            false,
        ),
        (
            model(&format!("id, 'n' || md5(id::text) AS name {numbers}")),
            false,
        ),
        (
            model(&format!("id, 'n' || md5(id::text) AS name {numbers}"))
                .replace("'id')", "'id', block_on = ['name'])"),
            true,
        ),
        (
            model(&format!(
                "id, 'a' AS s, 'n' || md5(id::text) AS name {numbers}"
            ))
            .replace("'id')", "'id', source = 's', link = 'link_only')"),
            true,
        ),
        (
            model(&format!(
                "id, id::text AS s, 'n' || md5(id::text) AS name {numbers}"
            ))
            .replace("'id')", "'id', source = 's', link = 'dedupe')"),
            true,
        ),
    ] {
        let told = psql(&server, &[&statement]);
        let warning = "WARNING:  model public.m compares nothing";
        assert_eq!(told.contains(warning), is_told, "{statement}: {told}");
        assert_eq!(told.contains("HINT:"), is_told, "{statement}: {told}");
    }
    let pairs = "id, 'a' || id / 2 AS t, id / 2 AS k FROM (SELECT value AS id FROM generate_series(1, 20) s) s";
    let told = psql(
        &server,
        &[&model(pairs).replace("'id')", "'id', pair_budget = 1)")],
    );
    assert!(
        told.contains("more of them have it than pair_budget"),
        "{told}"
    );
}

/// What of a definition does nothing: columns beyond those that are compared, and decisions on records
/// that are not there.
#[test]
fn what_a_model_leaves_out_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let columns = (0..20).map(|at| format!(", 'n' || md5((id * 31 + {at})::text) AS c{at}"));
    let model = |columns: &str, more: &str| {
        format!(
            "CREATE OR REPLACE MODEL m OPTIONS (model_type = 'entity_resolution', unique_id = 'id'{more}) \
             AS SELECT id{columns} FROM (SELECT value AS id FROM generate_series(0, 99) s) x"
        )
    };
    let many = columns.collect::<String>() + ", id % 2 AS said";
    let said = ", compare = {'said': 'category'}";
    let told = psql(&server, &[&model(&many, said)]);
    let warning = "WARNING:  model public.m compares 16 columns and no more: it leaves out ";
    assert!(told.contains(warning), "{told}");
    assert!(!told.contains("said"), "{told}");
    let told = psql(&server, &[&model(", 'n' || md5(id::text) AS name", "")]);
    assert!(!told.contains("leaves out"), "{told}");

    let decisions =
        "CREATE TABLE pair AS SELECT 1 AS left_id, 2 AS right_id UNION ALL SELECT 1, 999";
    let decided = model(", 'n' || md5(id::text) AS name", ", must_link = 'pair'");
    let told = psql(&server, &[decisions, &decided]);
    let warning =
        "WARNING:  model public.m: 1 decision names a record that is not there, and is passed over";
    assert!(told.contains(warning), "{told}");
    let told = psql(
        &server,
        &["INSERT INTO pair VALUES (1000, 999)", "REFRESH MODEL m"],
    );
    assert!(told.contains("2 decisions name records"), "{told}");
    let labels = "CREATE TABLE label AS SELECT 1 AS left_id, 2 AS right_id, true AS is_match UNION ALL \
                  SELECT 1, 999, true UNION ALL SELECT 1, NULL, false UNION ALL SELECT 1, 999, NULL";
    let labelled = model(", 'n' || md5(id::text) AS name", ", labels = 'label'")
        .replace("MODEL m ", "MODEL labelled ");
    let told = psql(&server, &[labels, &labelled]);
    let warning = "WARNING:  model public.labelled: 2 labels name records that are not there, and are passed over";
    assert!(told.contains(warning), "{told}");
    let told = psql(
        &server,
        &["DELETE FROM pair WHERE right_id = 999", "REFRESH MODEL m"],
    );
    assert!(!told.contains("WARNING"), "{told}");
}

/// The lines of a file of commands of psql.
fn commands(file: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/psql");
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// What psql prints of commands, one after the other, once there are some objects.
fn prints(name: &str, port: u16, commands: &[String]) -> Vec<String> {
    let script = |lines: &[String]| psql_script_as(name, port, &lines.join("\n"));
    script(&self::commands("objects.sql"));
    let one = |command: &String| script(&["\\pset format unaligned".to_owned(), command.clone()]);
    // Both have one role and one database, each by its own name.
    let printed = commands.iter().map(one);
    printed
        .map(|text| text.replace("postgres", "tributary"))
        .collect()
}

#[test]
fn backslash_commands_print_what_they_print_of_postgres() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let postgres = Postgres::start(&[]);
    let commands = commands("same.txt");
    let ours = prints("tributary", server.port, &commands);
    let theirs = prints("postgres", postgres.port, &commands);
    let printed = commands.iter().zip(ours.iter().zip(&theirs));
    let others: Vec<String> = printed
        .filter(|(_, (ours, theirs))| ours != theirs)
        .map(|(command, (ours, theirs))| format!("{command}\n{ours}\nPostgreSQL:\n{theirs}"))
        .collect();
    assert!(others.is_empty(), "{}", others.join("\n\n"));
}

#[test]
fn backslash_commands_of_what_differs_run() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let commands = commands("run.txt");
    let printed = prints("tributary", server.port, &commands);
    for (command, printed) in commands.iter().zip(printed) {
        assert!(!printed.contains("ERROR"), "{command}: {printed}");
        assert!(printed.lines().count() > 1, "{command} prints nothing");
    }
}
