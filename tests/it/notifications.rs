//! `LISTEN` and `NOTIFY`: what sessions tell each other, and what the server tells of refreshes.

use std::pin::Pin;

use futures::{Stream, StreamExt, stream};
use tokio_postgres::error::SqlState;
use tokio_postgres::{AsyncMessage, Client, NoTls, Notification};

use crate::server::{Server, rows};

/// What a client is told.
pub type Heard = Pin<Box<dyn Stream<Item = Notification> + Send>>;

/// A client, and what it is told.
pub async fn connect(server: &Server) -> (Client, Heard) {
    let config = format!(
        "host=127.0.0.1 port={} user=tributary dbname=tributary",
        server.port
    );
    let (client, mut connection) = tokio_postgres::connect(&config, NoTls).await.unwrap();
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
        while let Some(Ok(message)) = messages.next().await {
            if let AsyncMessage::Notification(notification) = message {
                // A test may have ended.
                let _ = sender.send(notification);
            }
        }
    });
    let heard = stream::unfold(receiver, |mut receiver| async move {
        Some((receiver.recv().await?, receiver))
    });
    (client, Box::pin(heard))
}

async fn next(heard: &mut Heard) -> (String, String) {
    let notification = heard.next().await.unwrap();
    (
        notification.channel().to_owned(),
        notification.payload().to_owned(),
    )
}

/// The name of the object, and the outcome, of the next refresh that is told.
pub async fn refresh(heard: &mut Heard) -> (String, String) {
    let (_, payload) = next(heard).await;
    let refresh: serde_json::Value = serde_json::from_str(&payload).unwrap();
    let text = |key: &str| refresh[key].as_str().unwrap().to_owned();
    (text("name"), text("status"))
}

fn told(channel: &str, payload: &str) -> (String, String) {
    (channel.to_owned(), payload.to_owned())
}

