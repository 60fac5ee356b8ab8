//! What only a client that writes its own bytes can see.

use bytes::{Buf, BufMut, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Server;

/// A client that writes its own bytes.
pub(super) struct RawClient {
    socket: TcpStream,
}

impl RawClient {
    pub(super) async fn open(server: &Server) -> Self {
        let socket = TcpStream::connect(server.address).await.expect("connect");
        Self { socket }
    }

    pub(super) async fn connect(server: &Server) -> Self {
        let mut client = Self::open(server).await;
        client.send(&startup(3 << 16, &[])).await;
        assert_eq!(client.until(b'Z').await.last(), Some(&"Z:I".to_owned()));
        client
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) {
        // The server may have hung up already; what it said before is read below.
        let _ = self.socket.write_all(bytes).await;
    }

    /// Closes the writing half and reads all that the server still says.
    pub(super) async fn finish(mut self) -> Vec<u8> {
        let _ = self.socket.shutdown().await;
        self.rest().await
    }

    /// Reads all that the server says before it hangs up.
    pub(super) async fn rest(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let _ = self.socket.read_to_end(&mut rest).await;
        rest
    }

    async fn byte(&mut self) -> u8 {
        self.socket.read_u8().await.expect("a byte")
    }

    /// The next message: its type, and its body as text with zeros as bars.
    async fn message(&mut self) -> String {
        let kind = self.byte().await;
        let length = self.socket.read_u32().await.expect("length") as usize;
        let mut body = vec![0; length - 4];
        self.socket.read_exact(&mut body).await.expect("body");
        let body = String::from_utf8_lossy(&body).replace('\0', "|");
        format!("{}:{body}", char::from(kind))
    }

    /// Messages up to the next of this type.
    pub(super) async fn until(&mut self, kind: u8) -> Vec<String> {
        let mut messages = Vec::new();
        loop {
            messages.push(self.message().await);
            if messages[messages.len() - 1].as_bytes()[0] == kind {
                return messages;
            }
        }
    }

    /// The types of messages up to the next ReadyForQuery.
    async fn kinds(&mut self) -> String {
        let messages = self.until(b'Z').await;
        messages.iter().map(|message| &message[..1]).collect()
    }
}

pub(super) fn startup(version: u32, more: &[(&str, &str)]) -> Vec<u8> {
    let mut body = BytesMut::new();
    body.put_u32(version);
    let required = [("user", "someone"), ("database", "tributary")];
    for (name, value) in required.iter().chain(more) {
        body.put_slice(format!("{name}\0{value}\0").as_bytes());
    }
    body.put_u8(0);
    let mut packet = (body.len() as u32 + 4).to_be_bytes().to_vec();
    packet.extend(body);
    packet
}

pub(super) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend((body.len() as u32 + 4).to_be_bytes());
    bytes.extend(body);
    bytes
}

fn parse(sql: &str) -> Vec<u8> {
    message(b'P', format!("\0{sql}\0\0\0").as_bytes())
}

fn bind() -> Vec<u8> {
    message(b'B', b"\0\0\0\0\0\0\0\0")
}

fn execute(max_rows: u8) -> Vec<u8> {
    message(b'E', &[0, 0, 0, 0, max_rows])
}

#[tokio::test]
async fn a_client_is_greeted_as_by_postgres_15() {
    let server = Server::start().await;
    let mut client = RawClient::open(&server).await;
    for code in [80_877_103_u32, 80_877_104] {
        let mut request = 8_u32.to_be_bytes().to_vec();
        request.extend(code.to_be_bytes());
        client.send(&request).await;
        assert_eq!(client.byte().await, b'N');
    }
    let settings = [
        ("application_name", "test"),
        ("options", "-c TimeZone=Asia/Tokyo"),
    ];
    client.send(&startup(3 << 16, &settings)).await;
    let messages = client.until(b'Z').await;
    let expected = [
        "R:||||",
        "S:application_name|test|",
        "S:client_encoding|UTF8|",
        "S:DateStyle|ISO, MDY|",
        "S:default_transaction_read_only|off|",
        "S:in_hot_standby|off|",
        "S:integer_datetimes|on|",
        "S:IntervalStyle|postgres|",
        "S:is_superuser|on|",
        "S:server_encoding|UTF8|",
        concat!(
            "S:server_version|15.0 (Tributary ",
            env!("CARGO_PKG_VERSION"),
            ")|"
        ),
        "S:session_authorization|someone|",
        "S:standard_conforming_strings|on|",
        "S:TimeZone|Asia/Tokyo|",
    ];
    assert_eq!(messages[..expected.len()], expected);
    assert!(messages[expected.len()].starts_with("K:"));
    assert_eq!(messages[expected.len() + 1], "Z:I");
}

#[tokio::test]
async fn a_newer_protocol_is_negotiated() {
    let server = Server::start().await;
    for (asked, options, spoken) in [
        (0, false, None),
        (2, false, None),
        (9_999, false, Some(2)),
        (1, true, Some(0)),
    ] {
        let mut client = RawClient::open(&server).await;
        let more: &[(&str, &str)] = if options { &[("_pq_.new", "on")] } else { &[] };
        client.send(&startup(3 << 16 | asked, more)).await;
        let messages = client.until(b'Z').await;
        let negotiated = messages[0].starts_with("v:");
        assert_eq!(negotiated, spoken.is_some(), "{asked}");
        if options {
            assert!(messages[0].contains("_pq_.new|"));
        }
        let key = messages.iter().find(|message| message.starts_with("K:"));
        let is_long = key.expect("key").chars().count() > 16;
        assert_eq!(is_long, asked >= 2, "{asked}");
    }
    let mut client = RawClient::open(&server).await;
    client.send(&startup(2 << 16, &[])).await;
    assert!(client.until(b'E').await[0].contains("|C0A000|"));
}

