//! The commands, as a shell meets them.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use futures::SinkExt;

use crate::server::{Server, rows, tributary};

pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    tributary()
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub fn write(folder: &Path, file: &str, sql: &str) {
    let path = folder.join("sql").join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, sql).unwrap();
}

/// A project of a table of values, a view on it, a materialized view on that, and a check.
fn project(folder: &Path) {
    write(
        folder,
        "a/numbers.sql",
        "-- Numbers.\nCREATE VIEW a.numbers AS SELECT * FROM (VALUES (1), (2), (3)) t(n);",
    );
    write(
        folder,
        "a/doubled.sql",
        "CREATE MATERIALIZED VIEW a.doubled AS SELECT n, 2 * n AS m FROM a.numbers;",
    );
    write(
        folder,
        "b/total.sql",
        "CREATE MATERIALIZED VIEW b.total AS SELECT sum(m) AS total FROM a.doubled;",
    );
    write(
        folder,
        "b/positive.sql",
        "CREATE CHECK b.positive AS SELECT * FROM a.doubled WHERE m <= 0;",
    );
}

#[test]
fn a_run_does_what_the_plan_said_and_then_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    project(folder.path());
    let planned = text(&run(folder.path(), &["plan"]).stdout);
    assert_eq!(
        planned,
        "create schema a\ncreate schema b\ncreate view a.numbers\ncreate materialized view a.doubled, refresh it: new\n\
         create check b.positive, run it: new\ncreate materialized view b.total, refresh it: new\n"
    );
    let first = run(folder.path(), &["run"]);
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    assert!(
        text(&first.stderr).contains("built    a.doubled"),
        "{}",
        text(&first.stderr)
    );
    assert_eq!(
        text(&run(folder.path(), &["plan"]).stdout),
        "nothing to do: everything is up to date\n"
    );
    assert!(text(&run(folder.path(), &["run"]).stderr).contains("everything is up to date"));
}

/// When a materialized view is refreshed, and how far that looks back, changes nothing of its rows.
#[test]
fn other_times_of_refreshes_rebuild_nothing() {
    let folder = tempfile::tempdir().unwrap();
    project(folder.path());
    assert_eq!(run(folder.path(), &["run"]).status.code(), Some(0));
    let doubled = std::fs::read_to_string(folder.path().join("sql/a/doubled.sql")).unwrap();
    let timed = doubled.replacen(" AS ", " WITH (target_lag = '1 hour') AS ", 1);
    assert_ne!(doubled, timed);
    write(folder.path(), "a/doubled.sql", &timed);
    let planned = text(&run(folder.path(), &["plan"]).stdout);
    assert_eq!(planned, "alter materialized view a.doubled\n");
    let second = run(folder.path(), &["run"]);
    assert_eq!(second.status.code(), Some(0), "{}", text(&second.stderr));
    let printed = text(&second.stderr);
    assert!(!printed.contains("built"), "{printed}");
    assert_eq!(
        text(&run(folder.path(), &["plan"]).stdout),
        "nothing to do: everything is up to date\n"
    );
    // A comment neither.
    write(
        folder.path(),
        "a/doubled.sql",
        &format!("-- Twice as much.\n{timed}"),
    );
    let planned = text(&run(folder.path(), &["plan"]).stdout);
    assert_eq!(planned, "alter materialized view a.doubled\n");
}

