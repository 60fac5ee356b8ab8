//! The protocol, against the whole server.

use futures::{StreamExt, TryStreamExt};
use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;

use crate::server::{Server, rows};

/// A query that has rows at once and no end in sight.
const ENDLESS: &str =
    "SELECT b.value FROM generate_series(1, 1000) a CROSS JOIN generate_series(1, 100000000) b";

/// A query that computes without end before its first row.
const SILENT: &str = "SELECT count(*) FROM generate_series(1, 1000) a CROSS JOIN generate_series(1, 100000000) b WHERE a.value + b.value = 0";

/// The same, with many rows on either side.
const SILENT_SQUARE: &str = "SELECT count(*) FROM generate_series(1, 2000000) a CROSS JOIN generate_series(1, 2000000) b WHERE a.value + b.value = 0";

/// The same among rows of one key.
const SKEWED: &str = "SELECT count(*) FROM (SELECT value AS v, value * 0 AS k FROM generate_series(1, 500000)) a CROSS JOIN generate_series(0, 0) s JOIN (SELECT value AS v, value * 0 AS k FROM generate_series(1, 500000)) b ON a.k = b.k AND a.v + b.v = -1";

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_request_stops_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    for query in [ENDLESS, SILENT, SILENT_SQUARE, SKEWED] {
        let token = client.cancel_token();
        let (answer, cancelled) = tokio::join!(
            async {
                // In one message: between those of a prepared statement, a cancel request would find
                // nothing to stop.
                let rows = client.simple_query_raw(query).await?;
                rows.try_for_each(|_| async { Ok(()) }).await
            },
            async {
                until_active(&server).await;
                token.cancel_query(NoTls).await
            }
        );
        cancelled.unwrap();
        assert_eq!(
            answer.unwrap_err().code(),
            Some(&SqlState::QUERY_CANCELED),
            "{query}"
        );
        let one: i32 = client.query_one("SELECT 1::INT", &[]).await.unwrap().get(0);
        assert_eq!(one, 1);
    }
}