#[tokio::test]
async fn an_error_skips_to_the_next_sync() {
    let server = Server::start().await;
    let mut client = RawClient::connect(&server).await;
    let mut bytes = parse("select * from missing");
    bytes.extend(bind());
    bytes.extend(message(b'D', b"P\0"));
    bytes.extend(execute(0));
    bytes.extend(message(b'Q', b"select 1\0"));
    bytes.extend(message(b'S', b""));
    client.send(&bytes).await;
    assert_eq!(client.kinds().await, "EZ");

    let mut bytes = parse("select 1");
    bytes.extend(message(b'D', b"S\0"));
    bytes.extend(bind());
    bytes.extend(message(b'D', b"P\0"));
    bytes.extend(execute(1));
    bytes.extend(execute(1));
    bytes.extend(message(b'C', b"P\0"));
    bytes.extend(message(b'C', b"Pmissing\0"));
    bytes.extend(execute(0));
    bytes.extend(message(b'S', b""));
    client.send(&bytes).await;
    assert_eq!(client.kinds().await, "1tT2TDsC33EZ");
}

#[tokio::test]
async fn a_declared_cursor_is_described_as_a_portal() {
    let server = Server::start().await;
    let mut client = RawClient::connect(&server).await;
    let mut bytes = message(b'D', b"Pdeclared\0");
    bytes.extend(message(b'S', b""));
    client.send(&bytes).await;
    assert_eq!(client.kinds().await, "TZ");
    let mut bytes = message(b'D', b"Pmissing\0");
    bytes.extend(message(b'S', b""));
    client.send(&bytes).await;
    assert_eq!(client.kinds().await, "EZ");
}

#[tokio::test]
async fn flush_gives_what_there_is() {
    let server = Server::start().await;
    let mut client = RawClient::connect(&server).await;
    let mut bytes = parse("");
    bytes.extend(bind());
    bytes.extend(execute(0));
    bytes.extend(message(b'H', b""));
    client.send(&bytes).await;
    assert_eq!(client.until(b'I').await, ["1:", "2:", "I:"]);
    client.send(&message(b'S', b"")).await;
    assert_eq!(client.kinds().await, "Z");
}

#[tokio::test]
async fn a_changed_setting_is_told_and_a_warning_comes_first() {
    let server = Server::start().await;
    let mut client = RawClient::connect(&server).await;
    client
        .send(&message(b'Q', b"set application_name = 'x'\0"))
        .await;
    let messages = client.until(b'Z').await;
    assert_eq!(
        messages,
        [
            "N:SWARNING|VWARNING|C01000|Mapplication_name was set||",
            "C:SET|",
            "S:application_name|x|",
            "Z:I"
        ]
    );
}

#[tokio::test]
async fn a_portal_does_not_outlive_its_transaction() {
    let server = Server::start().await;
    let mut client = RawClient::connect(&server).await;
    let mut bytes = parse("select 1");
    bytes.extend(bind());
    bytes.extend(message(b'S', b""));
    bytes.extend(execute(0));
    bytes.extend(message(b'S', b""));
    client.send(&bytes).await;
    assert_eq!(client.kinds().await, "12Z");
    let messages = client.until(b'Z').await;
    assert!(messages[0].contains("|C34000|"), "{messages:?}");
}

#[tokio::test]
async fn a_wrong_secret_cancels_nothing() {
    let server = Server::start().await;
    let mut client = RawClient::open(&server).await;
    client.send(&startup(3 << 16, &[])).await;
    let mut process_id = 0;
    loop {
        let kind = client.byte().await;
        let length = client.socket.read_u32().await.expect("length") as usize;
        let mut body = vec![0; length - 4];
        client.socket.read_exact(&mut body).await.expect("body");
        match kind {
            b'K' => process_id = (&body[..4]).get_i32(),
            b'Z' => break,
            _ => {}
        }
    }
    client.send(&message(b'Q', b"select * from hang\0")).await;
    server.backend.wait_for_running(true).await;
    for secret in [&b""[..], b"\0\0\0\0", b"wrong secret"] {
        let mut request = (12 + secret.len() as u32).to_be_bytes().to_vec();
        request.extend(80_877_102_u32.to_be_bytes());
        request.extend(process_id.to_be_bytes());
        request.extend(secret);
        let mut other = RawClient::open(&server).await;
        other.send(&request).await;
        assert_eq!(other.finish().await, b"");
    }
    assert!(server.backend.running.lock().await.try_recv().is_err());
}

#[tokio::test]
async fn a_function_call_is_refused_politely() {
    let server = Server::start().await;
    let mut client = RawClient::connect(&server).await;
    client.send(&message(b'F', b"\0\0\0\0")).await;
    let messages = client.until(b'Z').await;
    assert!(messages[0].contains("|C0A000|"), "{messages:?}");
    client.send(&message(b'Q', b"select 1\0")).await;
    assert_eq!(client.kinds().await, "TDCZ");
}
