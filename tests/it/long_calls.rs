//! Calls of functions that take minutes: they stop when they are told to, and the server serves
//! others meanwhile, on as few threads as it may have.

use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

use crate::server::Server;

/// As many threads take turns with all clients.
const WORKERS: usize = 2;

/// Far more than what is waited for takes, and far less than the calls do.
const SOON: Duration = Duration::from_secs(60);

/// Each computes for minutes within one call, or one call after the other, and has `long` in it.
const STATEMENTS: [&str; 8] = [
    "SELECT levenshtein(repeat('ab', 2000000), repeat('cd', 2000000)) AS long",
    "SELECT damerau_levenshtein(repeat('ab', 2000000), name) AS long FROM t",
    "SELECT count(*) AS long FROM t x JOIN t y ON x.id < y.id AND levenshtein(x.name, y.name) <= 2",
    "SELECT sum(levenshtein(x.name, y.name)) AS long FROM t x CROSS JOIN t y",
    "SELECT id AS long FROM t ORDER BY levenshtein(name, repeat('ab', 2000000)) LIMIT 3",
    "SELECT count(*) AS long FROM t WHERE partial_ratio(name, repeat('xy', 1000000)) > 99",
    "SELECT max(monge_elkan(repeat('ab ', 500000), replace(name, 'a', ' '))) AS long FROM t",
    "INSERT INTO u SELECT lcs_similarity(name, repeat('xy', 2000000)) AS long FROM t",
];

async fn start(folder: &Path) -> Server {
    let workers = ("TOKIO_WORKER_THREADS".to_owned(), WORKERS.to_string());
    let server = Server::start_in(folder, &[], &[workers]);
    let setup = "CREATE TABLE u (alike DOUBLE PRECISION);
        CREATE TABLE t AS
        SELECT value AS id, repeat(md5(CAST(value AS TEXT)), 320) AS name
        FROM generate_series(1, 3000) s";
    server.connect().await.batch_execute(setup).await.unwrap();
    server
}

/// A session in which joins compare every pair.
async fn connect(server: &Server) -> Client {
    let client = server.connect().await;
    let off = "SET tributary.similarity_join = off";
    client.batch_execute(off).await.unwrap();
    client
}

/// Waits until so many sessions run one of the statements.
async fn until_running(server: &Server, wanted: usize) {
    let watcher = server.connect().await;
    let query = "SELECT count(*) FROM tributary.sessions WHERE state = 'active' AND query LIKE '% AS long%' AND query NOT LIKE '%tributary.sessions%'";
    let watching = async {
        loop {
            let count: i64 = watcher.query_one(query, &[]).await.unwrap().get(0);
            if count == wanted as i64 {
                return;
            }
        }
    };
    timeout(SOON, watching).await.unwrap();
}

async fn is_served(server: &Server) {
    let serving = async {
        let client = server.connect().await;
        let one: i32 = client.query_one("SELECT 1::INT", &[]).await.unwrap().get(0);
        assert_eq!(one, 1);
    };
    timeout(SOON, serving).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_served_and_a_cancel_request_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path()).await;
    let mut running = Vec::new();
    for statement in STATEMENTS {
        let client = connect(&server).await;
        let token = client.cancel_token();
        let query = async move { client.simple_query(statement).await.map(drop) };
        running.push((statement, token, tokio::spawn(query)));
    }
    until_running(&server, STATEMENTS.len()).await;
    is_served(&server).await;
    for (statement, token, query) in running {
        let stopping = async {
            token.cancel_query(NoTls).await.unwrap();
            query.await.unwrap()
        };
        let answer = timeout(SOON, stopping).await.expect(statement);
        let error = answer.expect_err(statement);
        assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED), "{statement}");
    }
    let client = server.connect().await;
    let count = client.query_one("SELECT count(*) FROM u", &[]).await;
    assert_eq!(count.unwrap().get::<_, i64>(0), 0, "of a cancelled INSERT");
}

#[tokio::test(flavor = "multi_thread")]
async fn statement_timeout_holds_within_a_call() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path()).await;
    let mut running = Vec::new();
    for statement in STATEMENTS {
        let client = connect(&server).await;
        let limit = "SET statement_timeout = '200ms'";
        client.batch_execute(limit).await.unwrap();
        running.push((
            statement,
            tokio::spawn(async move { client.simple_query(statement).await.map(drop) }),
        ));
    }
    for (statement, query) in running {
        let answer = timeout(SOON, query).await.expect(statement).unwrap();
        let error = answer.expect_err(statement);
        assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED), "{statement}");
    }
    is_served(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_work_of_a_client_that_leaves_ends() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path()).await;
    let config = format!("host=127.0.0.1 port={} user=tributary", server.port);
    let mut leaving = Vec::new();
    for statement in STATEMENTS {
        let (client, connection) = tokio_postgres::connect(&config, NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        let query = tokio::spawn(async move { client.simple_query(statement).await.map(drop) });
        leaving.push((connection, query));
    }
    until_running(&server, STATEMENTS.len()).await;
    for (connection, query) in leaving {
        connection.abort();
        assert!(query.await.unwrap().is_err());
    }
    until_running(&server, 0).await;
    is_served(&server).await;
}
