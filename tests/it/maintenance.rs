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
