//! Clients with and without the password.

use std::time::Duration;

use tokio_postgres::NoTls;

use super::raw::{RawClient, message, startup};
use super::{Server, sqlstate};
use crate::wire::{Authentication, Limits};

async fn guarded() -> Server {
    let limits = Limits {
        failed_login_delay: Duration::ZERO,
        max_connections: 1,
        ..Limits::default()
    };
    let authentication = Authentication::trust().unwrap();
    let authentication = authentication.with_password("someone", "p\u{e4}ss w'ord");
    Server::start_guarded(authentication, limits).await
}

async fn connect(
    server: &Server,
    user: &str,
    password: &str,
) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(server.address.port());
    config.user(user).dbname("tributary").password(password);
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

#[tokio::test]
async fn only_the_role_with_its_password_gets_in() {
    let server = guarded().await;
    for (user, password) in [
        ("someone", "wrong"),
        ("someone", ""),
        ("else", "p\u{e4}ss w'ord"),
        ("nobody", "wrong"),
    ] {
        let error = connect(&server, user, password).await.err().unwrap();
        assert_eq!(sqlstate(&error), "28P01", "{user}");
        assert_eq!(
            error.as_db_error().unwrap().message(),
            format!("password authentication failed for user \"{user}\"")
        );
    }
    let client = connect(&server, "someone", "p\u{e4}ss w'ord")
        .await
        .unwrap();
    client.query_one("select 1", &[]).await.unwrap();
}

#[tokio::test]
async fn a_client_learns_nothing_and_takes_no_place_before_it_is_known() {
    let server = guarded().await;
    // More than there are places for, none of which goes on.
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let mut client = RawClient::open(&server).await;
        client.send(&startup(3 << 16, &[])).await;
        let said = client.until(b'R').await;
        assert_eq!(said, ["R:|||\nSCRAM-SHA-256||"]);
        waiting.push(client);
    }
    let client = connect(&server, "someone", "p\u{e4}ss w'ord")
        .await
        .unwrap();
    client.query_one("select 1", &[]).await.unwrap();
}

#[tokio::test]
async fn anything_but_an_answer_ends_the_connection() {
    let server = guarded().await;
    for (bytes, sqlstate) in [
        (message(b'Q', b"select 1\0"), "08P01"),
        (b"Q\x0f\xff\xff\xff".to_vec(), "08P01"),
        (message(b'p', b""), "08P01"),
        (message(b'p', b"p\xe4ss\0"), "22021"),
        (message(b'p', b"SCRAM-SHA-256\0\xff\xff\xff\xff"), "08P01"),
        (message(b'p', b"SCRAM-SHA-256\0\0\0\0\x05n,,"), "08P01"),
        (message(b'p', b"SCRAM-SHA-256\0\0\0\0\x03n,,"), "08P01"),
        (message(b'p', b"SCRAM-SHA-256-PLUS\0\0\0\0\x03n,,"), "08P01"),
        (b"p\x0f\xff\xff\xff".to_vec(), "54000"),
    ] {
        let mut client = RawClient::open(&server).await;
        client.send(&startup(3 << 16, &[])).await;
        client.send(&bytes).await;
        let said = String::from_utf8_lossy(&client.finish().await).replace('\0', "|");
        let wanted = format!("SFATAL|VFATAL|C{sqlstate}|");
        assert!(said.contains(&wanted), "{bytes:?}: {said}");
        assert!(!said.contains("server_version"), "{bytes:?}: {said}");
    }
}

#[tokio::test]
async fn who_takes_too_long_is_told() {
    let limits = Limits {
        startup_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let authentication = Authentication::trust().unwrap();
    let authentication = authentication.with_password("someone", "pencil");
    let server = Server::start_guarded(authentication, limits).await;
    let mut client = RawClient::open(&server).await;
    client.send(&startup(3 << 16, &[])).await;
    let said = String::from_utf8_lossy(&client.rest().await).replace('\0', "|");
    let told = "C57014|Mcanceling authentication due to timeout|";
    assert!(said.contains(told), "{said}");
}

#[tokio::test]
async fn the_salt_of_a_user_is_always_the_same() {
    let server = guarded().await;
    let mut salts = Vec::new();
    for user in ["someone", "someone", "missing", "missing"] {
        let mut client = RawClient::open(&server).await;
        client.send(&startup(3 << 16, &[("user", user)])).await;
        client.until(b'R').await;
        let first = b"SCRAM-SHA-256\0\0\0\0\x0an,,n=,r=ab";
        client.send(&message(b'p', first)).await;
        let said = client.until(b'R').await.concat();
        let salt = said.split(',').find(|part| part.starts_with("s="));
        salts.push(salt.unwrap().to_owned());
    }
    assert_eq!(salts[0], salts[1]);
    assert_eq!(salts[2], salts[3]);
    assert_ne!(salts[0], salts[2]);
}
