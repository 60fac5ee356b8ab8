//! Transactions of several tables: others see all of one or nothing, and so does the next start after
//! a kill.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::server::{Server, rows};

/// Kills of one run; each starts the server anew.
const KILLS: usize = 12;

/// Transfers between two tables, in a transaction that also creates and drops a table; those of odd
/// numbers are taken back.
async fn transfer(client: &Client, round: usize) -> Result<(), tokio_postgres::Error> {
    for step in 0.. {
        let made = format!("made_{round}_{step}");
        client.batch_execute("BEGIN").await?;
        client
            .batch_execute("UPDATE one SET amount = amount - 1 WHERE id % 2 = 0")
            .await?;
        client
            .batch_execute(&format!("CREATE TABLE {made} AS SELECT * FROM one"))
            .await?;
        client
            .batch_execute("UPDATE two SET amount = amount + 1 WHERE id % 2 = 0; INSERT INTO one VALUES (-1, 0); INSERT INTO two VALUES (-1, 0)")
            .await?;
        if step % 3 == 2 {
            // A table of an even step: those of odd steps were taken back, as is every second drop.
            let before = format!("made_{round}_{}", step - 2 - step % 2);
            client
                .batch_execute(&format!("DROP TABLE {before}"))
                .await?;
        }
        let end = if step % 2 == 0 { "COMMIT" } else { "ROLLBACK" };
        client.batch_execute(end).await?;
    }
    Ok(())
}

const SUMS: &str = "SELECT (SELECT sum(amount) FROM one) + (SELECT sum(amount) FROM two), (SELECT count(*) FROM one) - (SELECT count(*) FROM two)";

async fn begin(client: &Client) {
    let tables = "CREATE TABLE one AS SELECT value AS id, 1000 AS amount FROM generate_series(1, 100) s; CREATE TABLE two AS SELECT * FROM one";
    client.batch_execute(tables).await.unwrap();
}

