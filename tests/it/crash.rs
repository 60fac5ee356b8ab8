//! kill -9 at any moment leaves the catalog, and every table, before or after, never between.

use std::collections::HashSet;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use crate::replaced::{ROWS, replace, whole};
use crate::server::Server;

/// Kills of one run; each starts the server anew.
const KILLS: usize = 12;

/// What the client does, over and over, [`ROWS`] at a time so that a count that is no multiple
/// tells of a torn write, until the server is killed under it.
async fn work(client: &tokio_postgres::Client, round: usize) -> Result<(), tokio_postgres::Error> {
    for step in 0.. {
        let name = format!("r{round}_{step}");
        client.batch_execute(&format!("CREATE SCHEMA {name}; CREATE TABLE {name}.t AS SELECT value AS id FROM generate_series(1, {ROWS}) s")).await?;
        client.batch_execute(&format!("CREATE VIEW {name}.v AS SELECT id FROM {name}.t; CREATE MATERIALIZED VIEW {name}.m AS SELECT id FROM {name}.v")).await?;
        client.batch_execute(&format!("INSERT INTO {name}.t SELECT value FROM generate_series(1, {ROWS}) s; REFRESH MATERIALIZED VIEW {name}.m")).await?;
        let mut sink = Box::pin(client.copy_in(&format!("COPY {name}.t FROM STDIN")).await?);
        let rows: String = (0..ROWS).map(|id| format!("{id}\n")).collect();
        futures::SinkExt::send(&mut sink, bytes::Bytes::from(rows)).await?;
        sink.as_mut().finish().await?;
        client.batch_execute(&format!("UPDATE {name}.t SET id = id + 1; MERGE INTO {name}.t USING (VALUES (1)) one(id) ON t.id = one.id WHEN MATCHED THEN UPDATE SET id = 0 WHEN NOT MATCHED BY SOURCE THEN UPDATE SET id = t.id - 1")).await?;
        for (kind, table) in [
            ("TABLE", "replaced"),
            ("MATERIALIZED VIEW", "replaced_view"),
        ] {
            let table = format!("{name}.{table}");
            for number in 0..4 {
                replace(client, kind, &table, number).await?;
            }
        }
        if step % 2 == 1 {
            client
                .batch_execute(&format!(
                    "DROP MATERIALIZED VIEW {name}.replaced_view; DROP SCHEMA {name} CASCADE"
                ))
                .await?;
        }
    }
    Ok(())
}

/// Every relation of the catalog can be read, and holds whole steps.
async fn verify(client: &tokio_postgres::Client) {
    let relations = client
        .query(
            "SELECT schema, name, kind, status FROM tributary.models",
            &[],
        )
        .await
        .unwrap();
    for relation in relations {
        let (schema, name): (String, String) = (relation.get(0), relation.get(1));
        if name.starts_with("replaced") {
            whole(client, &schema, &name).await;
            continue;
        }
        let count: i64 = client
            .query_one(&format!("SELECT count(*) FROM {schema}.{name}"), &[])
            .await
            .unwrap()
            .get(0);
        assert!(
            count > 0 && count % ROWS == 0 && count <= 3 * ROWS,
            "{schema}.{name} has {count} rows"
        );
    }
    let running: i64 = client
        .query_one(
            "SELECT count(*) FROM tributary.refreshes WHERE status = 'running'",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(running, 0, "what was killed is not still running");
}

/// What decides on the moments of kills.
fn random() -> Pcg64Mcg {
    let seed = std::env::var("TRIBUTARY_CRASH_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| rand::rng().random());
    println!("TRIBUTARY_CRASH_SEED={seed}");
    Pcg64Mcg::seed_from_u64(seed)
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_leaves_every_object_before_or_after() {
    let mut random = random();
    let folder = tempfile::tempdir().unwrap();
    for round in 0..KILLS {
        let server = Server::start(folder.path());
        let client = server.connect().await;
        verify(&client).await;
        // The moment of the kill is what is random here; nothing waits for it to pass.
        let moment = Duration::from_millis(random.random_range(1..600));
        let worked = tokio::time::timeout(moment, work(&client, round)).await;
        assert!(
            worked.is_err() || worked.unwrap().is_err(),
            "the work has no end"
        );
        server.kill();
    }
    let server = Server::start(folder.path());
    verify(&server.connect().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_lets_no_number_of_an_identity_come_twice() {
    let mut random = random();
    let folder = tempfile::tempdir().unwrap();
    let mut told = Vec::new();
    for round in 0..KILLS / 2 {
        let server = Server::start(folder.path());
        let client = server.connect().await;
        if round == 0 {
            let table = "CREATE TABLE numbered (id BIGINT GENERATED ALWAYS AS IDENTITY, note TEXT)";
            client.batch_execute(table).await.unwrap();
        }
        let insert = format!(
            "INSERT INTO numbered (note) SELECT 'x' FROM generate_series(1, {ROWS}) RETURNING id"
        );
        let work = async {
            while let Ok(rows) = client.query(&insert, &[]).await {
                told.extend(rows.iter().map(|row| row.get::<_, i64>(0)));
            }
        };
        let moment = Duration::from_millis(random.random_range(1..400));
        assert!(tokio::time::timeout(moment, work).await.is_err());
        server.kill();
    }
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let counts = "SELECT count(*), count(DISTINCT id) FROM numbered";
    let counts = client.query_one(counts, &[]).await.unwrap();
    assert_eq!(counts.get::<_, i64>(0), counts.get::<_, i64>(1));
    let rows = client.query("SELECT id FROM numbered", &[]).await.unwrap();
    let kept: HashSet<i64> = rows.iter().map(|row| row.get(0)).collect();
    let told_once: HashSet<i64> = told.iter().copied().collect();
    assert_eq!(told_once.len(), told.len());
    assert!(told_once.is_subset(&kept));
}