#[test]
fn a_change_rebuilds_what_stands_on_it_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    project(folder.path());
    write(
        folder.path(),
        "b/other.sql",
        "CREATE MATERIALIZED VIEW b.other AS SELECT 1 AS one;",
    );
    assert_eq!(run(folder.path(), &["run"]).status.code(), Some(0));
    write(
        folder.path(),
        "a/numbers.sql",
        "-- Numbers.\nCREATE VIEW a.numbers AS SELECT * FROM (VALUES (1), (-2)) t(n);",
    );
    let planned = text(&run(folder.path(), &["plan"]).stdout);
    assert_eq!(
        planned,
        "replace view a.numbers\nreplace materialized view a.doubled, refresh it: a.numbers changes\n\
         run check b.positive: a.doubled changes\nreplace materialized view b.total, refresh it: a.doubled changes\n"
    );
    let second = run(folder.path(), &["run"]);
    assert_eq!(second.status.code(), Some(1), "a check fails");
    assert!(
        text(&second.stderr).contains("FAILED   b.positive: 1 row that should not be"),
        "{}",
        text(&second.stderr)
    );
    std::fs::remove_file(folder.path().join("sql/b/total.sql")).unwrap();
    assert_eq!(
        text(&run(folder.path(), &["plan"]).stdout),
        "run check b.positive: failed the last time\ndrop materialized view b.total: it left the project\n"
    );
}

/// A project of a source that sets bad rows aside, and a check over it.
fn checked_source(folder: &Path) {
    write(
        folder,
        "c/orders.sql",
        "CREATE EXTERNAL TABLE c.orders (id BIGINT, amount BIGINT) STORED AS CSV LOCATION '../orders.csv' OPTIONS (on_error 'quarantine');",
    );
    write(
        folder,
        "c/positive.sql",
        "CREATE CHECK c.positive AS SELECT * FROM c.orders WHERE amount <= 0;",
    );
}

#[test]
fn a_check_runs_again_when_the_file_that_it_reads_changed() {
    let folder = tempfile::tempdir().unwrap();
    checked_source(folder.path());
    let orders = folder.path().join("orders.csv");
    std::fs::write(&orders, "id,amount\n1,10\n").unwrap();
    let first = run(folder.path(), &["run"]);
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    assert_eq!(
        text(&run(folder.path(), &["plan"]).stdout),
        "nothing to do: everything is up to date\n"
    );
    std::fs::write(&orders, "id,amount\n1,10\n2,-200\n").unwrap();
    assert_eq!(
        text(&run(folder.path(), &["plan"]).stdout),
        "run check c.positive: c.orders changed\n"
    );
    let second = run(folder.path(), &["run"]);
    assert_eq!(second.status.code(), Some(1), "{}", text(&second.stderr));
    std::fs::write(&orders, "id,amount\n1,10\n").unwrap();
    assert_eq!(run(folder.path(), &["run"]).status.code(), Some(0));
    std::fs::remove_file(&orders).unwrap();
    let gone = text(&run(folder.path(), &["plan"]).stdout);
    assert!(gone.starts_with("FAILED   c.positive: 58P01: "), "{gone}");
}

#[test]
fn a_check_whose_query_fails_tells_the_sqlstate_of_its_cause() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "c/share.sql",
        "CREATE CHECK c.share AS SELECT n FROM (VALUES (0)) t(n) WHERE 1 / n > 0;",
    );
    let ran = run(folder.path(), &["run"]);
    assert_eq!(ran.status.code(), Some(1));
    let printed = text(&ran.stderr);
    assert!(
        printed.contains("FAILED   c.share: 22012: division by zero"),
        "{printed}"
    );
    assert_eq!(
        text(&run(folder.path(), &["check"]).stdout),
        "error    c.share: 22012: division by zero\nchecks: 0 passed, 0 warned, 1 failed\n"
    );
}

#[test]
fn a_view_that_cannot_be_planned_fails_in_every_run_until_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let model = |column: &str| {
        let sql = format!("CREATE VIEW a.model AS SELECT 1 AS {column};");
        write(folder.path(), "a/model.sql", &sql);
    };
    model("old");
    write(
        folder.path(),
        "a/reader.sql",
        "CREATE VIEW a.reader AS SELECT old FROM a.model;",
    );
    assert_eq!(run(folder.path(), &["run"]).status.code(), Some(0));
    model("new");
    for _ in 0..2 {
        let ran = run(folder.path(), &["run"]);
        let printed = text(&ran.stderr);
        assert_eq!(ran.status.code(), Some(1), "{printed}");
        assert!(printed.contains("FAILED   a.reader: 42703: "), "{printed}");
        let planned = run(folder.path(), &["plan"]);
        assert_eq!(planned.status.code(), Some(1));
        let planned = text(&planned.stdout);
        assert!(
            planned.starts_with("FAILED   a.reader: 42703: "),
            "{planned}"
        );
    }
    model("old");
    assert_eq!(run(folder.path(), &["run"]).status.code(), Some(0));
    assert_eq!(
        text(&run(folder.path(), &["plan"]).stdout),
        "nothing to do: everything is up to date\n"
    );
}

