//! `tributary plan` prints what `tributary run` does.

use std::path::Path;

use crate::cli::{run, text, write};
use crate::server::{Server, rows};

/// What a command says of models that fail or are skipped, in an order of its own.
fn failures(printed: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    for line in printed.lines() {
        if line.starts_with("FAILED   ") || line.starts_with("skipped  ") {
            blocks.push(line.to_owned());
        } else if let (true, Some(block)) = (line.starts_with("         "), blocks.last_mut()) {
            block.push('\n');
            block.push_str(line);
        }
    }
    blocks.sort();
    blocks
}

/// Asserts that the plan foresees how the run fails, and answers that.
fn foreseen(folder: &Path) -> Vec<String> {
    let planned = run(folder, &["plan"]);
    let ran = run(folder, &["run"]);
    let (planned_failures, failures) = (
        failures(&text(&planned.stdout)),
        failures(&text(&ran.stderr)),
    );
    assert_eq!(planned_failures, failures, "{}", text(&planned.stderr));
    assert_eq!(planned.status.code(), ran.status.code());
    failures
}

#[test]
fn a_plan_foresees_what_a_run_refuses() {
    let folder = tempfile::tempdir().unwrap();
    for (file, sql) in [
        ("a/base.sql", "CREATE VIEW a.base AS SELECT 1 AS id;"),
        (
            "a/misread.sql",
            "CREATE VIEW a.misread AS SELECT idd FROM a.base;",
        ),
        (
            "a/arguments.sql",
            "CREATE VIEW a.arguments AS SELECT soundex(id, 2) FROM a.base;",
        ),
        (
            "a/missing.sql",
            "CREATE MATERIALIZED VIEW a.missing AS SELECT * FROM a.nowhere;",
        ),
        (
            "a/above.sql",
            "CREATE MATERIALIZED VIEW a.above AS SELECT * FROM a.missing;",
        ),
        (
            "a/above_that.sql",
            "CREATE CHECK a.above_that AS SELECT * FROM a.above;",
        ),
        (
            "a/expects.sql",
            "CREATE MATERIALIZED VIEW a.expects (CONSTRAINT c EXPECT (idd > 0)) AS SELECT id FROM a.base;",
        ),
        (
            "a/option.sql",
            "CREATE MATERIALIZED VIEW a.option WITH (refresh_moed = 'full') AS SELECT id FROM a.base;",
        ),
        (
            "a/checked.sql",
            "CREATE CHECK a.checked AS SELECT idd FROM a.base;",
        ),
        (
            "a/comment.sql",
            "CREATE VIEW a.comment AS SELECT id FROM a.base; COMMENT ON COLUMN a.comment.idd IS 'x';",
        ),
        (
            "a/source.sql",
            "CREATE EXTERNAL TABLE a.source STORED AS CSV LOCATION '../nowhere.csv';",
        ),
        (
            "a/declared.sql",
            "CREATE EXTERNAL TABLE a.declared (id BIGINT) STORED AS CSV LOCATION '../nowhere.csv';",
        ),
        (
            "a/reads_declared.sql",
            "CREATE MATERIALIZED VIEW a.reads_declared AS SELECT * FROM a.declared;",
        ),
        (
            "a/versions.sql",
            "CREATE MATERIALIZED VIEW a.versions AS SELECT * FROM a.base VERSION AS OF 1;",
        ),
        (
            "a/fine.sql",
            "CREATE MATERIALIZED VIEW a.fine AS SELECT id FROM a.base;",
        ),
    ] {
        write(folder.path(), file, sql);
    }
    let failures = foreseen(folder.path());
    let told: Vec<&str> = failures
        .iter()
        .map(|block| block.lines().next().unwrap())
        .collect();
    let starts = [
        "FAILED   a.arguments: 42883: ",
        "FAILED   a.checked: 42703: ",
        "FAILED   a.comment: 42703: ",
        "FAILED   a.expects: 42703: ",
        "FAILED   a.misread: 42703: ",
        "FAILED   a.missing: 42P01: ",
        "FAILED   a.option: 22023: ",
        "FAILED   a.reads_declared: 58P01: ",
        "FAILED   a.source: 58P01: ",
        "FAILED   a.versions: 42809: ",
        "skipped  a.above: a.missing failed",
        "skipped  a.above_that: a.missing failed",
    ];
    assert_eq!(told.len(), starts.len(), "{told:#?}");
    for (told, start) in told.iter().zip(starts) {
        assert!(told.starts_with(start), "{told}");
    }
    let of = |name: &str| failures.iter().find(|block| block.contains(name)).unwrap();
    let misread = of("a.misread");
    assert!(misread.contains("HINT: Perhaps you meant"), "{misread}");
    assert!(
        misread.ends_with("\n         FILE: sql/a/misread.sql"),
        "{misread}"
    );
}

