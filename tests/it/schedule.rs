//! What the scheduler does by itself. Tests wait for what it tells on `tributary_refresh`, and for no
//! time to pass.

use crate::notifications::{Heard, connect, refresh};
use crate::server::{Server, rows};

/// The next refresh of an object that has this outcome.
async fn until(heard: &mut Heard, name: &str, status: &str) {
    while refresh(heard).await != (name.to_owned(), status.to_owned()) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn views_follow_what_they_read_upstream_first() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (client, mut heard) = connect(&server).await;
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    run("CREATE TABLE t (a BIGINT); CREATE VIEW v AS SELECT a + 1 AS a FROM t").await;
    run("CREATE MATERIALIZED VIEW doubled WITH (target_lag = 'DOWNSTREAM') AS SELECT a * 2 AS a FROM v").await;
    run("CREATE MATERIALIZED VIEW total WITH (target_lag = '50 milliseconds') AS SELECT sum(a)::BIGINT AS a FROM doubled").await;
    run("LISTEN tributary_refresh").await;
    let mut expected = 0;
    for value in 1..=5 {
        run(&format!("INSERT INTO t VALUES ({value})")).await;
        expected += (value + 1) * 2;
        // A commit that came while the one before was looked at is seen after it.
        loop {
            until(&mut heard, "total", "succeeded").await;
            let found = rows(&client, "SELECT a FROM total").await;
            if found == [expected.to_string()] {
                break;
            }
        }
    }
    let wrong = "SELECT count(*) FROM tributary.refreshes WHERE reason <> 'created' AND reason <> 'scheduled'";
    assert_eq!(rows(&client, wrong).await, ["0"]);
    let models = "SELECT name, target_lag, schedule, suspended, stale, fresh_at IS NOT NULL FROM tributary.models WHERE name IN ('doubled', 'total') ORDER BY name";
    assert_eq!(
        rows(&client, models).await,
        [
            "doubled|DOWNSTREAM|NULL|f|f|t",
            "total|50 milliseconds|NULL|f|f|t"
        ]
    );
}

/// Whatever becomes of its inputs.
#[tokio::test(flavor = "multi_thread")]
async fn what_tells_the_time_follows_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (client, mut heard) = connect(&server).await;
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    run("LISTEN tributary_refresh").await;
    run("CREATE TABLE t (at TIMESTAMPTZ); INSERT INTO t VALUES (now())").await;
    run("CREATE MATERIALIZED VIEW past WITH (target_lag = '20 ms') AS SELECT at FROM t WHERE at < now()").await;
    for _ in 0..3 {
        until(&mut heard, "past", "succeeded").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_suspended_is_left_alone_until_it_is_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (client, mut heard) = connect(&server).await;
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    run("CREATE TABLE t (a BIGINT)").await;
    for name in ["quiet", "watched"] {
        run(&format!("CREATE MATERIALIZED VIEW {name} WITH (target_lag = '20 ms') AS SELECT count(*) AS n FROM t")).await;
    }
    run("ALTER MATERIALIZED VIEW quiet SUSPEND").await;
    run("LISTEN tributary_refresh").await;
    run("INSERT INTO t VALUES (1)").await;
    until(&mut heard, "watched", "succeeded").await;
    let suspended =
        "SELECT n, (SELECT suspended FROM tributary.models WHERE name = 'quiet') FROM quiet";
    assert_eq!(rows(&client, suspended).await, ["0|t"]);
    // It is kept: the server starts again.
    server.kill();
    let server = Server::start(folder.path());
    let (client, mut heard) = connect(&server).await;
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    run("LISTEN tributary_refresh").await;
    run("INSERT INTO t VALUES (2)").await;
    until(&mut heard, "watched", "succeeded").await;
    assert_eq!(rows(&client, suspended).await, ["0|t"]);
    run("ALTER DYNAMIC TABLE quiet RESUME").await;
    until(&mut heard, "quiet", "succeeded").await;
    assert_eq!(rows(&client, suspended).await, ["2|f"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_that_fails_is_recorded_and_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (client, mut heard) = connect(&server).await;
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    run("CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (1)").await;
    run("CREATE MATERIALIZED VIEW m WITH (target_lag = '20 ms') AS SELECT sum(1 / a)::BIGINT AS n FROM t").await;
    run("LISTEN tributary_refresh").await;
    run("INSERT INTO t VALUES (0)").await;
    until(&mut heard, "m", "failed").await;
    until(&mut heard, "m", "failed").await;
    let failed =
        "SELECT DISTINCT reason, sqlstate FROM tributary.refreshes WHERE status = 'failed'";
    assert_eq!(rows(&client, failed).await, ["scheduled|22012"]);
    assert_eq!(rows(&client, "SELECT n FROM m").await, ["1"]);
    run("DELETE FROM t WHERE a = 0").await;
    until(&mut heard, "m", "succeeded").await;
    assert_eq!(
        rows(
            &client,
            "SELECT status FROM tributary.models WHERE name = 'm'"
        )
        .await,
        ["succeeded"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_were_missed_are_caught_up_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let off = ["--scheduler", "off"];
    let server = Server::start_with(folder.path(), &off);
    let client = server.connect().await;
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    run("CREATE TABLE t (a BIGINT)").await;
    run("CREATE MATERIALIZED VIEW m WITH (schedule = '20 milliseconds') AS SELECT count(*) AS n FROM t").await;
    run("INSERT INTO t VALUES (1)").await;
    // Nobody is there to do it: the server that does not schedule goes down.
    drop(client);
    assert!(server.terminate().success());
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let caught_up = "SELECT n FROM m";
    while rows(&client, caught_up).await != ["1"] {}
    let scheduled = "SELECT count(*) FROM tributary.refreshes WHERE reason = 'scheduled'";
    assert_eq!(rows(&client, scheduled).await, ["1"]);
    assert!(server.terminate().success());
}