#[test]
fn a_check_tells_how_many_rows_it_left_out() {
    let folder = tempfile::tempdir().unwrap();
    checked_source(folder.path());
    std::fs::write(
        folder.path().join("orders.csv"),
        "id,amount\n1,10\n2,many\nthree,3\n",
    )
    .unwrap();
    let first = text(&run(folder.path(), &["run"]).stderr);
    assert!(first.contains("2 rows left out"), "{first}");
    let checked = text(&run(folder.path(), &["check"]).stdout);
    assert_eq!(
        checked,
        "passed   c.positive  2 rows left out\nchecks: 1 passed, 0 warned, 0 failed\n"
    );
}

#[test]
fn a_run_counts_checks_that_passed_warned_and_failed_apart() {
    let folder = tempfile::tempdir().unwrap();
    for (name, options, rows) in [
        ("good", "", "false"),
        ("fine", "", "false"),
        ("odd", "WITH (severity = 'warn')", "true"),
        ("bad", "", "true"),
    ] {
        let sql = format!("CREATE CHECK c.{name} {options} AS SELECT 1 AS one WHERE {rows};");
        write(folder.path(), &format!("c/{name}.sql"), &sql);
    }
    let ran = run(folder.path(), &["run"]);
    let printed = text(&ran.stderr);
    assert_eq!(ran.status.code(), Some(1), "{printed}");
    let summary = "2 checks passed, 1 check warned, 1 check failed in ";
    assert!(printed.contains(summary), "{printed}");
    let checked = text(&run(folder.path(), &["check"]).stdout);
    let summary = "checks: 2 passed, 1 warned, 1 failed\n";
    assert!(checked.ends_with(summary), "{checked}");
}

#[tokio::test]
async fn a_failed_model_keeps_its_last_good_version_and_stops_only_its_descendants() {
    let folder = tempfile::tempdir().unwrap();
    project(folder.path());
    write(
        folder.path(),
        "b/other.sql",
        "CREATE MATERIALIZED VIEW b.other AS SELECT 1 AS one;",
    );
    assert_eq!(
        run(folder.path(), &["run", "--data-dir", "data"])
            .status
            .code(),
        Some(0)
    );
    write(
        folder.path(),
        "a/doubled.sql",
        "CREATE MATERIALIZED VIEW a.doubled AS SELECT n, 2 / (n - n) AS m FROM a.numbers;",
    );
    write(
        folder.path(),
        "b/other.sql",
        "CREATE MATERIALIZED VIEW b.other AS SELECT 2 AS one;",
    );
    let second = run(folder.path(), &["run", "--data-dir", "data"]);
    let printed = text(&second.stderr);
    assert_eq!(second.status.code(), Some(1));
    assert!(printed.contains("FAILED   a.doubled: 22012: "), "{printed}");
    assert!(
        printed.contains("skipped  b.total: a.doubled failed"),
        "{printed}"
    );
    assert!(printed.contains("built    b.other"), "{printed}");
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let sum: i64 = client
        .query_one("SELECT sum(m)::BIGINT FROM a.doubled", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(sum, 12, "the rows of the last good version");
    let status: String = client
        .query_one(
            "SELECT status FROM tributary.models WHERE schema = 'a' AND name = 'doubled'",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(status, "failed");
}

#[test]
fn mistakes_in_a_project_are_told_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "a/x.sql",
        "CREATE VIEW a.x AS SELECT * FROM a.y;",
    );
    write(
        folder.path(),
        "a/y.sql",
        "CREATE VIEW a.y AS SELECT * FROM a.x;",
    );
    let circle = run(folder.path(), &["run"]);
    assert_eq!(circle.status.code(), Some(1));
    assert!(
        text(&circle.stderr).contains("a.x -> a.y -> a.x"),
        "{}",
        text(&circle.stderr)
    );

    write(folder.path(), "a/y.sql", "CREATE VIEW a.z AS\nSELEC 1;");
    let wrong = run(folder.path(), &["run"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        text(&wrong.stderr).contains("a/y.sql"),
        "{}",
        text(&wrong.stderr)
    );
}

#[test]
fn wrong_usage_exits_with_2() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(folder.path(), &["rnu"]).status.code(), Some(2));
    assert_eq!(
        run(folder.path(), &["run", "--jobs", "many"]).status.code(),
        Some(2)
    );
    std::fs::write(folder.path().join("tributary.toml"), "data_dri = 'x'").unwrap();
    let unknown = run(folder.path(), &["run"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        text(&unknown.stderr).contains("Perhaps you meant \"data_dir\""),
        "{}",
        text(&unknown.stderr)
    );
}

