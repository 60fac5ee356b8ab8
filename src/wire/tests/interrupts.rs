//! What stops a statement: cancel requests, timeouts, clients that leave, the end of the server.

use std::time::Duration;

use futures::{TryStreamExt, pin_mut};
use tokio_postgres::NoTls;

use super::{Server, sqlstate};
use crate::wire::Limits;

const STATEMENTS: [&str; 6] = [
    "select * from hang",
    "select * from hangs_to_execute",
    "select * from endless",
    // What should take but a moment, and does not.
    "select * from hang as brief",
    "select * from hangs_to_execute as brief",
    "select * from endless as brief",
];

#[tokio::test]
async fn a_cancel_request_stops_the_work() {
    let server = Server::start().await;
    let client = server.connect().await;
    for sql in STATEMENTS {
        let cancel = async {
            server.backend.wait_for_running(true).await;
            client
                .cancel_token()
                .cancel_query(NoTls)
                .await
                .expect("cancel");
            server.backend.wait_for_running(false).await;
        };
        let (outcome, ()) = tokio::join!(client.simple_query(sql), cancel);
        let error = outcome.expect_err("canceled");
        assert_eq!(sqlstate(&error), "57014");
        assert!(error.to_string().contains("user request") || !error.to_string().is_empty());
        client.simple_query("select 1").await.expect("goes on");
    }
}

/// Runs a statement, and cancels it when it has begun what it cannot take back.
async fn cancel_late(
    server: &Server,
    client: &tokio_postgres::Client,
    sql: &str,
) -> Result<usize, tokio_postgres::Error> {
    let witness = &server.backend.witness;
    let cancel = async {
        server.backend.wait_for_running(true).await;
        witness.publishing.notified().await;
        let token = client.cancel_token();
        token.cancel_query(NoTls).await.expect("cancel");
        // The request is heard when a second connection after it is served.
        server.connect().await;
        witness.published.notify_one();
        server.backend.wait_for_running(false).await;
    };
    let (answer, ()) = tokio::join!(client.query(sql, &[]), cancel);
    answer.map(|rows| rows.len())
}

#[tokio::test]
async fn a_statement_that_is_cancelled_while_it_commits_gets_its_answer() {
    let server = Server::start().await;
    let client = server.connect().await;
    let rows = cancel_late(&server, &client, "select * from commits").await;
    assert_eq!(rows.expect("done"), 1_000);
}

#[tokio::test]
async fn a_statement_whose_commit_does_nothing_is_cancelled() {
    let server = Server::start().await;
    let client = server.connect().await;
    let rows = cancel_late(&server, &client, "select * from conflicts").await;
    assert_eq!(sqlstate(&rows.expect_err("canceled")), "57014");
}

#[tokio::test]
async fn a_cancel_request_reaches_rows_that_nobody_reads() {
    let server = Server::start().await;
    let client = server.connect().await;
    let rows = client
        .query_raw("select * from endless", std::iter::empty::<i32>())
        .await
        .expect("stream");
    server.backend.wait_for_running(true).await;
    client
        .cancel_token()
        .cancel_query(NoTls)
        .await
        .expect("cancel");
    server.backend.wait_for_running(false).await;
    pin_mut!(rows);
    let error = loop {
        match rows.try_next().await {
            Ok(row) => assert!(row.is_some(), "an endless answer has ended"),
            Err(error) => break error,
        }
    };
    assert_eq!(sqlstate(&error), "57014");
}

#[tokio::test]
async fn a_late_cancel_request_does_nothing() {
    let server = Server::start().await;
    let client = server.connect().await;
    client
        .cancel_token()
        .cancel_query(NoTls)
        .await
        .expect("cancel");
    client.simple_query("select 1").await.expect("not canceled");
}

#[tokio::test]
async fn a_timeout_stops_the_work() {
    let server = Server::start().await;
    let client = server.connect().await;
    client
        .simple_query("set statement_timeout = '20ms'")
        .await
        .expect("set");
    for sql in STATEMENTS {
        let error = client.simple_query(sql).await.expect_err("too slow");
        assert_eq!(sqlstate(&error), "57014");
        let message = error.as_db_error().expect("server").message().to_owned();
        assert_eq!(message, "canceling statement due to statement timeout");
        let error = client.query(sql, &[]).await.expect_err("too slow");
        assert_eq!(sqlstate(&error), "57014");
    }
    client
        .simple_query("set statement_timeout = 0")
        .await
        .expect("set");
    client.simple_query("select 1").await.expect("goes on");
}

#[tokio::test]
async fn a_client_that_leaves_stops_the_work() {
    let server = Server::start().await;
    for sql in STATEMENTS {
        let (client, connection) = tokio_postgres::connect(&server.config(), NoTls)
            .await
            .expect("connect");
        let connection = tokio::spawn(connection);
        let query = tokio::spawn(async move { client.simple_query(sql).await });
        server.backend.wait_for_running(true).await;
        connection.abort();
        server.backend.wait_for_running(false).await;
        assert!(query.await.expect("query").is_err());
    }
}

#[tokio::test]
async fn the_end_of_the_server_reaches_every_client() {
    let limits = Limits {
        shutdown_grace: Duration::from_millis(10),
        ..Limits::default()
    };
    let mut server = Server::start_with(limits).await;
    let (idle, idle_connection) = tokio_postgres::connect(&server.config(), NoTls)
        .await
        .expect("connect");
    let busy = server.connect().await;
    let query = busy.simple_query("select * from hang");
    let shutdown = async {
        server.backend.wait_for_running(true).await;
        server.shutdown.cancel();
    };
    let (outcome, ()) = tokio::join!(query, shutdown);
    assert_eq!(sqlstate(&outcome.expect_err("stopped")), "57P01");
    let farewell = idle_connection.await.expect_err("stopped");
    assert_eq!(sqlstate(&farewell), "57P01");
    (&mut server.task).await.expect("no panic");
    drop(idle);
}
