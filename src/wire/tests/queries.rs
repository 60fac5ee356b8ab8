//! Simple and extended queries, as a client library sends them.

use futures::{TryStreamExt, pin_mut};
use tokio_postgres::types::Type;
use tokio_postgres::{NoTls, SimpleQueryMessage};

use super::{Server, sqlstate};
use crate::wire::Limits;

fn texts(messages: &[SimpleQueryMessage]) -> Vec<String> {
    messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("NULL").to_owned()),
            SimpleQueryMessage::CommandComplete(rows) => Some(format!("{rows} rows")),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_string_of_statements_runs_up_to_the_first_error() {
    let server = Server::start().await;
    let client = server.connect().await;
    let messages = client
        .simple_query("select 'a' union all select null; select 2.50")
        .await
        .expect("rows");
    assert_eq!(texts(&messages), ["a", "NULL", "2 rows", "2.5", "1 rows"]);
    let messages = client.simple_query(" ").await.expect("empty");
    assert_eq!(texts(&messages), ["0 rows"]);

    let error = client
        .simple_query("select 1; select * from missing; select 2")
        .await
        .expect_err("no such table");
    assert_eq!(sqlstate(&error), "42P01");
    let error = client.simple_query("select ,").await.expect_err("syntax");
    let error = error.as_db_error().expect("an error of the server");
    assert_eq!(error.code().code(), "42601");
    assert_eq!(
        error.position(),
        Some(&tokio_postgres::error::ErrorPosition::Original(8))
    );
    assert_eq!(error.severity(), "ERROR");
    client.simple_query("select 1").await.expect("goes on");
}

#[tokio::test]
async fn a_prepared_statement_tells_its_types_and_takes_parameters() {
    let server = Server::start().await;
    let client = server.connect().await;
    let statement = client
        .prepare_typed(
            "select $1 + 1 as n, $2 as t, cast($3 as double) as f, [1, null] as a, cast($4 as boolean) as b",
            &[Type::INT8, Type::TEXT, Type::FLOAT8, Type::BOOL],
        )
        .await
        .expect("statement");
    let types: Vec<&Type> = statement.columns().iter().map(|c| c.type_()).collect();
    assert_eq!(
        types,
        [
            &Type::INT8,
            &Type::TEXT,
            &Type::FLOAT8,
            &Type::INT8_ARRAY,
            &Type::BOOL
        ]
    );
    let row = client
        .query_one(&statement, &[&41_i64, &"é", &0.5_f64, &None::<bool>])
        .await
        .expect("row");
    assert_eq!(row.get::<_, i64>("n"), 42);
    assert_eq!(row.get::<_, &str>("t"), "é");
    assert_eq!(row.get::<_, f64>("f"), 0.5);
    assert_eq!(row.get::<_, Vec<Option<i64>>>("a"), [Some(1), None]);
    assert_eq!(row.get::<_, Option<bool>>("b"), None);

    let error = client.prepare("select 1; select 2").await;
    assert_eq!(sqlstate(&error.expect_err("two statements")), "42601");
    let error = client.prepare("select * from missing").await;
    assert_eq!(sqlstate(&error.expect_err("no such table")), "42P01");
    assert_eq!(client.execute("", &[]).await.expect("empty"), 0);
}

#[tokio::test]
async fn a_portal_gives_its_rows_in_portions() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    let transaction = client.transaction().await.expect("transaction");
    let portal = transaction
        .bind("select value from generate_series(1, 20000)", &[])
        .await
        .expect("portal");
    let mut next = 1;
    for (limit, wanted) in [(3, 3), (9_000, 9_000), (0, 10_997), (5, 0)] {
        let rows = transaction
            .query_portal(&portal, limit)
            .await
            .expect("rows");
        assert_eq!(rows.len(), wanted);
        for row in rows {
            assert_eq!(row.get::<_, i64>(0), next);
            next += 1;
        }
    }
    transaction.commit().await.expect("commit");
}