#[test]
fn a_plan_plans_each_model_on_those_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let base = |column: &str| {
        let sql = format!("CREATE MATERIALIZED VIEW a.base AS SELECT 1 AS {column};");
        write(folder.path(), "a/base.sql", &sql);
        let sql = format!("CREATE VIEW a.middle AS SELECT {column} AS it FROM a.base;");
        write(folder.path(), "a/middle.sql", &sql);
    };
    base("old");
    write(
        folder.path(),
        "a/top.sql",
        "CREATE MATERIALIZED VIEW a.top AS SELECT it + 1 AS it FROM a.middle;",
    );
    assert!(foreseen(folder.path()).is_empty());
    base("new");
    // Of another kind than before.
    write(
        folder.path(),
        "a/top.sql",
        "CREATE VIEW a.top AS SELECT it + 2 AS it FROM a.middle;",
    );
    assert!(foreseen(folder.path()).is_empty());
    let planned = text(&run(folder.path(), &["plan"]).stdout);
    assert_eq!(planned, "nothing to do: everything is up to date\n");
}

#[test]
fn a_folder_that_can_be_no_schema_is_refused_before_anything_is_done() {
    for (schema, sqlstate) in [("pg_x", "42939"), ("tributary", "42501")] {
        let folder = tempfile::tempdir().unwrap();
        write(
            folder.path(),
            "a/good.sql",
            "CREATE VIEW a.good AS SELECT 1 AS one;",
        );
        write(
            folder.path(),
            &format!("{schema}/v.sql"),
            &format!("CREATE VIEW {schema}.v AS SELECT 1 AS one;"),
        );
        let (planned, ran) = (run(folder.path(), &["plan"]), run(folder.path(), &["run"]));
        assert_eq!(text(&planned.stderr), text(&ran.stderr));
        assert_eq!(planned.status.code(), Some(1));
        assert_eq!(ran.status.code(), Some(1));
        let told = format!("ERROR:  {sqlstate}: {schema}/: ");
        assert!(
            text(&ran.stderr).starts_with(&told),
            "{}",
            text(&ran.stderr)
        );
        let left = text(&run(folder.path(), &["check"]).stdout);
        assert_eq!(left, "checks: 0 passed, 0 warned, 0 failed\n");
    }
}

#[test]
fn a_plan_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "a/base.sql",
        "CREATE MATERIALIZED VIEW a.base AS SELECT 1 AS id;",
    );
    let first = text(&run(folder.path(), &["plan"]).stdout);
    assert_eq!(
        first,
        "create schema a\ncreate materialized view a.base, refresh it: new\n"
    );
    assert!(!folder.path().join(".tributary").exists());
    assert_eq!(run(folder.path(), &["run"]).status.code(), Some(0));
    let catalog = folder.path().join(".tributary/catalog.redb");
    let before = std::fs::read(&catalog).unwrap();
    // Of another kind: a run would remove the folder of its table.
    write(
        folder.path(),
        "a/base.sql",
        "CREATE VIEW a.base AS SELECT 1 AS id;",
    );
    let tables = || {
        let tables = std::fs::read_dir(folder.path().join(".tributary/tables")).unwrap();
        tables
            .map(|entry| entry.unwrap().path())
            .collect::<Vec<_>>()
    };
    let kept = tables();
    let second = text(&run(folder.path(), &["plan"]).stdout);
    assert_eq!(second, "replace materialized view by view a.base\n");
    assert_eq!(std::fs::read(&catalog).unwrap(), before);
    assert_eq!(tables(), kept);
}

