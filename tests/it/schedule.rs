//! What the scheduler does by itself. Tests wait for what it tells on `tributary_refresh`, and for no
//! time to pass.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::notifications::{Heard, connect, refresh};
use crate::server::{Server, rows};

/// A query that no test sees the end of.
const ENDLESS: &str = "SELECT count(*) AS n FROM generate_series(1, 1000000000000) AS s(i)";

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

/// Inserts into a table until something is over, and tells how many rows there are.
async fn stream_into(server: &Server, table: &str, is_over: &AtomicBool) -> i64 {
    let client = server.connect().await;
    let mut last = 0;
    while !is_over.load(Ordering::Relaxed) {
        last += 1;
        let insert = format!("INSERT INTO {table} VALUES ({last})");
        client.batch_execute(&insert).await.unwrap();
    }
    last
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_is_refreshed_under_a_stream_of_commits() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (client, mut heard) = connect(&server).await;
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    run("CREATE TABLE t (i BIGINT)").await;
    run("CREATE MATERIALIZED VIEW first WITH (target_lag = '100 ms') AS SELECT max(i) AS n FROM t")
        .await;
    run("CREATE MATERIALIZED VIEW second WITH (target_lag = '100 ms') AS SELECT n FROM first")
        .await;
    run("CREATE MATERIALIZED VIEW third WITH (target_lag = '1 second') AS SELECT n FROM second")
        .await;
    run("LISTEN tributary_refresh").await;
    let is_over = AtomicBool::new(false);
    let watch = async {
        // Who comes after others has its turn, however often these have theirs.
        let mut turns = BTreeMap::from([("first", 0), ("second", 0), ("third", 0)]);
        while turns["second"] < 5 || turns["third"] < 2 {
            let (name, status) = refresh(&mut heard).await;
            assert_eq!(status, "succeeded");
            *turns.get_mut(name.as_str()).unwrap() += 1;
            assert!(
                turns["first"] < 500,
                "others never have their turn: {turns:?}"
            );
        }
        is_over.store(true, Ordering::Relaxed);
    };
    let (last, ()) = tokio::join!(stream_into(&server, "t", &is_over), watch);
    while rows(&client, "SELECT n FROM third").await != [last.to_string()] {
        refresh(&mut heard).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_views_than_jobs_share_them() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &["--scheduler-jobs", "1"]);
    let (client, mut heard) = connect(&server).await;
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    run("CREATE TABLE t (i BIGINT)").await;
    let views = ["a", "b", "c", "d"];
    for view in views {
        run(&format!("CREATE MATERIALIZED VIEW {view} WITH (target_lag = '20 ms') AS SELECT max(i) AS n FROM t")).await;
    }
    run("LISTEN tributary_refresh").await;
    let is_over = AtomicBool::new(false);
    let watch = async {
        let mut turns: BTreeMap<String, usize> = BTreeMap::new();
        while turns.len() < views.len() || turns.values().any(|turns| *turns < 5) {
            let (name, _) = refresh(&mut heard).await;
            *turns.entry(name).or_default() += 1;
            let most = turns.values().max().copied().unwrap_or_default();
            assert!(most < 100, "one has all turns: {turns:?}");
        }
        is_over.store(true, Ordering::Relaxed);
    };
    tokio::join!(stream_into(&server, "t", &is_over), watch);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_idles_keeps_no_other_view_from_its_refresh() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &["--scheduler-jobs", "1"]);
    let (client, mut heard) = connect(&server).await;
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    run("CREATE TABLE t (i BIGINT)").await;
    for view in ["held", "other"] {
        run(&format!("CREATE MATERIALIZED VIEW {view} WITH (target_lag = '20 ms') AS SELECT count(*) AS n FROM t")).await;
    }
    run("CREATE MATERIALIZED VIEW stands_on_it WITH (target_lag = '20 ms') AS SELECT held.n + other.n AS n FROM held, other").await;
    let idle = server.connect().await;
    idle.batch_execute("BEGIN; REFRESH MATERIALIZED VIEW held")
        .await
        .unwrap();
    run("LISTEN tributary_refresh; INSERT INTO t VALUES (1)").await;
    until(&mut heard, "other", "succeeded").await;
    // What stands on both takes what there is.
    while rows(&client, "SELECT n FROM stands_on_it").await != ["1"] {
        until(&mut heard, "stands_on_it", "succeeded").await;
    }
    assert_eq!(rows(&client, "SELECT n FROM held").await, ["0"]);
    idle.batch_execute("ROLLBACK").await.unwrap();
    while rows(&client, "SELECT n FROM stands_on_it").await != ["2"] {
        until(&mut heard, "stands_on_it", "succeeded").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_suspended_or_dropped_stops() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &["--scheduler-jobs", "2"]);
    let (client, mut heard) = connect(&server).await;
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    run("CREATE TABLE t (i BIGINT)").await;
    run(
        "CREATE MATERIALIZED VIEW other WITH (target_lag = '20 ms') AS SELECT count(*) AS n FROM t",
    )
    .await;
    for view in ["dropped", "suspended"] {
        run(&format!(
            "CREATE MATERIALIZED VIEW {view} WITH (target_lag = '20 ms') AS {ENDLESS} WITH NO DATA"
        ))
        .await;
    }
    let running = "SELECT name FROM tributary.refreshes WHERE status = 'running' ORDER BY name";
    while rows(&client, running).await != ["dropped", "suspended"] {}
    run("LISTEN tributary_refresh").await;
    run("INSERT INTO t VALUES (1)").await;
    run("DROP MATERIALIZED VIEW dropped").await;
    until(&mut heard, "other", "succeeded").await;
    run("ALTER MATERIALIZED VIEW suspended SUSPEND").await;
    while !rows(&client, running).await.is_empty() {}
    let ended = "SELECT name, status, sqlstate FROM tributary.refreshes WHERE reason = 'scheduled' AND name <> 'other' ORDER BY name";
    assert_eq!(
        rows(&client, ended).await,
        ["dropped|failed|57014", "suspended|failed|57014"]
    );
    // What a client refreshes stops with the view too.
    let refreshing = server.connect().await;
    let refreshing = tokio::spawn(async move {
        let refresh = "REFRESH MATERIALIZED VIEW suspended";
        refreshing.batch_execute(refresh).await
    });
    while rows(&client, running).await != ["suspended"] {}
    run("DROP MATERIALIZED VIEW suspended").await;
    let error = refreshing.await.unwrap().unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!(
        (error.code().code(), error.message()),
        (
            "42P01",
            "materialized view public.suspended was dropped while it was refreshed"
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_refresh_is_shown_and_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &["--scheduler-retries", "0"]);
    let (client, mut heard) = connect(&server).await;
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    run("LISTEN tributary_refresh").await;
    run(&format!(
        "CREATE MATERIALIZED VIEW m WITH (target_lag = '20 ms') AS {ENDLESS} WITH NO DATA"
    ))
    .await;
    let cancel = "SELECT pg_cancel_backend(pid), application_name, state, query FROM pg_stat_activity WHERE backend_type = 'scheduled refresh'";
    loop {
        let cancelled = rows(&client, cancel).await;
        if !cancelled.is_empty() {
            let shown = "t|scheduler|active|REFRESH MATERIALIZED VIEW public.m";
            assert_eq!(cancelled, [shown]);
            break;
        }
    }
    until(&mut heard, "m", "failed").await;
    let ended = "SELECT sqlstate FROM tributary.refreshes WHERE reason = 'scheduled'";
    assert_eq!(rows(&client, ended).await, ["57014"]);
    while !rows(&client, cancel).await.is_empty() {}
    // A statement of another client's, and one that there is not.
    let other = server.connect().await;
    let pid = rows(&other, "SELECT pg_backend_pid()").await.remove(0);
    let sleeping = tokio::spawn(async move { other.batch_execute("SELECT pg_sleep(3600)").await });
    let active = format!(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = {pid} AND state = 'active'"
    );
    while rows(&client, &active).await.is_empty() {}
    let error = sleeping.await.unwrap().unwrap_err();
    assert_eq!(error.code().map(|code| code.code()), Some("57014"));
    assert_eq!(rows(&client, "SELECT pg_cancel_backend(0)").await, ["f"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_succeeds_by_hand_ends_the_wait_after_failures() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &["--scheduler-retries", "0"]);
    let (client, mut heard) = connect(&server).await;
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    run("CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (1); CREATE VIEW v AS SELECT 1 / a AS a FROM t").await;
    run("CREATE MATERIALIZED VIEW m WITH (target_lag = '20 ms') AS SELECT sum(a)::BIGINT AS n FROM v").await;
    run("LISTEN tributary_refresh").await;
    let waits = "SELECT next_refresh_at > now() + INTERVAL '50 minutes' FROM tributary.models WHERE name = 'm'";
    let mended = "DELETE FROM t WHERE a = 0; REFRESH MATERIALIZED VIEW m";
    let redefined = "CREATE OR REPLACE VIEW v AS SELECT 1 / nullif(a, 0) AS a FROM t";
    for mend in [mended, redefined] {
        run("INSERT INTO t VALUES (0)").await;
        until(&mut heard, "m", "failed").await;
        while rows(&client, waits).await != ["t"] {}
        run(mend).await;
        until(&mut heard, "m", "succeeded").await;
    }
    let before = rows(&client, "SELECT n FROM m").await;
    run("INSERT INTO t VALUES (1)").await;
    until(&mut heard, "m", "succeeded").await;
    assert_ne!(rows(&client, "SELECT n FROM m").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_a_kill_has_cut_off_is_caught_up() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    run("CREATE VIEW v AS SELECT 1::BIGINT AS n").await;
    run("CREATE MATERIALIZED VIEW m WITH (schedule = '1 day') AS SELECT n FROM v").await;
    run(&format!("CREATE OR REPLACE VIEW v AS {ENDLESS}")).await;
    let refreshing = server.connect().await;
    let refreshing = tokio::spawn(async move {
        let refresh = "REFRESH MATERIALIZED VIEW m";
        refreshing.batch_execute(refresh).await
    });
    let running = "SELECT name FROM tributary.refreshes WHERE status = 'running'";
    while rows(&client, running).await.is_empty() {}
    server.kill();
    refreshing.await.unwrap().unwrap_err();
    let server = Server::start_with(folder.path(), &["--scheduler", "off"]);
    let client = server.connect().await;
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    run("CREATE OR REPLACE VIEW v AS SELECT 2::BIGINT AS n").await;
    drop(client);
    assert!(server.terminate().success());
    let server = Server::start(folder.path());
    let client = server.connect().await;
    while rows(&client, "SELECT n FROM m").await != ["2"] {}
    let reasons = "SELECT reason FROM tributary.refreshes ORDER BY id";
    let expected = ["created", "REFRESH", "scheduled"];
    assert_eq!(rows(&client, reasons).await, expected);
    let cut_off = "SELECT reason FROM tributary.refreshes WHERE status = 'interrupted'";
    assert_eq!(rows(&client, cut_off).await, ["REFRESH"]);
}
