//! Who may connect: rules, certificates and passwords, beside a PostgreSQL of the same files.

mod answers;
mod drivers;
mod files;
mod limits;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::authority::Authority;
use crate::postgres::Postgres;
use crate::server::{Server, rows};

/// The rules; both servers have them.
const RULES: &str = r#"
# Who sets up the test.
host      all        postgres,tributary  127.0.0.1/32  trust

hostssl   all        jane      all                        cert
hostssl   all        "Jane Doe"  samehost                 cert
hostnossl all        jane      0.0.0.0/0                  reject
hostssl   all        mapped    127.0.0.1 255.255.255.255  cert map=people
hostssl   all        /odd      127.0.0.0/8                cert clientname=DN map=people
hostssl   all        full      all   scram-sha-256        clientcert=verify-full
hostssl   all        any       all   scram-sha-256        clientcert=verify-ca
hostssl   all        named     all   trust                clientcert=verify-full
host      all        +crew     all   scram-sha-256
host      sameuser   tribute   all   trust
host      all        ghost,sleeper,busy  all              trust
host      all        unknown,late,bare  all               scram-sha-256
hostssl   elsewhere  all       all   trust
host      crew       all       all   reject
host      samerole   \
                     member    all   trust
host      all        gone      10.0.0.0/8  trust
host      all        gone      ::1/128     trust
"#;

const MAPS: &str = r#"
people   jane                       mapped
people   /^(.*)@example\.com$       \1
people   "/^CN=odd,O=Shop\\, Inc$"  /odd
"#;

/// The roles.
const ROLES: &str = "
CREATE ROLE jane LOGIN;
CREATE ROLE \"Jane Doe\" LOGIN;
CREATE ROLE mapped LOGIN;
CREATE ROLE \"/odd\" LOGIN;
CREATE ROLE \"full\" LOGIN PASSWORD 'pencil';
CREATE ROLE \"any\" LOGIN PASSWORD 'pencil';
CREATE ROLE named LOGIN;
CREATE ROLE crew;
CREATE ROLE member LOGIN PASSWORD 'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=';
GRANT crew TO member;
CREATE ROLE tribute LOGIN;
CREATE ROLE sleeper;
CREATE ROLE busy LOGIN CONNECTION LIMIT 0;
CREATE ROLE late LOGIN PASSWORD 'pencil' VALID UNTIL '2020-01-01';
CREATE ROLE bare LOGIN;
CREATE ROLE gone LOGIN;
";

/// The files of a test, and the two servers that have them.
struct Both {
    ours: Server,
    theirs: Postgres,
    files: PathBuf,
    _folder: tempfile::TempDir,
}

/// How a client connects.
#[derive(Clone, Copy, Debug)]
struct How<'a> {
    user: &'a str,
    database: &'a str,
    password: &'a str,
    is_encrypted: bool,
    /// The name of its certificate, if it shows one.
    certificate: &'a str,
}

impl<'a> How<'a> {
    /// Without a password, and without encryption.
    fn of(user: &'a str) -> Self {
        Self {
            user,
            database: "tributary",
            password: "",
            is_encrypted: false,
            certificate: "",
        }
    }

    fn to(self, database: &'a str) -> Self {
        Self { database, ..self }
    }

    fn with(self, password: &'a str) -> Self {
        Self { password, ..self }
    }

    fn over_tls(self) -> Self {
        let is_encrypted = true;
        Self {
            is_encrypted,
            ..self
        }
    }

    /// Over TLS, with a certificate.
    fn showing(self, certificate: &'a str) -> Self {
        Self {
            certificate,
            ..self.over_tls()
        }
    }
}

