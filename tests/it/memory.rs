//! What does not fit into `memory_limit` ends with an error, never with the server.

use crate::server::{Server, rows};

#[tokio::test(flavor = "multi_thread")]
async fn a_window_over_too_many_rows_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &["--memory-limit", "64MB"]);
    let client = server.connect().await;
    let query = |over: &str, count: usize| {
        format!(
            "SELECT max(s) FROM \
             (SELECT sum(value) OVER ({over}) AS s FROM generate_series(1, {count}) t)"
        )
    };
    for over in ["", "PARTITION BY value % 2"] {
        for _ in 0..2 {
            let error = client
                .batch_execute(&query(over, 6_000_000))
                .await
                .unwrap_err();
            let error = error.as_db_error().unwrap();
            assert_eq!(error.code().code(), "53200", "{error:?}");
            assert!(
                error.message().contains("the rows of a window"),
                "{error:?}"
            );
            assert!(error.hint().unwrap().contains("memory_limit"), "{error:?}");
        }
        // What the failed ones had is given back.
        rows(&client, &query(over, 500_000)).await;
    }
    assert_eq!(rows(&client, &query("", 500_000)).await, ["125000250000"]);
}
