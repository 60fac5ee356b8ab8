//! What the server does by itself with the files of tables.

use crate::server::{Server, rows};

#[tokio::test(flavor = "multi_thread")]
async fn many_small_files_become_few_while_rows_come() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let create = "CREATE TABLE t (id BIGINT PRIMARY KEY)";
    client.batch_execute(create).await.unwrap();
    let mut compacted = false;
    let mut last = 0;
    // As many statements as it takes until one finds that its table was compacted.
    while !compacted && last < 1000 {
        last += 1;
        let insert = format!("INSERT INTO t VALUES ({last})");
        client.batch_execute(&insert).await.unwrap();
        let history = rows(&client, "DESCRIBE HISTORY t").await;
        compacted = history.iter().any(|commit| commit.contains("OPTIMIZE"));
    }
    assert!(compacted);
    let found = rows(&client, "SELECT id FROM t ORDER BY id").await;
    let expected: Vec<String> = (1..=last).map(|id: i64| id.to_string()).collect();
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_old_versions_go_by_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["--vacuum-retention-hours", "0", "--vacuum-interval", "1ms"];
    let server = Server::start_with(folder.path(), &flags);
    let client = server.connect().await;
    for create in [
        "CREATE TABLE t AS SELECT 1 AS one",
        "CREATE OR REPLACE TABLE t AS SELECT 2 AS one",
    ] {
        client.batch_execute(create).await.unwrap();
    }
    // As many looks as it takes until the old version's file is gone.
    loop {
        let old = "SELECT * FROM t VERSION AS OF 0";
        let Err(error) = client.simple_query(old).await else {
            continue;
        };
        let error = error.as_db_error().unwrap();
        assert!(error.message().contains("no longer there"), "{error:?}");
        break;
    }
    assert_eq!(rows(&client, "SELECT one FROM t").await, ["2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_stays_whole_when_the_old_files_of_its_tables_go() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let people = "CREATE TABLE people AS SELECT i AS id, 'name ' || (i % 50) AS name, \
                  'street ' || (i % 50) AS street FROM generate_series(1, 300) g(i)";
    let model = "CREATE MODEL same OPTIONS (model_type = 'entity_resolution', unique_id = 'id') \
                 AS SELECT id, name, street FROM people";
    client.batch_execute(people).await.unwrap();
    client.batch_execute(model).await.unwrap();
    let found = "SELECT count(*), count(DISTINCT entity_id) FROM entity_clusters('same')";
    let pairs = "SELECT count(*) FROM entity_pairs('same')";
    for round in 0..3 {
        let changed = format!("INSERT INTO people SELECT {round} + 1000, 'name 7', 'street 7'");
        client.batch_execute(&changed).await.unwrap();
        client.batch_execute("REFRESH MODEL same").await.unwrap();
        let before = (rows(&client, found).await, rows(&client, pairs).await);
        let vacuum = "VACUUM same RETAIN 0 HOURS";
        client.batch_execute(vacuum).await.unwrap();
        let dry = rows(&client, "VACUUM same RETAIN 0 HOURS DRY RUN").await;
        assert_eq!(dry, Vec::<String>::new());
        // What is in memory would hide a file that is missing.
        client.batch_execute("DISCARD ALL").await.unwrap();
        assert_eq!(
            (rows(&client, found).await, rows(&client, pairs).await),
            before
        );
    }
    server.kill();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    assert_eq!(rows(&client, "SELECT count(*) FROM people").await, ["303"]);
    assert!(!rows(&client, pairs).await.is_empty());
    assert_eq!(
        rows(&client, "SELECT count(*) FROM entity_clusters('same')").await,
        ["303"]
    );
}
