//! A model of the project becomes another kind of object in one step, and keeps what stands on it.

use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::time::Duration;

use rand::RngExt;

use crate::replaced::{ROWS, whole};
use crate::server::{Server, tributary};

/// Kills of one run.
const KILLS: usize = 16;

const KINDS: [&str; 2] = ["VIEW", "MATERIALIZED VIEW"];

fn write(folder: &Path, file: &str, sql: &str) {
    let path = folder.join("sql").join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, sql).unwrap();
}

fn project(folder: &Path, kind: &str, number: usize) {
    write(
        folder,
        "a/model.sql",
        &format!(
            "CREATE {kind} a.model AS SELECT {number}::BIGINT AS c{number} FROM generate_series(1, {ROWS}) s;"
        ),
    );
    write(
        folder,
        "a/reader.sql",
        "CREATE MATERIALIZED VIEW a.reader AS SELECT * FROM a.model;",
    );
}

fn run(folder: &Path, command: &str) -> Output {
    start(folder, command).wait_with_output().unwrap()
}

fn start(folder: &Path, command: &str) -> Child {
    tributary()
        .args([command, "--data-dir", "data"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Runs `task` on a server that leaves the project as it is.
async fn serve<T>(folder: &Path, task: impl AsyncFnOnce(tokio_postgres::Client) -> T) -> T {
    let (project, aside) = (folder.join("sql"), folder.join("aside"));
    std::fs::rename(&project, &aside).unwrap();
    let server = Server::start(folder);
    let done = task(server.connect().await).await;
    assert!(server.terminate().success());
    std::fs::remove_dir(&project).unwrap();
    std::fs::rename(&aside, &project).unwrap();
    done
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_changes_kind_keeps_what_stands_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("rows.csv"), "c3\n3\n").unwrap();
    project(folder, "VIEW", 1);
    assert_eq!(run(folder, "run").status.code(), Some(0));
    serve(folder, async |client| {
        client
            .batch_execute("CREATE VIEW by_hand AS SELECT * FROM a.model")
            .await
            .unwrap();
    })
    .await;
    let changes = [
        (2, "view", "materialized view"),
        (3, "materialized view", "external table"),
        (4, "external table", "view"),
        (5, "view", "materialized view"),
        (6, "materialized view", "view"),
    ];
    for (number, old, new) in changes {
        project(folder, &new.to_uppercase(), number);
        if new == "external table" {
            let source = "CREATE EXTERNAL TABLE a.model STORED AS CSV LOCATION '../rows.csv';";
            write(folder, "a/model.sql", source);
        }
        let refresh = if new == "materialized view" {
            ", refresh it: new"
        } else {
            ""
        };
        let planned = text(&run(folder, "plan").stdout);
        assert_eq!(
            planned,
            format!(
                "replace {old} by {new} a.model{refresh}\nreplace materialized view a.reader, refresh it: a.model changes\n"
            )
        );
        let ran = run(folder, "run");
        assert_eq!(ran.status.code(), Some(0), "{new}: {}", text(&ran.stderr));
        assert_eq!(
            text(&run(folder, "plan").stdout),
            "nothing to do: everything is up to date\n"
        );
        serve(folder, async |client| {
            let columns = "SELECT relname::text, attname::text FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE relname IN ('model', 'reader', 'by_hand') AND attnum > 0 ORDER BY 1";
            let columns: Vec<(String, String)> = client
                .query(columns, &[])
                .await
                .unwrap()
                .iter()
                .map(|row| (row.get(0), row.get(1)))
                .collect();
            for (found, name) in columns.iter().zip(["by_hand", "model", "reader"]) {
                assert_eq!(found, &(name.to_owned(), format!("c{number}")), "{new}");
            }
            let rows = if new == "external table" { 1 } else { ROWS };
            for relation in ["a.model", "a.reader", "by_hand"] {
                let count = format!("SELECT count(*), min(c{number}) FROM {relation}");
                let row = client.query_one(&count, &[]).await.unwrap();
                let found: (i64, i64) = (row.get(0), row.get(1));
                assert_eq!(found, (rows, number as i64), "{relation} of a {new}");
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_stand_on_the_new_kind_is_named_and_nothing_changes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    project(folder, "VIEW", 1);
    assert_eq!(run(folder, "run").status.code(), Some(0));
    serve(folder, async |client| {
        let views =
            "CREATE VIEW kept AS SELECT * FROM a.model; CREATE VIEW by_hand AS SELECT c1 FROM kept";
        client.batch_execute(views).await.unwrap();
    })
    .await;
    project(folder, "MATERIALIZED VIEW", 2);
    let ran = run(folder, "run");
    assert_eq!(ran.status.code(), Some(1));
    let printed = text(&ran.stderr);
    assert!(
        printed.contains("FAILED   a.model: 42703: view public.by_hand, which stands on it: "),
        "{printed}"
    );
    serve(folder, async |client| {
        assert_eq!(whole(&client, "a", "model").await, 1);
        let count = client.query_one("SELECT count(c1) FROM by_hand", &[]).await;
        assert_eq!(count.unwrap().get::<_, i64>(0), ROWS);
        let kept = client.batch_execute("DROP VIEW a.model").await.unwrap_err();
        assert_eq!(kept.code().unwrap().code(), "2BP01");
        client.batch_execute("DROP VIEW by_hand").await.unwrap();
    })
    .await;
    let ran = run(folder, "run");
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    serve(folder, async |client| {
        assert_eq!(whole(&client, "a", "model").await, 2);
        assert_eq!(whole(&client, "public", "kept").await, 2);
        // Nothing is left of the rows that the run before wrote for nobody.
        let tables = std::fs::read_dir(folder.join("data/tables/a")).unwrap();
        assert_eq!(tables.count(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_leaves_the_old_kind_or_the_new() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    project(folder, KINDS[0], 0);
    assert_eq!(run(folder, "run").status.code(), Some(0));
    serve(folder, async |client| {
        client
            .batch_execute("CREATE VIEW by_hand AS SELECT * FROM a.model")
            .await
            .unwrap();
    })
    .await;
    for number in 1..=KILLS {
        // A run that another kill has stopped leaves the kind of the one before it.
        project(folder, KINDS[number % 2], number);
        let mut running = start(folder, "run");
        // The moment of the kill is what is random here; nothing waits for it to pass.
        let moment = Duration::from_millis(rand::rng().random_range(50..900));
        tokio::time::sleep(moment).await;
        running.kill().unwrap();
        running.wait().unwrap();
        serve(folder, async |client| {
            let found = whole(&client, "a", "model").await;
            assert!(found <= number);
            let kind = "SELECT kind FROM tributary.models WHERE schema = 'a' AND name = 'model'";
            let kind: String = client.query_one(kind, &[]).await.unwrap().get(0);
            assert_eq!(kind, KINDS[found % 2].to_lowercase());
            assert_eq!(whole(&client, "public", "by_hand").await, found);
            whole(&client, "a", "reader").await;
        })
        .await;
    }
}
