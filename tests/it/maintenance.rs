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