async fn refused(client: &Client, sql: &str) -> String {
    let error = client.batch_execute(sql).await.unwrap_err();
    let error = error.as_db_error().unwrap();
    format!("{} {}", error.code().code(), error.message())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_session_hears_what_others_commit_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (listener, mut heard) = connect(&server).await;
    let (sender, mut own) = connect(&server).await;
    let send = async |sql: &str| sender.batch_execute(sql).await.unwrap();
    listener.batch_execute("LISTEN a; LISTEN b").await.unwrap();
    let pid = rows(&sender, "SELECT pg_backend_pid()").await;
    send("NOTIFY a").await;
    let first = heard.next().await.unwrap();
    assert_eq!((first.channel(), first.payload()), ("a", ""));
    assert_eq!(first.process_id().to_string(), pid[0]);
    // What is taken back is not told; of what is told twice in one transaction the first counts.
    send("BEGIN; NOTIFY a, 'one'; NOTIFY b, 'two'; NOTIFY a, 'one'; SAVEPOINT s; NOTIFY a, 'gone'; ROLLBACK TO s; NOTIFY a, 'three'").await;
    send("COMMIT").await;
    send("BEGIN; NOTIFY a, 'gone'; ROLLBACK").await;
    refused(&sender, "NOTIFY a, 'gone'; SELECT 1 / 0").await;
    send("SELECT pg_notify('b', v::TEXT) FROM (VALUES (1), (2)) t(v)").await;
    refused(
        &sender,
        "SELECT pg_notify('b', (1 / (v - 3))::TEXT) FROM generate_series(1, 3) t(v)",
    )
    .await;
    send("NOTIFY c, 'nobody listens'; NOTIFY a, 'last'").await;
    for (channel, payload) in [
        ("a", "one"),
        ("b", "two"),
        ("a", "three"),
        ("b", "1"),
        ("b", "2"),
        ("a", "last"),
    ] {
        assert_eq!(next(&mut heard).await, told(channel, payload));
    }
    // Who notifies hears it too, if it listens.
    send("LISTEN own; NOTIFY own, 'to myself'").await;
    assert_eq!(next(&mut own).await, told("own", "to myself"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_in_a_transaction_hears_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (listener, mut heard) = connect(&server).await;
    let (sender, _) = connect(&server).await;
    let listen = async |sql: &str| listener.batch_execute(sql).await.unwrap();
    listen("LISTEN a").await;
    listen("BEGIN").await;
    sender.batch_execute("NOTIFY a, 'waits'").await.unwrap();
    // Its answers would come after what it is told.
    let channels = "SELECT pg_listening_channels()";
    assert_eq!(rows(&listener, channels).await, ["a"]);
    assert!(futures::poll!(heard.next()).is_pending());
    listen("LISTEN b; UNLISTEN a").await;
    assert_eq!(rows(&listener, channels).await, ["a"]);
    listen("ROLLBACK").await;
    assert_eq!(next(&mut heard).await, told("a", "waits"));
    listen("BEGIN; LISTEN b; UNLISTEN a; COMMIT").await;
    assert_eq!(rows(&listener, channels).await, ["b"]);
    sender
        .batch_execute("NOTIFY a; NOTIFY b, 'b'")
        .await
        .unwrap();
    assert_eq!(next(&mut heard).await, told("b", "b"));
    listen("LISTEN c; UNLISTEN *").await;
    assert!(rows(&listener, channels).await.is_empty());
    listen("LISTEN \"C d\"").await;
    let names = "SELECT * FROM pg_listening_channels() AS channel";
    assert_eq!(rows(&listener, names).await, ["C d"]);
    listen("DISCARD ALL").await;
    assert!(rows(&listener, channels).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_payloads_have_their_limits() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (client, mut heard) = connect(&server).await;
    let long = "x".repeat(8000);
    let refused = async |sql: &str| refused(&client, sql).await;
    assert_eq!(
        refused(&format!("NOTIFY a, '{long}'")).await,
        "22023 payload string too long"
    );
    assert_eq!(
        refused("SELECT pg_notify('', 'x')").await,
        "22023 channel name cannot be empty"
    );
    let name = "n".repeat(64);
    assert_eq!(
        refused(&format!("SELECT pg_notify('{name}', 'x')")).await,
        "22023 channel name too long"
    );
    // A name in a statement is cut, as all names are in PostgreSQL.
    let statements = format!(
        "LISTEN {name}; SELECT pg_notify('{}', '{}')",
        &name[1..],
        &long[1..]
    );
    client.batch_execute(&statements).await.unwrap();
    assert_eq!(next(&mut heard).await, told(&name[1..], &long[1..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn prepared_statements_notify_at_the_end_of_their_message() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (listener, mut heard) = connect(&server).await;
    let (mut sender, _) = connect(&server).await;
    listener.execute("LISTEN a", &[]).await.unwrap();
    let notify = "SELECT pg_notify($1, $2)";
    sender.query(notify, &[&"a", &"one"]).await.unwrap();
    assert_eq!(next(&mut heard).await, told("a", "one"));
    let transaction = sender.transaction().await.unwrap();
    transaction.query(notify, &[&"a", &"gone"]).await.unwrap();
    transaction.rollback().await.unwrap();
    let transaction = sender.transaction().await.unwrap();
    transaction.query(notify, &[&"a", &"two"]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(next(&mut heard).await, told("a", "two"));
    let error = sender.query(notify, &[&"", &""]).await.unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::INVALID_PARAMETER_VALUE));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_makes_notify_fail_at_last() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (listener, mut heard) = connect(&server).await;
    let (sender, _) = connect(&server).await;
    listener.batch_execute("LISTEN a").await.unwrap();
    listener.batch_execute("BEGIN").await.unwrap();
    let many =
        "SELECT count(pg_notify('a', lpad(v::TEXT, 7000))) FROM generate_series(1, 1000) t(v)";
    let error = loop {
        if let Err(error) = sender.batch_execute(many).await {
            break error;
        }
    };
    assert_eq!(error.code(), Some(&SqlState::PROGRAM_LIMIT_EXCEEDED));
    let usage = rows(&sender, "SELECT pg_notification_queue_usage() > 0.8").await;
    assert_eq!(usage, ["t"]);
    listener.batch_execute("COMMIT").await.unwrap();
    let (_, payload) = next(&mut heard).await;
    assert_eq!(payload.trim(), "1");
    sender.batch_execute(many).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn refreshes_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (client, mut heard) = connect(&server).await;
    let listen = "LISTEN tributary_refresh";
    client.batch_execute(listen).await.unwrap();
    client
        .batch_execute(
            "CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (1), (0);
             CREATE MATERIALIZED VIEW m AS SELECT a FROM t",
        )
        .await
        .unwrap();
    let (channel, payload) = next(&mut heard).await;
    assert_eq!(channel, "tributary_refresh");
    assert!(payload.contains(r#""schema":"public","name":"m","kind":"materialized view","status":"succeeded","reason":"created","version":0,"rows_written":2"#), "{payload}");
    client
        .batch_execute("REFRESH MATERIALIZED VIEW m")
        .await
        .unwrap();
    let (_, payload) = next(&mut heard).await;
    assert!(payload.contains(r#""reason":"REFRESH""#), "{payload}");
    let views = "CREATE MATERIALIZED VIEW f AS SELECT 1 / a AS a FROM t WITH NO DATA";
    client.batch_execute(views).await.unwrap();
    client
        .batch_execute("REFRESH MATERIALIZED VIEW f")
        .await
        .unwrap_err();
    let (_, payload) = next(&mut heard).await;
    assert!(
        payload.contains(r#""name":"f","kind":"materialized view","status":"failed""#),
        "{payload}"
    );
    assert!(payload.contains(r#""sqlstate":"22012""#), "{payload}");
    // All may listen, and not all may read the view.
    assert!(!payload.contains("division by zero"), "{payload}");
    let error = "SELECT error FROM tributary.refreshes WHERE name = 'f'";
    assert_eq!(rows(&client, error).await, ["division by zero"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn refreshes_within_a_transaction_are_told_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (client, mut heard) = connect(&server).await;
    let (writer, _) = connect(&server).await;
    let write = async |sql: &str| writer.batch_execute(sql).await.unwrap();
    write("CREATE TABLE t (a BIGINT); CREATE MATERIALIZED VIEW m AS SELECT a FROM t").await;
    client
        .batch_execute("LISTEN tributary_refresh")
        .await
        .unwrap();
    write("BEGIN; INSERT INTO t VALUES (1); REFRESH MATERIALIZED VIEW m").await;
    write("SAVEPOINT s; REFRESH MATERIALIZED VIEW m; ROLLBACK TO s").await;
    let (_, payload) = next(&mut heard).await;
    assert!(payload.contains(r#""status":"failed""#), "{payload}");
    assert!(payload.contains(r#""sqlstate":"40000""#), "{payload}");
    // Nothing of the first is told yet: what others read now is as before.
    assert!(futures::poll!(heard.next()).is_pending());
    assert_eq!(rows(&client, "SELECT count(*) FROM m").await, ["0"]);
    assert!(futures::poll!(heard.next()).is_pending());
    write("COMMIT").await;
    let (_, payload) = next(&mut heard).await;
    assert!(payload.contains(r#""status":"succeeded""#), "{payload}");
    assert!(
        payload.contains(r#""version":1,"rows_written":1"#),
        "{payload}"
    );
    assert_eq!(rows(&client, "SELECT count(*) FROM m").await, ["1"]);
    write("BEGIN; REFRESH MATERIALIZED VIEW m; ROLLBACK").await;
    let (_, payload) = next(&mut heard).await;
    assert!(payload.contains(r#""sqlstate":"40000""#), "{payload}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_shows_how_far_it_is_and_tells_that_it_was_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (client, mut heard) = connect(&server).await;
    let run = async |sql: &str| client.batch_execute(sql).await.unwrap();
    run("CREATE MATERIALIZED VIEW m AS SELECT i FROM generate_series(1, 1000000000000) AS s(i) WITH NO DATA").await;
    run("LISTEN tributary_refresh").await;
    let (refreshing, _) = connect(&server).await;
    let cancel = refreshing.cancel_token();
    let refreshing = tokio::spawn(async move {
        let refresh = "REFRESH MATERIALIZED VIEW m";
        refreshing.batch_execute(refresh).await
    });
    let far = "SELECT rows_written > 100000 AND duration_ms >= 0 FROM tributary.refreshes WHERE status = 'running'";
    while rows(&client, far).await != ["t"] {}
    cancel.cancel_query(NoTls).await.unwrap();
    refreshing.await.unwrap().unwrap_err();
    let (_, payload) = next(&mut heard).await;
    assert!(
        payload.contains(r#""name":"m","kind":"materialized view","status":"failed""#),
        "{payload}"
    );
    assert!(payload.contains(r#""sqlstate":"57014""#), "{payload}");
    let ended = "SELECT status, duration_ms >= 0 FROM tributary.refreshes";
    assert_eq!(rows(&client, ended).await, ["failed|t"]);
}