/// Waits until another session runs one of the endless queries.
async fn until_active(server: &Server) {
    let watcher = server.connect().await;
    let query = "SELECT count(*) FROM tributary.sessions WHERE state = 'active' AND query LIKE 'SELECT%CROSS JOIN generate_series%' AND query NOT LIKE '%tributary.sessions%'";
    loop {
        let count: i64 = watcher.query_one(query, &[]).await.unwrap().get(0);
        if count > 0 {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statement_timeout_holds_while_rows_stream() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client
        .batch_execute("SET statement_timeout = '300ms'")
        .await
        .unwrap();
    for query in [ENDLESS, SILENT, SILENT_SQUARE, SKEWED] {
        let rows = client.query_raw(query, std::iter::empty::<i32>()).await;
        let error = match rows {
            Ok(rows) => rows.try_for_each(|_| async { Ok(()) }).await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_left_alone_ends() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let config = format!("host=127.0.0.1 port={} user=tributary", server.port);
    for (statement, sqlstate) in [
        ("SET idle_session_timeout = '10ms'", "57P05"),
        (
            "SET idle_in_transaction_session_timeout = '10ms'; BEGIN",
            "25P03",
        ),
    ] {
        let (client, connection) = tokio_postgres::connect(&config, NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        client.batch_execute(statement).await.unwrap();
        let ended = connection.await.unwrap().unwrap_err();
        assert_eq!(
            ended.code().map(SqlState::code),
            Some(sqlstate),
            "{statement}"
        );
    }
    // Neither holds while a statement runs, nor the first within a transaction.
    let client = server.connect().await;
    let statements = "SET idle_session_timeout = '10ms'; BEGIN; SELECT pg_sleep(0.05)";
    client.batch_execute(statements).await.unwrap();
    client.batch_execute("SELECT pg_sleep(0.05)").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_are_inferred_and_bound() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client
        .batch_execute("CREATE TABLE t (id BIGINT, name TEXT, at TIMESTAMP, price NUMERIC(10, 2))")
        .await
        .unwrap();
    let insert = client
        .prepare("INSERT INTO t (id, name) VALUES ($1, $2)")
        .await
        .unwrap();
    assert_eq!(
        insert.params(),
        [
            tokio_postgres::types::Type::INT8,
            tokio_postgres::types::Type::TEXT
        ]
    );
    assert_eq!(
        client.execute(&insert, &[&7_i64, &"seven"]).await.unwrap(),
        1
    );
    let name: String = client
        .query_one("SELECT name FROM t WHERE id = $1", &[&7_i64])
        .await
        .unwrap()
        .get(0);
    assert_eq!(name, "seven");
    assert!(
        client
            .query_opt("SELECT name FROM t WHERE name = $1", &[&"x"])
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_takes_all_rows_or_none_and_gives_them_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client
        .batch_execute("CREATE TABLE t (id INT NOT NULL, name TEXT)")
        .await
        .unwrap();
    let copy = async |rows: &'static str| {
        let sink = client
            .copy_in("COPY t FROM STDIN WITH (FORMAT csv)")
            .await?;
        let mut sink = Box::pin(sink);
        futures::SinkExt::send(&mut sink, bytes::Bytes::from_static(rows.as_bytes())).await?;
        sink.as_mut().finish().await
    };
    assert_eq!(copy("1,one\n2,\"two, or so\"\n3,\n").await.unwrap(), 3);
    assert_eq!(
        copy("4,four\nfive,5\n").await.unwrap_err().code(),
        Some(&SqlState::INVALID_TEXT_REPRESENTATION)
    );
    assert_eq!(
        copy("4,four,4\n").await.unwrap_err().code(),
        Some(&SqlState::BAD_COPY_FILE_FORMAT)
    );
    assert_eq!(
        copy(",nobody\n").await.unwrap_err().code(),
        Some(&SqlState::NOT_NULL_VIOLATION)
    );
    let out = client
        .copy_out("COPY (SELECT * FROM t ORDER BY id) TO STDOUT")
        .await
        .unwrap();
    let text = out
        .map(|piece| String::from_utf8(piece.unwrap().to_vec()).unwrap())
        .collect::<String>()
        .await;
    assert_eq!(text, "1\tone\n2\ttwo, or so\n3\t\\N\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_fills_in_the_columns_that_it_leaves_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let table = "CREATE TABLE t (id INT GENERATED ALWAYS AS IDENTITY, name TEXT, country TEXT DEFAULT upper('de'), price NUMERIC(10, 2) DEFAULT 1)";
    client.batch_execute(table).await.unwrap();
    let copy = async |columns: &'static str, rows: &'static str| {
        let statement = format!("COPY t ({columns}) FROM STDIN");
        let mut sink = Box::pin(client.copy_in(&statement).await.unwrap());
        futures::SinkExt::send(&mut sink, bytes::Bytes::from_static(rows.as_bytes()))
            .await
            .unwrap();
        sink.as_mut().finish().await.unwrap()
    };
    assert_eq!(copy("name", "one\ntwo\n").await, 2);
    assert_eq!(copy("price, id", "9\t100\n").await, 1);
    let rows = rows(&client, "SELECT * FROM t ORDER BY id").await;
    assert_eq!(rows, ["1|one|DE|1.00", "2|two|DE|1.00", "100|NULL|DE|9.00"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_of_several_rows_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let table = "CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT, at DATE)";
    client.batch_execute(table).await.unwrap();
    let insert = "INSERT INTO t VALUES ($1, $2, '2026-01-01'), ($3, 'two', $4::TEXT::DATE) ON CONFLICT (id) DO UPDATE SET name = excluded.name || $5 RETURNING id, name";
    for expected in ["one", "one!"] {
        let rows = client
            .query(insert, &[&1_i64, &"one", &2_i64, &"2026-02-02", &"!"])
            .await
            .unwrap();
        let row = rows.iter().find(|row| row.get::<_, i64>(0) == 1).unwrap();
        assert_eq!(
            (rows.len(), row.get::<_, String>(1)),
            (2, expected.to_owned())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_keeps_its_version_while_another_session_refreshes() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (reader, writer) = (server.connect().await, server.connect().await);
    writer
        .batch_execute("CREATE TABLE t AS SELECT value AS id FROM generate_series(1, 200000) s; CREATE MATERIALIZED VIEW m AS SELECT id, 0 AS round FROM t")
        .await
        .unwrap();
    for round in 1..4 {
        let rows = reader
            .query_raw("SELECT id, round FROM m", std::iter::empty::<i32>())
            .await
            .unwrap();
        let mut rows = Box::pin(rows);
        let first: i32 = rows.next().await.unwrap().unwrap().get(1);
        writer
            .batch_execute(&format!(
                "CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT id, {round} AS round FROM t"
            ))
            .await
            .unwrap();
        let mut count = 1;
        while let Some(row) = rows.next().await {
            assert_eq!(
                row.unwrap().get::<_, i32>(1),
                first,
                "one version from the first row to the last"
            );
            count += 1;
        }
        assert_eq!(count, 200_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_has_a_sqlstate_of_its_kind() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    for (query, sqlstate) in [
        ("SELECT 1", None),
        ("SELEC 1", Some("42601")),
        ("SELECT * FROM nowhere", Some("42P01")),
        ("SELECT nothing", Some("42703")),
        ("SELECT nofunction(1)", Some("42883")),
        ("SELECT 1 / 0", Some("22012")),
        ("SELECT 'x'::INT", Some("22P02")),
        ("UPDATE t SET a = 1", Some("42P01")),
        ("GRANT USAGE ON LANGUAGE sql TO u", Some("0A000")),
        ("SET nosetting = 1", Some("42704")),
        ("DROP TABLE nowhere", Some("42P01")),
    ] {
        let answer = client.simple_query(query).await;
        let got = answer
            .err()
            .and_then(|error| error.code().map(|code| code.code().to_owned()));
        assert_eq!(got.as_deref(), sqlstate, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_was_described_answers_with_those_columns_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    for columns in ["b BIGINT", "b TEXT", "b TEXT, c TEXT"] {
        client
            .batch_execute("CREATE TABLE t (a BIGINT)")
            .await
            .unwrap();
        let statement = client.prepare("SELECT * FROM t").await.unwrap();
        let counting = client.prepare("SELECT count(*) FROM t").await.unwrap();
        client
            .batch_execute(&format!("CREATE OR REPLACE TABLE t ({columns})"))
            .await
            .unwrap();
        let error = client.query(&statement, &[]).await.unwrap_err();
        let error = error.as_db_error().unwrap();
        assert_eq!(error.code(), &SqlState::FEATURE_NOT_SUPPORTED, "{columns}");
        assert_eq!(error.message(), "cached plan must not change result type");
        let count: i64 = client.query_one(&counting, &[]).await.unwrap().get(0);
        assert_eq!(count, 0);
        // The simple protocol describes what it runs.
        assert!(client.simple_query("SELECT * FROM t").await.is_ok());
        client.batch_execute("DROP TABLE t").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_was_prepared_before_is_shown_as_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let texts = ["a", "b"].map(|name| {
        format!("SELECT query AS {name} FROM pg_stat_activity WHERE pid = pg_backend_pid()")
    });
    let mut statements = Vec::new();
    for text in &texts {
        statements.push(client.prepare(text).await.unwrap());
    }
    for _ in 0..2 {
        for (text, statement) in texts.iter().zip(&statements) {
            let shown = client.query_one(statement, &[]).await.unwrap();
            assert_eq!(shown.get::<_, String>(0), *text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_may_be_a_parameter() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    let numbers = "SELECT value FROM generate_series(1, 10) ORDER BY value";
    for (clauses, expected) in [
        ("LIMIT $1 OFFSET $2", [4, 5]),
        ("LIMIT 1 + $1 OFFSET $2 - 1", [3, 4]),
    ] {
        let statement = client.prepare(&format!("{numbers} {clauses}")).await;
        let statement = statement.unwrap();
        let rows = client.query(&statement, &[&2_i64, &3_i64]).await.unwrap();
        let found: Vec<i32> = rows.iter().take(2).map(|row| row.get(0)).collect();
        assert_eq!(found, expected, "{clauses}");
    }
    let negative = client
        .query(&format!("{numbers} LIMIT $1"), &[&-1_i64])
        .await
        .unwrap_err();
    assert_eq!(negative.code().unwrap().code(), "2201W");
}