#[test]
fn a_mistyped_variable_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let told = tributary()
        .arg("plan")
        .env("TRIBUTARY_DATADIR", "elsewhere")
        .current_dir(folder.path())
        .output()
        .unwrap();
    let printed = text(&told.stderr);
    assert!(
        printed.contains(
            "WARNING:  01000: the environment variable TRIBUTARY_DATADIR is no setting\n\
             HINT:  Perhaps you meant TRIBUTARY_DATA_DIR."
        ),
        "{printed}"
    );
}

#[test]
fn an_open_address_without_authentication_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = run(folder.path(), &["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused.stderr).contains("HINT:  Set a password (TRIBUTARY_PASSWORD,"),
        "{}",
        text(&refused.stderr)
    );
}

#[tokio::test]
async fn a_password_is_asked_for_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("tributary.toml"),
        "user = 'reader'\npassword = 'pencil'",
    )
    .unwrap();
    let server = Server::start(folder.path());
    let connect = async |user: &str, password: &str| {
        let mut config = tokio_postgres::Config::new();
        config
            .host("127.0.0.1")
            .port(server.port)
            .dbname("tributary")
            .user(user)
            .password(password);
        let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        Ok::<_, tokio_postgres::Error>(client)
    };
    for (user, password) in [("reader", "pen"), ("tributary", "pencil")] {
        let error = connect(user, password).await.err().unwrap();
        assert_eq!(error.code().unwrap().code(), "28P01", "{user}");
    }
    let client = connect("reader", "pencil").await.unwrap();
    let shown: String = client.query_one("SHOW password", &[]).await.unwrap().get(0);
    assert_eq!(shown, "********");

    // Roles that were made have passwords of their own.
    client
        .batch_execute(
            "CREATE ROLE ann LOGIN PASSWORD 'p\u{e4}ssword'; CREATE ROLE idle PASSWORD 'idle';
             CREATE ROLE late LOGIN PASSWORD 'late' VALID UNTIL '2001-01-01';
             CREATE ROLE few LOGIN PASSWORD 'few' CONNECTION LIMIT 1;
             CREATE ROLE without LOGIN; CREATE TABLE own (id INT)",
        )
        .await
        .unwrap();
    let ann = connect("ann", "p\u{e4}ssword").await.unwrap();
    let row = ann.query_one("SELECT current_user", &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "ann");
    let error = ann.query("SELECT * FROM own", &[]).await.unwrap_err();
    assert_eq!(error.code().unwrap().code(), "42501");
    let _one = connect("few", "few").await.unwrap();
    for (user, password, sqlstate) in [
        ("ann", "pencil", "28P01"),
        ("late", "late", "28P01"),
        ("without", "none", "28P01"),
        ("idle", "idle", "28000"),
        ("few", "few", "53300"),
    ] {
        let error = connect(user, password).await.err().unwrap();
        assert_eq!(error.code().unwrap().code(), sqlstate, "{user}");
    }
    ann.batch_execute("ALTER ROLE ann PASSWORD 'another'")
        .await
        .unwrap();
    connect("ann", "another").await.unwrap();
    assert!(connect("ann", "p\u{e4}ssword").await.is_err());
}

