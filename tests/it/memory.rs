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
            assert_eq!(error.message(), "out of memory");
            let detail = error.detail().unwrap();
            assert!(detail.contains("the rows of a window"), "{error:?}");
            assert!(error.hint().unwrap().contains("memory_limit"), "{error:?}");
        }
        // What the failed ones had is given back.
        rows(&client, &query(over, 500_000)).await;
    }
    assert_eq!(rows(&client, &query("", 500_000)).await, ["125000250000"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_keeps_few_rows_needs_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &["--memory-limit", "16MB"]);
    let client = server.connect().await;
    let query = |function: &str, frame: &str| {
        format!(
            "SELECT max(s) FROM (SELECT {function} OVER (ORDER BY value {frame}) AS s \
             FROM (SELECT value::BIGINT AS value FROM generate_series(1, 600000) g) t)"
        )
    };
    for (function, frame, answer) in [
        ("row_number()", "", "600000"),
        ("lag(value)", "", "599999"),
        (
            "sum(value)",
            "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW",
            "1199999",
        ),
    ] {
        assert_eq!(rows(&client, &query(function, frame)).await, [answer]);
    }
    let far = query(
        "sum(value)",
        "ROWS BETWEEN 550000 PRECEDING AND CURRENT ROW",
    );
    let error = client.batch_execute(&far).await.unwrap_err();
    assert_eq!(error.as_db_error().unwrap().code().code(), "53200");
    let ahead = query(
        "last_value(value)",
        "ROWS BETWEEN CURRENT ROW AND 550000 FOLLOWING",
    );
    let error = client.batch_execute(&ahead).await.unwrap_err();
    assert_eq!(error.as_db_error().unwrap().code().code(), "53200");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aggregate_that_keeps_all_numbers_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &["--memory-limit", "16MB"]);
    let client = server.connect().await;
    let query = |by: &str, count: usize| {
        format!(
            "SELECT count(*) FROM (SELECT psi(value, value % 2 = 0) AS psi \
             FROM generate_series(1, {count}) t {by}) WHERE psi IS NOT NULL"
        )
    };
    for by in ["", "GROUP BY value % 5"] {
        let error = client
            .batch_execute(&query(by, 4_000_000))
            .await
            .unwrap_err();
        let error = error.as_db_error().unwrap();
        assert_eq!(error.code().code(), "53200", "{error:?}");
        assert!(error.hint().unwrap().contains("memory_limit"), "{error:?}");
    }
    assert_eq!(rows(&client, &query("", 200_000)).await, ["1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_of_too_many_records_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &["--memory-limit", "24MB"]);
    let client = server.connect().await;
    let create = |name: &str, count: usize| {
        format!(
            "CREATE MODEL {name} OPTIONS (model_type = 'entity_resolution', unique_id = 'id') AS \
             SELECT value AS id, md5(CAST(value / 2 AS TEXT)) AS name, md5(CAST(-value AS TEXT)) AS code \
             FROM generate_series(1, {count}) s"
        )
    };
    let error = client.batch_execute(&create("m", 300_000)).await;
    let error = error.unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!(error.code().code(), "53200", "{error:?}");
    assert!(error.hint().unwrap().contains("memory_limit"), "{error:?}");
    // What it had is given back, and it has left nothing.
    client.batch_execute(&create("m", 300)).await.unwrap();
    let records = "SELECT count(*) FROM entity_clusters('m')";
    assert_eq!(rows(&client, records).await, ["300"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_spills_too_much_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let limits = ["--memory-limit", "16MB", "--spill-limit", "1MB"];
    let server = Server::start_with(folder.path(), &limits);
    let client = server.connect().await;
    // A series of bigint is sorted by one thread: two would need more memory before they spill.
    let first = 3_000_000_000_u64;
    let query = |count: u64| {
        format!(
            "SELECT count(*) FROM (SELECT md5(CAST(value AS TEXT)) AS code, \
             row_number() OVER (ORDER BY md5(CAST(value AS TEXT))) AS place \
             FROM generate_series({first}, {}) t) WHERE place > 0",
            first + count - 1
        )
    };
    let error = client.batch_execute(&query(1_000_000)).await.unwrap_err();
    let error = error.as_db_error().unwrap();
    assert_eq!(error.code().code(), "53400", "{error:?}");
    assert_eq!(error.message(), "spilled data exceeds spill_limit");
    assert!(error.hint().unwrap().contains("spill_limit"), "{error:?}");
    assert_eq!(rows(&client, &query(1000)).await, ["1000"]);
}
