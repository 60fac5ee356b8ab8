//! What the server does by itself with the files of tables.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    // What is read stays, and goes later.
    let reader = server.connect().await;
    let begin = "BEGIN; DECLARE c CURSOR FOR SELECT * FROM t";
    reader.batch_execute(begin).await.unwrap();
    let replace = "CREATE OR REPLACE TABLE t AS SELECT 3 AS one";
    client.batch_execute(replace).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(rows(&reader, "FETCH c").await, ["2"]);
    reader.batch_execute("COMMIT").await.unwrap();
    // As many looks as it takes until the old versions' files are gone.
    for version in [0, 1] {
        let old = format!("SELECT * FROM t VERSION AS OF {version}");
        let error = loop {
            if let Err(error) = client.simple_query(&old).await {
                break error;
            }
        };
        let error = error.as_db_error().unwrap();
        assert!(error.message().contains("no longer there"), "{error:?}");
    }
    assert_eq!(rows(&client, "SELECT one FROM t").await, ["3"]);
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

/// Whether the table beside a model's clusters was compacted.
fn is_compacted(folder: &Path, beside: &str) -> bool {
    let tables = fs::read_dir(folder.join("data/tables/tributary")).unwrap();
    let mut tables = tables.map(|entry| entry.unwrap().path());
    let named = format!("model_{beside}-");
    let is_named = |table: &PathBuf| {
        let name = table.file_name().unwrap().to_string_lossy();
        name.starts_with(&named)
    };
    let log = tables.find(is_named).unwrap().join("_delta_log");
    let mut entries = fs::read_dir(log)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries.any(|entry| fs::read_to_string(entry).is_ok_and(|entry| entry.contains("OPTIMIZE")))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_of_a_model_are_compacted_and_belong_together_still() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    // Identifiers so long that the files are too large to be written anew for a few rows.
    run(
        "CREATE TABLE people AS SELECT md5(i::TEXT) || md5((-i)::TEXT) AS id,
            substr(md5('name' || i / 2), 1, 12) AS name,
            substr(md5('mail' || i / 2), 1, 12) || '@mail.example' AS email
            FROM generate_series(1, 4000) g(i);
         CREATE MODEL same OPTIONS (model_type = 'entity_resolution', unique_id = 'id')
            AS SELECT id, name, email FROM people",
    )
    .await;
    let asked = [
        "SELECT count(*), sum(entity_id), count(DISTINCT entity_id) FROM entity_clusters('same')",
        "SELECT count(*), count(DISTINCT left_id) FROM entity_pairs('same')",
        "SELECT count(*), max(entity_id) FROM entity_history('same')",
    ];
    let told = async || {
        let mut told = Vec::new();
        for sql in asked {
            told.extend(rows(&client, sql).await);
        }
        told
    };
    let change = async |prefix: &str| {
        run(&format!(
            "UPDATE people SET name = name || 'x' WHERE id LIKE '{prefix}%';
             INSERT INTO people SELECT 'new {prefix}', 'new {prefix}', 'new {prefix}@mail.example'"
        ))
        .await;
        run("REFRESH MODEL same").await;
        let last = "SELECT mode, mode_reason FROM tributary.refreshes \
                    WHERE name = 'same' ORDER BY id DESC LIMIT 1";
        assert_eq!(rows(&client, last).await, ["incremental|NULL"]);
    };
    change("a1").await;
    change("b2").await;
    let before = told().await;
    run("OPTIMIZE same").await;
    let history = rows(&client, "DESCRIBE HISTORY same").await;
    let is_told = history.iter().any(|commit| commit.contains("OPTIMIZE"));
    assert!(is_told, "{history:?}");
    for beside in ["records", "pairs", "history"] {
        assert!(is_compacted(folder.path(), beside), "{beside}");
    }
    assert_eq!(told().await, before);
    // What has changed since is all that a refresh takes in, also where the server is another one.
    change("c3").await;
    run("OPTIMIZE same").await;
    let before = told().await;
    assert!(server.terminate().success());
    let server = Server::start(folder.path());
    let client = server.connect().await;
    for (sql, before) in asked.iter().zip(&before) {
        assert_eq!(rows(&client, sql).await, [before.as_str()]);
    }
    let explained = rows(&client, "EXPLAIN REFRESH MODEL same").await;
    assert!(explained[0].ends_with("incremental"), "{explained:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_refreshes_add_to_a_model_is_compacted_in_the_background() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    run("CREATE TABLE people (id BIGINT, name TEXT);
         INSERT INTO people VALUES (0, 'Ada Lovelace'), (-1, 'Bob Stone');
         CREATE MODEL same OPTIONS (model_type = 'entity_resolution', unique_id = 'id')
            AS SELECT id, name FROM people")
    .await;
    let mut last = 0;
    // As many refreshes as it takes until one finds that the history was compacted.
    while !is_compacted(folder.path(), "history") {
        last += 1;
        assert!(last < 500, "nobody compacts the history");
        run(&format!(
            "INSERT INTO people VALUES ({last}, 'name of {last}'); REFRESH MODEL same"
        ))
        .await;
    }
    let told = "SELECT count(DISTINCT id) FROM entity_history('same') WHERE id > 0";
    assert_eq!(rows(&client, told).await, [last.to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_idles_keeps_no_other_table_from_being_compacted() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (client, idle) = (server.connect().await, server.connect().await);
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    run("CREATE TABLE held (id BIGINT); CREATE TABLE free (id BIGINT)").await;
    run("INSERT INTO held VALUES (0)").await;
    let begin = "BEGIN; DELETE FROM held WHERE id = 0";
    idle.batch_execute(begin).await.unwrap();
    // Enough files for its compaction to begin, which waits for the transaction.
    for id in 1..=16 {
        run(&format!("INSERT INTO held VALUES ({id})")).await;
    }
    let is_compacted = async |table: &str| {
        let history = rows(&client, &format!("DESCRIBE HISTORY {table}")).await;
        history.iter().any(|commit| commit.contains("OPTIMIZE"))
    };
    let mut last = 0;
    while !is_compacted("free").await {
        last += 1;
        assert!(last < 1000, "the table waits for another one");
        run(&format!("INSERT INTO free VALUES ({last})")).await;
    }
    assert!(!is_compacted("held").await);
    idle.batch_execute("COMMIT").await.unwrap();
    while !is_compacted("held").await {
        last += 1;
        assert!(last < 2000, "what was waited for has ended");
        run(&format!("INSERT INTO held VALUES ({last})")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refreshes_by_keys_find_the_rows_of_large_views_by_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    run(
        "CREATE TABLE purchase (id BIGINT PRIMARY KEY, customer BIGINT, amount BIGINT);
         INSERT INTO purchase SELECT i, i / 2, 1 FROM generate_series(1, 60000) AS g(i);
         CREATE INDEX ON purchase (customer);
         CREATE MATERIALIZED VIEW total AS
             SELECT customer, sum(amount) AS amount FROM purchase GROUP BY customer",
    )
    .await;
    let last = "SELECT mode, changed_keys, rows_written, rows_read FROM tributary.refreshes \
                WHERE name = 'total' ORDER BY id DESC LIMIT 1";
    // As many refreshes as it takes until one finds that the server has made the index.
    for round in 1..=1000 {
        run(&format!(
            "UPDATE purchase SET amount = amount + 1 WHERE id = {round} * 50;
                      REFRESH MATERIALIZED VIEW total"
        ))
        .await;
        let told = rows(&client, last).await.remove(0);
        let (told, read) = told.rsplit_once('|').unwrap();
        assert_eq!(told, "incremental|1|1");
        if read.parse::<i64>().unwrap() < 1000 {
            let wrong = "SELECT count(*) FROM (SELECT customer, sum(amount) FROM purchase \
                         GROUP BY customer EXCEPT SELECT * FROM total)";
            assert_eq!(rows(&client, wrong).await, ["0"]);
            return;
        }
    }
    panic!("all refreshes have read the whole view");
}
