//! COPY in both directions.

use bytes::Bytes;
use futures::{SinkExt, TryStreamExt, pin_mut};
use tokio_postgres::NoTls;

use super::{Server, sqlstate};
use crate::wire::copy_decoder::CopyFields;

fn row(a: &str, b: Option<&str>) -> CopyFields {
    let field = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    vec![Some(field(a)), b.map(field)]
}

#[tokio::test]
async fn rows_go_in() {
    let server = Server::start().await;
    let client = server.connect().await;
    let sink = client.copy_in("copy t from stdin").await.expect("copy");
    pin_mut!(sink);
    for piece in ["1\tx", "\n2\t\\", "N\n", "3\tlast"] {
        sink.send(Bytes::from(piece)).await.expect("send");
    }
    assert_eq!(sink.finish().await.expect("finish"), 3);
    let copied = server.backend.witness.copied.lock().clone();
    assert_eq!(
        copied,
        [row("1", Some("x")), row("2", None), row("3", Some("last"))]
    );
}

#[tokio::test]
async fn a_bad_row_ends_the_copy_and_names_its_line() {
    let server = Server::start().await;
    let client = server.connect().await;
    let sink = client.copy_in("copy t from stdin csv").await.expect("copy");
    pin_mut!(sink);
    sink.send(Bytes::from("1,2\n3\n")).await.expect("send");
    for _ in 0..100 {
        // The server no longer listens; what still comes must not confuse it.
        if sink.send(Bytes::from("5,6\n")).await.is_err() {
            break;
        }
    }
    let error = sink.finish().await.expect_err("bad row");
    assert_eq!(sqlstate(&error), "22P04");
    let message = error.as_db_error().expect("server").message().to_owned();
    assert_eq!(message, "missing data for column \"b\"");
    client.query_one("select 1", &[]).await.expect("goes on");
    assert!(server.backend.witness.copied.lock().is_empty());
}

#[tokio::test]
async fn an_unfinished_copy_is_rolled_back() {
    let server = Server::start().await;
    let client = server.connect().await;
    {
        let sink = client.copy_in("copy t from stdin").await.expect("copy");
        pin_mut!(sink);
        sink.send(Bytes::from("1\t2\n")).await.expect("send");
        sink.flush().await.expect("flush");
        // Dropped without an end, tokio-postgres sends CopyFail.
    }
    assert!(server.backend.aborted.lock().await.recv().await.is_some());
    client.query_one("select 1", &[]).await.expect("goes on");
    assert!(server.backend.witness.copied.lock().is_empty());
}

#[tokio::test]
async fn a_copy_can_be_canceled_and_abandoned() {
    let server = Server::start().await;
    let (client, connection) = tokio_postgres::connect(&server.config(), NoTls)
        .await
        .expect("connect");
    let connection = tokio::spawn(connection);
    let sink = client
        .copy_in::<_, Bytes>("copy t from stdin")
        .await
        .expect("copy");
    client
        .cancel_token()
        .cancel_query(NoTls)
        .await
        .expect("cancel");
    assert!(server.backend.aborted.lock().await.recv().await.is_some());
    pin_mut!(sink);
    let error = sink.finish().await.expect_err("canceled");
    assert_eq!(sqlstate(&error), "57014");

    let sink = client.copy_in("copy t from stdin").await.expect("copy");
    pin_mut!(sink);
    sink.send(Bytes::from("1\t2\n")).await.expect("send");
    sink.flush().await.expect("flush");
    connection.abort();
    assert!(server.backend.aborted.lock().await.recv().await.is_some());
    assert!(server.backend.witness.copied.lock().is_empty());
}

#[tokio::test]
async fn rows_come_out() {
    let server = Server::start().await;
    let client = server.connect().await;
    for (sql, wanted) in [
        (
            "copy (select * from (values (1, 'a b'), (2, null)) order by 1) to stdout",
            "1\ta b\n2\t\\N\n",
        ),
        (
            "copy (select * from (values (1, 'a,b'), (2, '')) order by 1) to stdout csv",
            "1,\"a,b\"\n2,\"\"\n",
        ),
    ] {
        let pieces: Vec<Bytes> = client
            .copy_out(sql)
            .await
            .expect("copy")
            .try_collect()
            .await
            .expect("rows");
        assert_eq!(String::from_utf8(pieces.concat()).expect("utf8"), wanted);
    }
}
