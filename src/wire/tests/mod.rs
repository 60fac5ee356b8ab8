//! The protocol over a real socket, before a small server of its own.

mod authentication;
mod backend;
mod copy;
mod hostile;
mod interrupts;
mod queries;
mod raw;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls};
use tokio_util::sync::CancellationToken;

use self::backend::TestBackend;
use super::{Authentication, Limits, serve};

/// A server on a free port, stopped when it is dropped.
struct Server {
    address: SocketAddr,
    backend: Arc<TestBackend>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    async fn start() -> Self {
        Self::start_with(Limits::default()).await
    }

    async fn start_with(limits: Limits) -> Self {
        Self::start_guarded(Authentication::trust().unwrap(), limits).await
    }

    async fn start_guarded(authentication: Authentication, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address = listener.local_addr().expect("address");
        let backend = Arc::new(TestBackend::default());
        let shutdown = CancellationToken::new();
        let serving = serve(
            listener,
            Arc::clone(&backend),
            Arc::new(authentication),
            limits,
            shutdown.clone(),
        );
        Self {
            address,
            backend,
            shutdown,
            task: tokio::spawn(serving),
        }
    }

    fn config(&self) -> String {
        format!(
            "host=127.0.0.1 port={} user=someone dbname=tributary",
            self.address.port()
        )
    }

    async fn connect(&self) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.config(), NoTls)
            .await
            .expect("connect");
        tokio::spawn(connection);
        client
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

fn sqlstate(error: &tokio_postgres::Error) -> &str {
    error.code().expect("an error of the server").code()
}