impl Both {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The PostgreSQL is of a user of its own.
        let public = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), public).unwrap();
        let files = folder.path().join("files");
        std::fs::create_dir(&files).unwrap();
        let authority = Authority::new(&files, "authority");
        authority.issue_server("server");
        authority.issue("jane", "/O=Shop/CN=jane");
        authority.issue("doe", "/CN=Jane Doe");
        authority.issue(
            "mail",
            "/OU=a/OU=b/CN=mapped@example.com/emailAddress=m@example.com",
        );
        authority.issue("odd", "/O=Shop, Inc/CN=odd");
        authority.issue("full", "/CN=full/CN=jane");
        authority.issue("nameless", "/O=Shop");
        authority.issue_expired("expired", "/CN=jane");
        let (revoked, _) = authority.issue("revoked", "/CN=jane");
        authority.revoke(&[&revoked]);
        Authority::new(&files, "stranger").issue("strange", "/CN=jane");
        let write = |name: &str, text: &str| std::fs::write(files.join(name), text).unwrap();
        write("pg_hba.conf", RULES);
        write("pg_ident.conf", MAPS);
        let path = |name: &str| files.join(name).display().to_string();
        let ours = Server::start_with(
            &folder.path().join("ours"),
            &[
                "--hba-file",
                &path("pg_hba.conf"),
                "--ident-file",
                &path("pg_ident.conf"),
                "--tls-certificate",
                &path("server.crt"),
                "--tls-key",
                &path("server.key"),
                "--ssl-ca-file",
                &path("authority.crt"),
                "--ssl-crl-file",
                &path("authority.crl"),
            ],
        );
        // It takes no key that others may read.
        std::fs::copy(files.join("server.key"), files.join("theirs.key")).unwrap();
        let key = files.join("theirs.key");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        if crate::postgres::is_root() {
            let chown = Command::new("chown").arg("postgres").arg(&key).status();
            assert!(chown.unwrap().success());
        }
        let theirs = Postgres::start(&[
            "ssl=on",
            &format!("hba_file={}", path("pg_hba.conf")),
            &format!("ident_file={}", path("pg_ident.conf")),
            &format!("ssl_cert_file={}", path("server.crt")),
            &format!("ssl_key_file={}", path("theirs.key")),
            &format!("ssl_ca_file={}", path("authority.crt")),
            &format!("ssl_crl_file={}", path("authority.crl")),
        ]);
        let first = theirs.connect().await;
        first
            .batch_execute("CREATE ROLE tributary SUPERUSER LOGIN")
            .await
            .unwrap();
        first
            .batch_execute("CREATE DATABASE tributary")
            .await
            .unwrap();
        first.batch_execute(ROLES).await.unwrap();
        ours.connect().await.batch_execute(ROLES).await.unwrap();
        Self {
            ours,
            theirs,
            files,
            _folder: folder,
        }
    }

    async fn answer_of(&self, port: u16, how: How<'_>) -> String {
        match self.connect(port, how).await {
            Ok(client) => rows(&client, "SELECT current_user").await.concat(),
            Err(told) => told,
        }
    }

    /// Connects, or tells the SQLSTATE and the message, or why TLS was refused.
    async fn connect(&self, port: u16, how: How<'_>) -> Result<Client, String> {
        let mut config = Config::new();
        config.user(how.user).dbname(how.database);
        config.ssl_mode(SslMode::Disable);
        if !how.password.is_empty() {
            config.password(how.password);
        }
        let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let connected = if how.is_encrypted {
            socket
                .write_all(&[0, 0, 0, 8, 4, 210, 22, 47])
                .await
                .unwrap();
            assert_eq!(socket.read_u8().await.unwrap(), b'S');
            let name = ServerName::try_from("127.0.0.1").unwrap();
            let connector = TlsConnector::from(Arc::new(self.client_config(how.certificate)));
            let stream = connector.connect(name, socket).await.map_err(told_of_tls)?;
            config
                .connect_raw(stream, NoTls)
                .await
                .map(|(client, connection)| {
                    tokio::spawn(connection);
                    client
                })
        } else {
            config
                .connect_raw(socket, NoTls)
                .await
                .map(|(client, connection)| {
                    tokio::spawn(connection);
                    client
                })
        };
        connected.map_err(|error| match error.as_db_error() {
            Some(error) => format!("{} {}", error.code().code(), error.message()),
            None => {
                let inner = std::error::Error::source(&error).map(ToString::to_string);
                inner.unwrap_or_else(|| error.to_string())
            }
        })
    }

    fn client_config(&self, certificate: &str) -> ClientConfig {
        let file = |name: &str, kind: &str| self.files.join(format!("{name}.{kind}"));
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_file(file("authority", "crt")).unwrap();
        roots.add(authority).unwrap();
        let provider = tokio_rustls::rustls::crypto::aws_lc_rs::default_provider();
        let builder = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        if certificate.is_empty() {
            return builder.with_no_client_auth();
        }
        let chain = vec![CertificateDer::from_pem_file(file(certificate, "crt")).unwrap()];
        let key = PrivateKeyDer::from_pem_file(file(certificate, "key")).unwrap();
        builder.with_client_auth_cert(chain, key).unwrap()
    }
}

fn told_of_tls(error: std::io::Error) -> String {
    error.to_string()
}
