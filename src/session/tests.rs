//! What a session leaves behind when it ends: nothing.

use std::time::Duration;

use futures::StreamExt as _;
use tokio::task::yield_now;
use tokio::time::timeout;

use super::*;
use crate::catalog::is_temporary_schema;
use crate::test_server::{self, begin, open};

/// What is rolled back or dropped in the background is gone by then.
const PATIENCE: Duration = Duration::from_secs(60);

const CURSOR: &str = "DECLARE c CURSOR WITH HOLD FOR SELECT n FROM generate_series(1, 9) AS n";

/// Runs statements, each to its first rows alone.
async fn run(session: &Session, sql: &str) {
    for statement in session.parse(sql).unwrap() {
        let prepared = session.prepare(statement, &[]).await.unwrap();
        let outcome = session.execute(&prepared, Vec::new()).await.unwrap();
        if let Outcome::Rows { mut stream, .. } = outcome {
            stream.next().await.unwrap().unwrap();
        }
        session.complete().unwrap();
    }
}

/// Waits until nothing knows of a session any more.
async fn nothing_left(instance: &Arc<Instance>, told: &str) {
    let footers = instance.runtime().cache_manager.get_file_metadata_cache();
    let is_over = || {
        let snapshot = instance.catalog.snapshot();
        let mut temporary = snapshot.schemas().map(|schema| &schema.name);
        // Plans, streams, transactions and channels know the instance.
        Arc::strong_count(instance) == 1
            && instance.sessions.list().is_empty()
            && !temporary.any(|name| is_temporary_schema(name))
            && instance.catalog.known_sequences() == 0
            && footers.is_empty()
    };
    let over = timeout(PATIENCE, async {
        while !is_over() {
            yield_now().await;
        }
    });
    assert!(
        over.await.is_ok(),
        "after {told}: the instance is known {} times, {} sequences, {} footers",
        Arc::strong_count(instance),
        instance.catalog.known_sequences(),
        footers.len(),
    );
}

#[test]
fn a_session_that_ends_leaves_nothing() {
    test_server::block_on(sessions_end);
}

async fn sessions_end() {
    let folder = tempfile::tempdir().unwrap();
    let instance = open(folder.path()).await;
    let serial = "CREATE TEMP TABLE t (id SERIAL, a INT); INSERT INTO t (a) VALUES (1), (2)";
    let sessions = [
        "SELECT 1".to_owned(),
        "PREPARE q AS SELECT $1::int; EXECUTE q(5); EXECUTE q(6)".to_owned(),
        "SET application_name = 'x'; BEGIN; SET LOCAL DateStyle = 'German'; SAVEPOINT s".to_owned(),
        CURSOR.to_owned(),
        format!("{CURSOR}; FETCH 3 FROM c"),
        format!("{CURSOR}; FETCH ALL FROM c"),
        "BEGIN; DECLARE c SCROLL CURSOR FOR SELECT relname FROM pg_class; FETCH 2 FROM c"
            .to_owned(),
        format!("LISTEN news; NOTIFY news, 'one'; {CURSOR}"),
        serial.to_owned(),
        format!("{serial}; SELECT id, a FROM t"),
        format!("{serial}; DECLARE c CURSOR WITH HOLD FOR SELECT id, a FROM t; FETCH 1 FROM c"),
        format!("BEGIN; {serial}"),
        format!("BEGIN; SAVEPOINT s; {serial}; ROLLBACK TO s"),
        format!("BEGIN; {serial}; DROP TABLE t; COMMIT"),
        "SELECT pg_advisory_lock(1)".to_owned(),
    ];
    for sql in &sessions {
        let session = begin(&instance);
        run(&session, sql).await;
        drop(session);
        nothing_left(&instance, sql).await;
    }
    let heard = instance.notifications.usage();
    assert!(
        heard < f64::EPSILON,
        "{heard} of the queue waits for nobody"
    );
}
