//! What the server does by itself with the files of tables.

use crate::server::{Server, rows};

#[tokio::test(flavor = "multi_thread")]
async fn many_small_files_become_few_while_rows_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let create = "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT)";
    client.batch_execute(create).await.unwrap();
    let mut compacted = false;
    let mut last = 0;
    // As many statements as it takes until one finds that its table was compacted.
    while !compacted && last < 1000 {
        last += 1;
        let insert = format!("INSERT INTO t VALUES ({last}, 0)");
        client.batch_execute(&insert).await.unwrap();
        let update = format!("UPDATE t SET n = n + 1 WHERE id % 3 = {}", last % 3);
        client.batch_execute(&update).await.unwrap();
        let history = rows(&client, "DESCRIBE HISTORY t").await;
        compacted = history.iter().any(|commit| commit.contains("OPTIMIZE"));
    }
    assert!(compacted);
    let found = rows(&client, "SELECT id, n FROM t ORDER BY id").await;
    let expected: Vec<String> = (1..=last)
        .map(|id: i64| {
            let updates = (id..=last).filter(|update| update % 3 == id % 3).count();
            format!("{id}|{updates}")
        })
        .collect();
    assert_eq!(found, expected);
}