#[tokio::test]
async fn a_plan_reads_what_a_running_server_has() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "a/base.sql",
        "CREATE VIEW a.base AS SELECT 1 AS id;",
    );
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client
        .batch_execute("CREATE VIEW by_hand AS SELECT id FROM a.base")
        .await
        .unwrap();
    let plan = || run(folder.path(), &["plan", "--data-dir", "data"]);
    let planned = plan();
    assert_eq!(
        text(&planned.stdout),
        "nothing to do: everything is up to date\n"
    );
    assert!(
        text(&planned.stderr).starts_with("WARNING:  01000: another tributary process uses data\n"),
        "{}",
        text(&planned.stderr)
    );
    write(
        folder.path(),
        "a/base.sql",
        "CREATE VIEW a.base AS SELECT 1 AS number;",
    );
    let planned = plan();
    assert_eq!(planned.status.code(), Some(1));
    let printed = text(&planned.stdout);
    let told = "FAILED   a.base: 42703: view public.by_hand, which stands on it: ";
    assert!(printed.starts_with(told), "{printed}");
    assert_eq!(rows(&client, "SELECT id FROM by_hand").await, ["1"]);
}

#[test]
fn a_plan_tells_that_sources_are_generated_first() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "generate.toml",
        "customers = 20\nseed = 1\nout = 'data'",
    );
    write(
        folder.path(),
        "s/truth.sql",
        "CREATE EXTERNAL TABLE s.truth STORED AS CSV LOCATION 'data/truth.csv';",
    );
    write(
        folder.path(),
        "s/people.sql",
        "CREATE MATERIALIZED VIEW s.people AS SELECT count(*) AS n FROM s.truth;",
    );
    let planned = run(folder.path(), &["plan"]);
    assert_eq!(planned.status.code(), Some(0), "{}", text(&planned.stderr));
    assert_eq!(
        text(&planned.stdout),
        "generate the sources of 20 customers in sql/data\ncreate schema s\n\
         create external table s.truth\ncreate materialized view s.people, refresh it: new\n"
    );
    assert!(!folder.path().join("sql/data").exists());
    assert!(foreseen(folder.path()).is_empty());
}

#[test]
fn types_come_before_what_names_them() {
    let folder = tempfile::tempdir().unwrap();
    for (file, sql) in [
        (
            "a/address.sql",
            "CREATE TYPE a.address AS (street text, number int); COMMENT ON COLUMN a.address.street IS 'x';",
        ),
        ("a/mood.sql", "CREATE TYPE mood AS ENUM ('sad', 'ok');"),
        (
            "a/person.sql",
            "CREATE TYPE person AS (name text, home address, mood a.mood);",
        ),
        (
            "a/positive.sql",
            "CREATE DOMAIN positive AS int CHECK (VALUE > 0); COMMENT ON DOMAIN positive IS 'x';",
        ),
        (
            "a/people.sql",
            "CREATE MATERIALIZED VIEW people AS SELECT 'ok'::mood AS m, 3::positive AS n, \
             (ROW('Ann', ROW('s', 1), 'ok')::person).home AS home;",
        ),
    ] {
        write(folder.path(), file, sql);
    }
    assert_eq!(
        text(&run(folder.path(), &["plan"]).stdout),
        "create schema a\ncreate type a.address\ncreate type a.mood\ncreate type a.person\n\
         create type a.positive\ncreate materialized view a.people, refresh it: new\n"
    );
    assert!(foreseen(folder.path()).is_empty());
    let is_done = || {
        let planned = text(&run(folder.path(), &["plan"]).stdout);
        assert_eq!(planned, "nothing to do: everything is up to date\n");
    };
    is_done();
    // What nothing uses is replaced; of what something does, rows would have to be others.
    let unused = "CREATE TYPE a.unused AS (a int);";
    write(folder.path(), "a/unused.sql", unused);
    assert!(foreseen(folder.path()).is_empty());
    let unused = "CREATE TYPE a.unused AS (a int, b a.mood);";
    write(folder.path(), "a/unused.sql", unused);
    assert!(foreseen(folder.path()).is_empty());
    is_done();
    let mood = "CREATE TYPE mood AS ENUM ('sad', 'fine', 'ok');";
    write(folder.path(), "a/mood.sql", mood);
    let failures = foreseen(folder.path());
    let refused = "FAILED   a.mood: 0A000: cannot replace type \"a.mood\" because column m of materialized view a.people uses it";
    assert!(
        failures.iter().any(|told| told.starts_with(refused)),
        "{failures:#?}"
    );
    write(
        folder.path(),
        "a/mood.sql",
        "CREATE TYPE mood AS ENUM ('sad', 'ok');",
    );
    is_done();
}
