//! Places that are kept, and what strangers can find out.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::NoTls;

use crate::server::Server;

#[tokio::test]
async fn the_last_connections_are_for_superusers() {
    let folder = tempfile::tempdir().unwrap();
    let flags = [
        "--max-connections",
        "4",
        "--superuser-reserved-connections",
        "2",
    ];
    let server = Server::start_with(folder.path(), &flags);
    let connect = |user: &'static str| {
        let config = format!(
            "host=127.0.0.1 port={} user={user} dbname=tributary",
            server.port
        );
        async move {
            let connected = tokio_postgres::connect(&config, NoTls).await;
            connected.map(|(client, connection)| {
                tokio::spawn(connection);
                client
            })
        }
    };
    let mut clients = vec![connect("tributary").await.unwrap()];
    clients[0]
        .batch_execute("CREATE ROLE jane LOGIN")
        .await
        .unwrap();
    clients.push(connect("jane").await.unwrap());
    let refused = connect("jane").await.err().unwrap();
    let refused = refused.as_db_error().unwrap();
    assert_eq!(refused.code().code(), "53300");
    assert_eq!(
        refused.message(),
        "remaining connection slots are reserved for non-replication superuser connections"
    );
    clients.push(connect("tributary").await.unwrap());
    clients.push(connect("tributary").await.unwrap());
    let refused = connect("tributary").await.err().unwrap();
    assert_eq!(
        refused.as_db_error().unwrap().message(),
        "sorry, too many clients already"
    );
}

#[tokio::test]
async fn salts_of_nobody_stay_as_those_of_roles_do() {
    let folder = tempfile::tempdir().unwrap();
    let password = [("TRIBUTARY_PASSWORD".to_owned(), "pencil".to_owned())];
    let mut before = None;
    for _ in 0..2 {
        let server = Server::start_in(folder.path(), &[], &password);
        let mut salts = Vec::new();
        for user in ["tributary", "nobody"] {
            salts.push(salt(server.port, user).await);
        }
        assert_ne!(salts[0], salts[1]);
        assert_eq!(before.get_or_insert_with(|| salts.clone()), &salts);
    }
}

/// The salt that a server tells of a user.
async fn salt(port: u16, user: &str) -> String {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let startup = format!("\0\x03\0\0user\0{user}\0database\0tributary\0\0");
    let length = u32::try_from(startup.len() + 4).unwrap().to_be_bytes();
    socket
        .write_all(&[&length, startup.as_bytes()].concat())
        .await
        .unwrap();
    let mut answer = vec![0; 4096];
    assert!(socket.read(&mut answer).await.unwrap() > 0);
    let first = b"SCRAM-SHA-256\0\0\0\0\x0an,,n=,r=ab";
    let length = u32::try_from(first.len() + 4).unwrap().to_be_bytes();
    socket
        .write_all(&[b"p", &length[..], first].concat())
        .await
        .unwrap();
    let read = socket.read(&mut answer).await.unwrap();
    let said = String::from_utf8_lossy(&answer[..read]).into_owned();
    let salt = said.split(',').find(|part| part.starts_with("s="));
    salt.unwrap_or_else(|| panic!("{said}")).to_owned()
}