/// The folders of tables, and the data files in them.
fn folders(warehouse: &Path) -> usize {
    let schemas = std::fs::read_dir(warehouse.join("public")).unwrap();
    schemas.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_leaves_all_tables_of_a_transaction_before_or_after() {
    let seed = std::env::var("TRIBUTARY_CRASH_SEED");
    let seed = seed.ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| rand::rng().random());
    println!("TRIBUTARY_CRASH_SEED={seed}");
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    for round in 0..KILLS {
        let server = Server::start(folder.path());
        let client = server.connect().await;
        if round == 0 {
            begin(&client).await;
        }
        assert_eq!(rows(&client, SUMS).await, ["200000|0"]);
        // The moment of the kill is what is random here; nothing waits for it to pass.
        let moment = Duration::from_millis(random.random_range(1..700));
        let worked = tokio::time::timeout(moment, transfer(&client, round)).await;
        assert!(worked.is_err(), "the work has no end: {worked:?}");
        server.kill();
    }
    let server = Server::start(folder.path());
    let client = server.connect().await;
    assert_eq!(rows(&client, SUMS).await, ["200000|0"]);
    // What was rolled back, or cut off, left no folder.
    let tables = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
    let tables: usize = rows(&client, tables).await[0].parse().unwrap();
    assert_eq!(folders(&folder.path().join("data/tables")), tables);
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_all_tables_of_a_commit_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let writer = server.connect().await;
    begin(&writer).await;
    let writing = tokio::spawn(async move {
        for _ in 0..30 {
            let message = "UPDATE one SET amount = amount - 1 WHERE id = 7; UPDATE two SET amount = amount + 1 WHERE id = 7";
            writer.batch_execute(message).await.unwrap();
        }
    });
    let mut seen = BTreeSet::new();
    let reader = server.connect().await;
    while !writing.is_finished() {
        assert_eq!(rows(&reader, SUMS).await, ["200000|0"]);
        seen.extend(rows(&reader, "SELECT amount FROM one WHERE id = 7").await);
    }
    writing.await.unwrap();
    assert!(seen.len() > 3, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_takes_its_block_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    begin(&client).await;
    let gone = server.connect().await;
    gone.batch_execute("BEGIN").await.unwrap();
    gone.batch_execute("UPDATE one SET amount = 0")
        .await
        .unwrap();
    drop(gone);
    // It waits for the block's lock, and so for its end.
    client
        .batch_execute("UPDATE one SET amount = amount + 1")
        .await
        .unwrap();
    assert_eq!(rows(&client, "SELECT min(amount) FROM one").await, ["1001"]);
}

/// Commits that are stopped in one run.
const STOPS: usize = 40;

/// How many of the rows of two tables a commit has made.
async fn of_both(client: &Client, number: usize) -> usize {
    let sql = format!(
        "SELECT (SELECT count(*) FROM t WHERE id = {number}) + (SELECT count(*) FROM u WHERE id = {number})"
    );
    rows(client, &sql).await[0].parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_stopped_ends_as_the_client_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let reader = server.connect().await;
    reader
        .batch_execute("CREATE TABLE t (id INT); CREATE TABLE u (id INT)")
        .await
        .unwrap();
    let mut stopped = 0;
    for number in 0..STOPS {
        let client = server.connect().await;
        let inserts = format!("INSERT INTO t VALUES ({number}); INSERT INTO u VALUES ({number})");
        let block = format!("BEGIN; {inserts}; COMMIT");
        // When it is stopped is what is random here; nothing waits for it to pass.
        let moment = rand::rng().random_range(2..45);
        let ended = match number % 4 {
            0 => {
                let begun = format!("BEGIN; {inserts}; SET LOCAL statement_timeout = {moment}");
                client.batch_execute(&begun).await.unwrap();
                client.batch_execute("COMMIT").await
            }
            1 => {
                let set = format!("SET statement_timeout = {moment}");
                client.batch_execute(&set).await.unwrap();
                client.batch_execute(&inserts).await
            }
            form => {
                let message = if form == 2 { &inserts } else { &block };
                let token = client.cancel_token();
                let (ended, ()) = tokio::join!(client.batch_execute(message), async {
                    tokio::time::sleep(Duration::from_millis(moment)).await;
                    token.cancel_query(tokio_postgres::NoTls).await.unwrap();
                });
                ended
            }
        };
        if let Err(error) = &ended {
            stopped += 1;
            assert_eq!(error.code().unwrap().code(), "57014", "{error:?}");
            // What was stopped at its commit is no transaction any more; before, it is to be left.
            let _ = client.batch_execute("ROLLBACK").await;
        }
        let made = if ended.is_ok() { 2 } else { 0 };
        assert_eq!(of_both(&reader, number).await, made, "{number}: {ended:?}");
    }
    assert!(stopped > 0, "no commit was stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_that_is_stopped_ends_as_the_client_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let reader = server.connect().await;
    for number in 0..STOPS {
        let client = server.connect().await;
        let made = "DROP SCHEMA IF EXISTS s CASCADE; CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 1 AS id; CREATE TABLE s.u AS SELECT * FROM s.t";
        reader.batch_execute(made).await.unwrap();
        let timeout = format!("SET statement_timeout = {}", 1 + number % 8);
        client.batch_execute(&timeout).await.unwrap();
        let dropped = client.batch_execute("DROP SCHEMA s CASCADE").await;
        let left = rows(
            &reader,
            "SELECT count(*) FROM pg_class WHERE relname IN ('t', 'u')",
        )
        .await;
        let expected = if dropped.is_ok() { "0" } else { "2" };
        assert_eq!(left, [expected], "{dropped:?}");
    }
}

/// Drivers prepare a statement once and run it in later transactions, which read by a snapshot all the
/// same.
#[tokio::test(flavor = "multi_thread")]
async fn statements_prepared_before_a_block_read_by_its_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (reader, writer) = (server.connect().await, server.connect().await);
    let table = "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT); INSERT INTO t VALUES (1, 1)";
    writer.batch_execute(table).await.unwrap();
    for (level, fails) in [
        ("READ COMMITTED", false),
        ("REPEATABLE READ", true),
        ("SERIALIZABLE", true),
    ] {
        let read = reader.prepare("SELECT n FROM t WHERE id = $1").await;
        let read = read.unwrap();
        for _ in 0..3 {
            let begin = format!("BEGIN ISOLATION LEVEL {level}");
            reader.batch_execute(&begin).await.unwrap();
            let n = async || -> i64 {
                let row = reader.query_one(&read, &[&1_i64]).await.unwrap();
                row.get(0)
            };
            let before = n().await;
            let change = "UPDATE t SET n = n + 1";
            writer.batch_execute(change).await.unwrap();
            let expected = if fails { before } else { before + 1 };
            assert_eq!(n().await, expected, "{level}");
            let changed = reader.batch_execute("UPDATE t SET n = n + 10").await;
            let code = changed.err().and_then(|error| error.code().cloned());
            let refused = fails.then_some(SqlState::T_R_SERIALIZATION_FAILURE);
            assert_eq!(code, refused, "{level}");
            reader.batch_execute("ROLLBACK").await.unwrap();
        }
    }
}

/// Sessions that add rows at the same time.
const ADDERS: usize = 4;

/// Blocks of each of them.
const BLOCKS: usize = 20;

/// Adds rows to two tables in blocks, some of which read by one snapshot; tells how many blocks
/// were committed before the connection ended.
async fn add_rows(client: Client, session: usize, blocks: usize) -> usize {
    for block in 0..blocks {
        let value = session * 1_000_000 + block;
        let level = ["READ COMMITTED", "REPEATABLE READ"][block % 2];
        let statements = format!(
            "BEGIN ISOLATION LEVEL {level}; INSERT INTO one VALUES ({value}); INSERT INTO two VALUES ({value}); INSERT INTO one VALUES (-{value})"
        );
        for statement in statements.split("; ").chain(["COMMIT"]) {
            match client.batch_execute(statement).await {
                Ok(()) => {}
                Err(error) if error.is_closed() || error.code().is_none() => return block,
                Err(error) => panic!("{statement}: {error:?}"),
            }
        }
    }
    blocks
}

/// Begins to add rows in some sessions at once.
async fn adders(
    server: &Server,
    first: usize,
    blocks: usize,
) -> Vec<tokio::task::JoinHandle<usize>> {
    let mut adders = Vec::new();
    for session in first..first + ADDERS {
        let client = server.connect().await;
        adders.push(tokio::spawn(add_rows(client, session, blocks)));
    }
    adders
}

const ADDED: &str = "SELECT (SELECT count(*) FROM one WHERE id >= 0), (SELECT count(*) FROM two), (SELECT count(DISTINCT id) FROM two), (SELECT count(*) FROM one o JOIN two t ON o.id = -t.id)";

#[tokio::test(flavor = "multi_thread")]
async fn blocks_that_add_rows_do_not_fail_for_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let tables = "CREATE TABLE one (id BIGINT); CREATE TABLE two (id BIGINT)";
    client.batch_execute(tables).await.unwrap();
    let adders = adders(&server, 1, BLOCKS).await;
    for committed in futures::future::join_all(adders).await {
        assert_eq!(committed.unwrap(), BLOCKS);
    }
    let all = ADDERS * BLOCKS;
    let expected = format!("{all}|{all}|{all}|{all}");
    assert_eq!(rows(&client, ADDED).await, [expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_leaves_rows_that_blocks_add_once_in_all_tables() {
    let seed = std::env::var("TRIBUTARY_CRASH_SEED");
    let seed = seed.ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| rand::rng().random());
    println!("TRIBUTARY_CRASH_SEED={seed}");
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let mut told = 0;
    for round in 0..KILLS / 2 {
        let server = Server::start(folder.path());
        let client = server.connect().await;
        if round == 0 {
            let tables = "CREATE TABLE one (id BIGINT); CREATE TABLE two (id BIGINT)";
            client.batch_execute(tables).await.unwrap();
        }
        let adders = adders(&server, 1 + round * ADDERS, usize::MAX).await;
        // The moment of the kill is what is random here; nothing waits for it to pass.
        tokio::time::sleep(Duration::from_millis(random.random_range(50..700))).await;
        server.kill();
        for committed in futures::future::join_all(adders).await {
            told += committed.unwrap();
        }
    }
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let counts = rows(&client, ADDED).await;
    let counts: Vec<usize> = counts[0].split('|').map(|it| it.parse().unwrap()).collect();
    let [one, others @ ..] = counts.as_slice() else {
        panic!("no counts");
    };
    assert!(others.iter().all(|count| count == one), "{counts:?}");
    // Of a block that was on its way each client has heard nothing.
    let most = told + KILLS / 2 * ADDERS;
    assert!((told..=most).contains(one), "{one} of {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_counts_what_a_transaction_leaves_of_what_it_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let counted = async |table: &str, block: &str| {
        client
            .batch_execute(&format!("BEGIN; {block}; COMMIT"))
            .await
            .unwrap();
        let history = rows(&client, &format!("DESCRIBE HISTORY {table} LIMIT 1")).await;
        let fields: Vec<&str> = history[0].split('|').collect();
        let bytes: u64 = fields[5].parse().unwrap();
        (fields[4].to_owned(), fields[6].to_owned(), bytes > 0)
    };
    let told = |rows: &str, files: &str| (rows.to_owned(), files.to_owned(), rows != "0");
    let altered = "CREATE TABLE altered (id INT PRIMARY KEY, v INT);
                   INSERT INTO altered VALUES (1, 1), (2, 2);
                   ALTER TABLE altered ALTER v TYPE BIGINT, ADD c TEXT DEFAULT 'x'";
    assert_eq!(counted("altered", altered).await, told("2", "1"));
    let changed = "CREATE TABLE changed (id INT, v INT);
                   INSERT INTO changed VALUES (1, 1), (2, 2), (3, 3);
                   UPDATE changed SET v = 9 WHERE id = 1;
                   DELETE FROM changed WHERE id = 2";
    // Files of a few rows are written anew by each statement that changes them.
    assert_eq!(counted("changed", changed).await, told("2", "1"));
    let emptied = "INSERT INTO changed VALUES (4, 4); TRUNCATE changed";
    assert_eq!(counted("changed", emptied).await, told("0", "0"));
    let added = "INSERT INTO changed VALUES (5, 5), (6, 6); INSERT INTO changed VALUES (7, 7)";
    assert_eq!(counted("changed", added).await, told("3", "2"));
    // What RESTORE puts in was written by others, as it is told of RESTORE alone.
    let restored = "RESTORE TABLE changed TO VERSION AS OF 0; INSERT INTO changed VALUES (8, 8)";
    assert_eq!(counted("changed", restored).await, told("1", "1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_table_is_told_and_for_whom() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (filling, changing) = (server.connect().await, server.connect().await);
    let (waiting, onlooker) = (Arc::new(server.connect().await), server.connect().await);
    let run = async |client: &Client, sql: &str| client.batch_execute(sql).await.unwrap();
    let pid = async |client: &Client| {
        let pids = rows(client, "SELECT pg_backend_pid()").await;
        pids[0].parse::<i32>().unwrap()
    };
    let (filler, changer) = (pid(&filling).await, pid(&changing).await);
    let waiter = pid(&waiting).await;
    // Begins a statement, and answers it once it waits.
    let begin = async |sql: &'static str| {
        let client = Arc::clone(&waiting);
        let running = tokio::spawn(async move { client.batch_execute(sql).await });
        let told = format!(
            "SELECT wait_event_type, wait_event, state FROM pg_stat_activity WHERE pid = {waiter}"
        );
        while rows(&onlooker, &told).await != ["Lock|relation|active"] {
            assert!(!running.is_finished(), "{sql} waits");
        }
        (running,)
    };
    let blocking = async || {
        let pids = format!("SELECT unnest(pg_blocking_pids({waiter}))");
        let pids = rows(&onlooker, &pids).await;
        let pids = pids.iter().map(|pid| pid.parse::<i32>().unwrap());
        pids.collect::<BTreeSet<_>>()
    };
    let locks = "SELECT c.relname, l.mode, l.granted, l.waitstart IS NULL, l.pid
                 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
                 WHERE l.locktype = 'relation' ORDER BY l.mode, l.pid = PID";
    let locks = locks.replace("PID", &changer.to_string());
    run(
        &onlooker,
        "CREATE TABLE t (id INT); INSERT INTO t VALUES (1)",
    )
    .await;

    // Who changes rows waits for who does, and for nobody who only adds some.
    run(&filling, "BEGIN; INSERT INTO t VALUES (2)").await;
    run(&changing, "BEGIN; UPDATE t SET id = 3 WHERE id = 1").await;
    let (updating,) = begin("UPDATE t SET id = 4 WHERE id = 3").await;
    assert_eq!(blocking().await, BTreeSet::from([changer]));
    let mut expected = [
        format!("t|ExclusiveLock|f|f|{waiter}"),
        format!("t|ExclusiveLock|t|t|{changer}"),
        format!("t|RowExclusiveLock|t|t|{filler}"),
        format!("t|RowExclusiveLock|t|t|{changer}"),
    ];
    assert_eq!(rows(&onlooker, &locks).await, expected);
    run(&changing, "COMMIT").await;
    updating.await.unwrap().unwrap();
    assert!(blocking().await.is_empty());
    // A commit gives its lock back after its answer.
    let mut looks = 0;
    while rows(&onlooker, &locks).await != expected[2..3] {
        looks += 1;
        assert!(looks < 1000, "the lock of a statement goes with it");
    }

    // Who takes the table away waits for both.
    run(&changing, "BEGIN; UPDATE t SET id = 5 WHERE id = 4").await;
    let (dropping,) = begin("DROP TABLE t").await;
    assert_eq!(blocking().await, BTreeSet::from([filler, changer]));
    expected[0] = format!("t|AccessExclusiveLock|f|f|{waiter}");
    assert_eq!(rows(&onlooker, &locks).await, expected);
    run(&changing, "ROLLBACK").await;
    assert_eq!(blocking().await, BTreeSet::from([filler]));
    assert!(!dropping.is_finished());
    run(&filling, "COMMIT").await;
    dropping.await.unwrap().unwrap();
    let gone = onlooker.simple_query("SELECT * FROM t").await.unwrap_err();
    assert_eq!(gone.code(), Some(&SqlState::UNDEFINED_TABLE));
    assert_eq!(
        rows(&onlooker, "SELECT count(*) FROM pg_locks").await,
        ["0"]
    );
    let told = format!("SELECT wait_event FROM pg_stat_activity WHERE pid = {waiter}");
    assert_eq!(rows(&onlooker, &told).await, ["NULL"]);
}