#[tokio::test]
async fn a_portal_of_an_endless_answer_suspends() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    let transaction = client.transaction().await.expect("transaction");
    let portal = transaction
        .bind("select * from endless", &[])
        .await
        .expect("portal");
    for _ in 0..3 {
        let rows = transaction
            .query_portal(&portal, 1_500)
            .await
            .expect("rows");
        assert_eq!(rows.len(), 1_500);
    }
    transaction.rollback().await.expect("rollback");
    server.backend.wait_for_running(true).await;
    server.backend.wait_for_running(false).await;
}

#[tokio::test]
async fn an_error_fails_the_transaction_until_its_end() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    let transaction = client.transaction().await.expect("transaction");
    let error = transaction.query("select * from missing", &[]).await;
    assert_eq!(sqlstate(&error.expect_err("no such table")), "42P01");
    let error = transaction.simple_query("select 1").await;
    assert_eq!(sqlstate(&error.expect_err("failed")), "25P02");
    transaction.rollback().await.expect("rollback");
    client.query_one("select 1", &[]).await.expect("goes on");
}

#[tokio::test]
async fn pipelined_statements_are_answered_in_order() {
    let server = Server::start().await;
    let client = server.connect().await;
    let (first, second, third) = tokio::join!(
        client.query_one("select 1", &[]),
        client.query_one("select * from missing", &[]),
        client.query_one("select 3", &[]),
    );
    assert_eq!(first.expect("first").get::<_, i64>(0), 1);
    assert_eq!(sqlstate(&second.expect_err("second")), "42P01");
    assert_eq!(third.expect("third").get::<_, i64>(0), 3);
}

#[tokio::test]
async fn many_rows_arrive_whole() {
    let server = Server::start().await;
    let client = server.connect().await;
    let rows = client
        .query_raw(
            "select value, repeat('x', 100) from generate_series(1, 100000)",
            std::iter::empty::<i32>(),
        )
        .await
        .expect("stream");
    pin_mut!(rows);
    let mut next = 1;
    while let Some(row) = rows.try_next().await.expect("row") {
        assert_eq!(row.get::<_, i64>(0), next);
        assert_eq!(row.get::<_, &str>(1).len(), 100);
        next += 1;
    }
    assert_eq!(next, 100_001);
}

#[tokio::test]
async fn a_panic_is_an_error_of_its_statement() {
    let server = Server::start().await;
    let client = server.connect().await;
    for sql in ["select * from panics", "panic"] {
        let error = client.simple_query(sql).await.expect_err("panic");
        assert_eq!(sqlstate(&error), "XX000");
        let error = client.query(sql, &[]).await.expect_err("panic");
        assert_eq!(sqlstate(&error), "XX000");
    }
    client.query_one("select 1", &[]).await.expect("goes on");
}

#[tokio::test]
async fn statements_and_connections_are_limited() {
    let limits = Limits {
        max_prepared_statements: 2,
        max_connections: 1,
        ..Limits::default()
    };
    let server = Server::start_with(limits).await;
    let client = server.connect().await;
    let first = client.prepare("select 1").await.expect("first");
    let _second = client.prepare("select 2").await.expect("second");
    let third = client.prepare("select 3").await;
    assert_eq!(sqlstate(&third.expect_err("third")), "53400");
    assert_eq!(client.query(&first, &[]).await.expect("rows").len(), 1);

    let refused = tokio_postgres::connect(&server.config(), NoTls).await;
    assert_eq!(sqlstate(&refused.err().expect("refused")), "53300");
}

#[tokio::test]
async fn who_connects_wrongly_is_told_why() {
    let server = Server::start().await;
    let base = format!("host=127.0.0.1 port={}", server.address.port());
    for (rest, wanted) in [
        ("user=a dbname=other", "3D000"),
        ("user=nobody dbname=tributary", "28000"),
        ("user=a dbname=tributary options=-x", "42601"),
    ] {
        let refused = tokio_postgres::connect(&format!("{base} {rest}"), NoTls).await;
        assert_eq!(sqlstate(&refused.err().expect(rest)), wanted, "{rest}");
    }
}