#[test]
fn two_processes_do_not_share_a_data_directory() {
    let folder = tempfile::tempdir().unwrap();
    let _server = Server::start(folder.path());
    let second = run(folder.path(), &["run", "--data-dir", "data"]);
    assert_eq!(second.status.code(), Some(1));
    let printed = text(&second.stderr);
    assert!(
        printed.starts_with("waiting for another tributary process to leave data\n"),
        "{printed}"
    );
    assert!(printed.contains("55006"), "{printed}");
}

#[test]
fn a_command_waits_for_the_one_before_it_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let mut second = tributary()
        .args(["run", "--data-dir", "data"])
        .current_dir(folder.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(second.stderr.take().unwrap()).lines();
    let waits = told.next().unwrap().unwrap();
    assert_eq!(waits, "waiting for another tributary process to leave data");
    server.kill();
    assert!(second.wait().unwrap().success());
}

#[tokio::test]
async fn a_signal_ends_the_server_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client
        .batch_execute("CREATE TABLE t (id BIGINT)")
        .await
        .unwrap();
    let (busy, copying) = (server.connect().await, server.connect().await);
    let endless = "SELECT count(*) FROM generate_series(1, 1000000000000) a";
    let busy = tokio::spawn(async move { busy.simple_query(endless).await.map(drop) });
    let copy = copying
        .copy_in::<_, bytes::Bytes>("COPY t FROM STDIN")
        .await
        .unwrap();
    let mut copy = std::pin::pin!(copy);
    copy.send(bytes::Bytes::from_static(b"1\n")).await.unwrap();
    let is_busy = "SELECT 1 FROM tributary.sessions WHERE state = 'active' AND query LIKE '%generate_series(1,%'";
    while rows(&client, is_busy).await.len() < 2 {
        tokio::task::yield_now().await;
    }
    let stopped = tokio::task::spawn_blocking(move || server.terminate())
        .await
        .unwrap();
    assert!(stopped.success());
    let code = |error: tokio_postgres::Error| error.code().map(|code| code.code().to_owned());
    assert_eq!(
        code(busy.await.unwrap().unwrap_err()).as_deref(),
        Some("57P01")
    );
    // This client tells of a COPY that was cut off only that the connection is closed.
    assert!(copy.finish().await.is_err());
    let server = Server::start(folder.path());
    let client = server.connect().await;
    assert_eq!(rows(&client, "SELECT count(*) FROM t").await, ["0"]);
}

#[test]
fn a_signal_ends_a_server_whose_log_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = tributary()
        .args(["serve", "--listen", "127.0.0.1:0", "--project"])
        .arg(folder.path())
        .arg("--data-dir")
        .arg(folder.path().join("data"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(server.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("ready: ") {
        line.clear();
        assert_ne!(out.read_line(&mut line).unwrap(), 0);
    }
    drop((out, server.stderr.take()));
    let pid = server.id().to_string();
    let told = Command::new("kill").args(["-TERM", &pid]).status();
    assert!(told.unwrap().success());
    assert!(server.wait().unwrap().success());
}

#[test]
fn the_sources_are_generated_alike_for_alike_seeds() {
    let folder = tempfile::tempdir().unwrap();
    for out in ["one", "two"] {
        let made = run(
            folder.path(),
            &["generate", "--customers", "50", "--seed", "7", "--out", out],
        );
        assert!(made.status.success(), "{}", text(&made.stderr));
    }
    let truth = |out: &str| std::fs::read(folder.path().join(out).join("truth.csv")).unwrap();
    assert_eq!(truth("one"), truth("two"));
}
