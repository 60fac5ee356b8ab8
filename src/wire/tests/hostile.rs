//! Bytes that no client should send: the connection ends with an error, the server goes on.

use proptest::prelude::*;
use tokio::runtime::Runtime;

use super::Server;
use super::raw::{RawClient, message, startup};
use crate::wire::Limits;

async fn still_serves(server: &Server) {
    let client = server.connect().await;
    client
        .query_one("select 1", &[])
        .await
        .expect("still serves");
}

async fn farewell(server: &Server, is_connected: bool, bytes: &[u8]) -> String {
    let mut client = if is_connected {
        RawClient::connect(server).await
    } else {
        RawClient::open(server).await
    };
    client.send(bytes).await;
    String::from_utf8_lossy(&client.finish().await).replace('\0', "|")
}

#[tokio::test]
async fn wrong_lengths_end_the_connection() {
    let server = Server::start().await;
    for packet in [
        &b"\0\0\0\0"[..],
        b"\0\0\0\x03rest",
        b"\xff\xff\xff\xff",
        b"\x7f\xff\xff\xff\0\x03\0\0",
        b"GET / HTTP/1.1\r\n\r\n",
    ] {
        let said = farewell(&server, false, packet).await;
        assert!(said.contains("SFATAL|VFATAL|C08P01|"), "{packet:?}: {said}");
    }
    for (frame, sqlstate) in [
        (&b"Q\0\0\0\0"[..], "08P01"),
        (b"Q\0\0\0\x03", "08P01"),
        (b"Q\xff\xff\xff\xff", "08P01"),
        (b"Q\x7f\xff\xff\xff", "54000"),
        (b"S\0\0\x40\0", "54000"),
        (b"?\0\0\0\x04", "08P01"),
        (b"p\0\0\0\x04", "08P01"),
    ] {
        let said = farewell(&server, true, frame).await;
        assert!(
            said.contains(&format!("SFATAL|VFATAL|C{sqlstate}|")),
            "{frame:?}: {said}"
        );
    }
    still_serves(&server).await;
}

#[tokio::test]
async fn a_broken_body_is_an_error_of_its_message() {
    let server = Server::start().await;
    for (kind, body, sqlstate) in [
        (b'Q', &b"no end"[..], "08P01"),
        (b'Q', b"\xff\xfe\0", "22021"),
        (b'Q', b"a\0b\0", "08P01"),
        (b'P', b"", "08P01"),
        (b'P', b"\0select 1\0\xff\xff", "08P01"),
        (b'B', b"\0\0\xff\xff", "08P01"),
        (b'B', b"\0\0\0\0\0\x01\x7f\xff\xff\xff", "08P01"),
        (b'B', b"\0\0\0\0\0\x01\xff\xff\xff\xfe", "08P01"),
        (b'D', b"?\0", "08P01"),
        (b'E', b"\0\0", "08P01"),
        (b'C', b"", "08P01"),
    ] {
        let mut bytes = message(kind, body);
        bytes.extend(message(b'S', b""));
        bytes.extend(message(b'Q', b"select 'goes on'\0"));
        bytes.extend(message(b'X', b""));
        let mut client = RawClient::connect(&server).await;
        client.send(&bytes).await;
        let said = String::from_utf8_lossy(&client.rest().await).replace('\0', "|");
        assert!(
            said.contains(&format!("SERROR|VERROR|C{sqlstate}|")),
            "{kind} {body:?}: {said}"
        );
        assert!(said.contains("goes on"), "{kind} {body:?}: {said}");
    }
}

#[tokio::test]
async fn a_large_message_is_refused_by_its_length_alone() {
    let limits = Limits {
        max_message_bytes: 1_000,
        ..Limits::default()
    };
    let server = Server::start_with(limits).await;
    let said = farewell(&server, true, &message(b'Q', &[b'x'; 1_000])).await;
    assert!(
        said.contains("C54000|Mmessage of 1004 bytes exceeds"),
        "{said}"
    );
    still_serves(&server).await;
}

/// Frames with any body, and any bytes at all.
fn hostile_bytes() -> impl Strategy<Value = Vec<u8>> {
    let kinds = prop::sample::select(b"QPBDECHSXdcfFp".to_vec());
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        prop::collection::vec(prop::sample::select(vec![0_u8, 1, b'S', b'P', 255]), 0..20),
    ];
    let frames = prop::collection::vec((kinds, body), 0..8).prop_map(|frames| {
        frames
            .iter()
            .flat_map(|(kind, body)| message(*kind, body))
            .collect()
    });
    prop_oneof![frames, prop::collection::vec(any::<u8>(), 0..200)]
}

#[test]
fn garbage_never_harms_the_server() {
    let runtime = Runtime::new().expect("runtime");
    let server = runtime.block_on(Server::start());
    proptest!(ProptestConfig::with_cases(200), |(bytes in hostile_bytes(), is_connected in any::<bool>())| {
        runtime.block_on(async {
            // Ends only if the server hangs up.
            farewell(&server, is_connected, &bytes).await;
            let mut with_startup = startup(3 << 16, &[]);
            with_startup.extend(&bytes);
            farewell(&server, false, &with_startup).await;
        });
    });
    runtime.block_on(still_serves(&server));
}
