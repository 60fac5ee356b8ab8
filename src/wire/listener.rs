//! The accept loop: one task a client, a limit on their number, and an orderly end.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Limits;
use super::authentication::Authentication;
use super::backend::Backend;
use super::cancel::CancelRegistry;
use super::connection::Stop;
use super::encryption;
use super::error_response::{Severity, error_response};
use super::failure::Failure;
use super::frame::{FrameReader, FrameWriter};
use super::sockets::Sockets;
use super::startup::{Shared, establish};
use crate::error::{Error, SqlState};

/// How long to wait after an accept failed, as it does when file descriptors run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long clients may take to hear that their statement was stopped.
const FAREWELL: Duration = Duration::from_secs(2);

/// Serves clients until `shutdown`: then idle connections end at once, and running statements get
/// the grace of `limits` before they are stopped. Returns when no connection is left.
pub async fn serve<B: Backend>(
    listener: TcpListener,
    backend: Arc<B>,
    authentication: Arc<Authentication>,
    limits: Limits,
    shutdown: CancellationToken,
) {
    let stop = Stop {
        idle: shutdown.clone(),
        running: CancellationToken::new(),
    };
    let shared = Arc::new(Shared {
        backend,
        authentication,
        registry: Arc::new(CancelRegistry::default()),
        sessions: Arc::new(Semaphore::new(limits.max_connections)),
        stop,
        limits: Arc::new(limits),
    });
    let sockets = Sockets::new(shared.limits.max_connections);
    let tasks = TaskTracker::new();
    let abandon = CancellationToken::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (socket, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(place) = sockets.take(address.ip()) else {
            tracing::warn!(%address, "refused a connection: too many sockets");
            continue;
        };
        let (shared, abandon) = (Arc::clone(&shared), abandon.clone());
        tasks.spawn(async move {
            let _place = place;
            let work = AssertUnwindSafe(serve_client(&shared, socket, address)).catch_unwind();
            tokio::select! {
                biased;
                () = abandon.cancelled() => {}
                outcome = work => if outcome.is_err() {
                    tracing::error!(%address, "a connection ended by a panic");
                }
            }
        });
    }
    drop(listener);
    tasks.close();
    let grace = shared.limits.shutdown_grace;
    if tokio::time::timeout(grace, tasks.wait()).await.is_err() {
        shared.stop.running.cancel();
        if tokio::time::timeout(FAREWELL, tasks.wait()).await.is_err() {
            abandon.cancel();
            if tokio::time::timeout(FAREWELL, tasks.wait()).await.is_err() {
                tracing::warn!("{} connections do not end, and are cut off", tasks.len());
            }
        }
    }
}

async fn serve_client<B: Backend>(shared: &Shared<B>, socket: TcpStream, address: SocketAddr) {
    // Answers are sent in whole pieces; waiting to fill a packet would only delay them.
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%address, %error, "could not switch off Nagle's algorithm");
    }
    let deadline = tokio::time::Instant::now() + shared.limits.startup_timeout;
    let current = shared.authentication.current();
    let opening = encryption::open(socket, current.encryption.as_ref());
    let opened = tokio::select! {
        biased;
        () = shared.stop.idle.cancelled() => return,
        opened = tokio::time::timeout_at(deadline, opening) => opened,
    };
    let Ok(Ok(channel)) = opened else {
        tracing::debug!(%address, "a client left, or did not begin, before its startup");
        return;
    };
    let max_bytes = shared.limits.max_message_bytes;
    let mut reader = FrameReader::after(&channel.first, channel.input, max_bytes);
    let mut writer = FrameWriter::new(channel.output);
    let encrypted = channel.encrypted.as_ref();
    let greeting = establish(
        shared,
        &mut reader,
        &mut writer,
        address,
        &current,
        encrypted,
    );
    let greeting = tokio::select! {
        biased;
        () = shared.stop.idle.cancelled() => Err(stopping()),
        greeting = tokio::time::timeout_at(deadline, greeting) => greeting.unwrap_or_else(|_| {
            tracing::debug!(%address, "a client did not finish its startup in time");
            Err(too_late())
        }),
    };
    drop(current);
    match greeting {
        Ok(Some(established)) => {
            let (connection, slot) = established.into_connection(shared, reader, writer);
            connection.serve().await;
            drop(slot);
        }
        Err(Failure::Fatal(error) | Failure::Statement(error)) => {
            let refusal = error_response(&error, Severity::Fatal);
            if writer.message(&refusal).is_ok() {
                writer.close().await;
            }
        }
        Ok(None) | Err(Failure::Gone) => {}
    }
}

fn too_late() -> Failure {
    Failure::Fatal(Error::new(
        SqlState::QUERY_CANCELED,
        "canceling authentication due to timeout",
    ))
}

fn stopping() -> Failure {
    Failure::Fatal(Error::new(
        SqlState::CANNOT_CONNECT_NOW,
        "the database system is shutting down",
    ))
}
