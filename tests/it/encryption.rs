//! TLS, with psql as the client.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::server::{Server, tributary};

/// Asks whether the server goes over to TLS.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// A certificate of its own for this machine, and its key.
fn certificate(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    signed(folder, name, "-sha256")
}

/// The same with a signature of this hash.
fn signed(folder: &Path, name: &str, hash: &str) -> (PathBuf, PathBuf) {
    let file = |kind: &str| folder.join(format!("{name}.{kind}"));
    let (certificate, key) = (file("crt"), file("key"));
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2", hash,
        ])
        .args(["-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
        ])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    (certificate, key)
}

fn start(folder: &Path, certificate: &Path, key: &Path) -> Server {
    let flag = |path: &Path| path.display().to_string();
    Server::start_with(
        folder,
        &[
            "--tls-certificate",
            &flag(certificate),
            "--tls-key",
            &flag(key),
        ],
    )
}

/// What psql prints when it connects like this.
fn psql(port: u16, how: &str) -> String {
    let connection = format!("host=127.0.0.1 port={port} user=tributary dbname=tributary {how}");
    let output = Command::new("psql")
        .args(["-X", "-At", &connection, "-c", "\\conninfo"])
        .output()
        .unwrap();
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn a_client_that_asks_is_encrypted_and_knows_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let (own, key) = certificate(folder.path(), "own");
    let (other, _) = certificate(folder.path(), "other");
    let server = start(folder.path(), &own, &key);
    let verified = |root: &Path| format!("sslmode=verify-full sslrootcert={}", root.display());
    let printed = psql(server.port, &verified(&own));
    assert!(
        printed.contains("SSL connection (protocol: TLSv1.3"),
        "{printed}"
    );
    let printed = psql(server.port, &verified(&other));
    assert!(printed.contains("certificate verify failed"), "{printed}");
    let printed = psql(
        server.port,
        "sslmode=require ssl_max_protocol_version=TLSv1.2",
    );
    assert!(
        printed.contains("SSL connection (protocol: TLSv1.2"),
        "{printed}"
    );
    let printed = psql(server.port, "sslmode=disable");
    assert!(printed.contains("You are connected"), "{printed}");
    assert!(!printed.contains("SSL connection"), "{printed}");
}

#[test]
fn what_was_sent_in_the_clear_is_not_taken_for_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    let (own, key) = certificate(folder.path(), "own");
    let server = start(folder.path(), &own, &key);
    let mut socket = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    let startup = b"\0\x03\0\0user\0tributary\0database\0tributary\0\0";
    let length = u32::try_from(startup.len() + 4).unwrap().to_be_bytes();
    let sent = [&SSL_REQUEST[..], &length, startup].concat();
    socket.write_all(&sent).unwrap();
    let mut answer = Vec::new();
    // The server may reset the connection.
    let _ = socket.read_to_end(&mut answer);
    assert_eq!(answer.first(), Some(&b'S'));
    // At most an alert of TLS, and no answer of the protocol.
    assert!(answer.len() < 2 || answer[1] == 0x15, "{answer:?}");
}

#[test]
fn a_server_without_a_certificate_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let printed = psql(server.port, "sslmode=require");
    assert!(printed.contains("server does not support SSL"), "{printed}");
    let printed = psql(server.port, "sslmode=prefer");
    assert!(printed.contains("You are connected"), "{printed}");
}

#[test]
fn a_certificate_that_cannot_be_used_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let (own, key) = certificate(folder.path(), "own");
    let (_, other_key) = certificate(folder.path(), "other");
    let nonsense = folder.path().join("nonsense");
    std::fs::write(&nonsense, "nonsense").unwrap();
    let missing = folder.path().join("missing");
    let cases: [(&[(&str, &Path)], &str); 5] = [
        (&[("--tls-certificate", &own)], "tls_key is not"),
        (&[("--tls-key", &key)], "tls_certificate is not"),
        (
            &[("--tls-certificate", &nonsense), ("--tls-key", &key)],
            "tls_certificate",
        ),
        (
            &[("--tls-certificate", &own), ("--tls-key", &missing)],
            "tls_key",
        ),
        (
            &[("--tls-certificate", &own), ("--tls-key", &other_key)],
            "tls_certificate",
        ),
    ];
    for (flags, message) in cases {
        let mut serve = tributary();
        serve.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]);
        serve.arg(folder.path().join("data"));
        for (flag, file) in flags {
            serve.arg(flag).arg(file);
        }
        let output = serve.current_dir(folder.path()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{flags:?}");
        assert!(told.contains(message), "{flags:?}: {told}");
    }
}

#[test]
fn a_client_can_bind_its_password_to_the_certificate() {
    let folder = tempfile::tempdir().unwrap();
    for (name, signature) in [("plain", "-sha256"), ("long", "-sha384")] {
        let (own, key) = signed(folder.path(), name, signature);
        let flag = |path: &Path| path.display().to_string();
        let flags = ["--tls-certificate", &flag(&own), "--tls-key", &flag(&key)];
        let password = [("TRIBUTARY_PASSWORD".to_owned(), "pencil".to_owned())];
        let server = Server::start_in(&folder.path().join(name), &flags, &password);
        let connect = |how: &str| psql(server.port, &format!("password=pencil {how}"));
        let printed = connect("sslmode=require channel_binding=require");
        assert!(printed.contains("SSL connection"), "{name}: {printed}");
        let printed = connect("sslmode=require channel_binding=disable");
        assert!(printed.contains("SSL connection"), "{name}: {printed}");
        let printed = connect("sslmode=disable channel_binding=require");
        assert!(printed.contains("channel binding"), "{name}: {printed}");
        let printed = psql(
            server.port,
            "password=pen sslmode=require channel_binding=require",
        );
        assert!(
            printed.contains("password authentication failed"),
            "{name}: {printed}"
        );
    }
}
