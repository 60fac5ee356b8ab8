//! `tributary serve`: applies the project, builds what is stale, and answers clients.

use std::io::{ErrorKind, IsTerminal};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{SignalKind, signal};

use super::access::{self, Access};
use super::{GOOD, project, show};
use crate::config::Configuration;
use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::models::maintenance;
use crate::models::project::Project;
use crate::models::schedule;
use crate::models::vacuum;
use crate::wire;

/// Serves until a signal.
///
/// # Errors
/// What the configuration, the address or the data directory says. A model that fails is reported,
/// and the last good version of everything is served.
pub async fn execute(configuration: Configuration) -> Result<ExitCode> {
    let access = Access::read(&configuration)?;
    let user = configuration.server.user.clone();
    let address = configuration.server.listen;
    let bound = match listen(address) {
        // Who has the data directory has the port too, and may be about to leave both.
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(error),
        bound => Ok(bound.map_err(|error| unbound(address, error))?),
    };
    let project = configuration.server.project.clone();
    let instance = super::open(configuration).await?;
    let listener = match bound {
        Ok(listener) => listener,
        Err(_) => listen(address).map_err(|error| unbound(address, error))?,
    };
    let authentication = access.serve(&instance)?;
    stop_at_signal(Arc::clone(&instance))?;
    reload_at_signal(Arc::clone(&instance))?;
    project::sources(&project)?;
    let tidied = Arc::clone(&instance);
    let tidying = async move { tidied.remove_orphans().await };
    let shutdown = instance.shutdown.clone();
    tokio::spawn(shutdown.clone().run_until_cancelled_owned(tidying));
    if instance.configuration.server.background_compaction.0 {
        let maintenance = maintenance::run(Arc::clone(&instance));
        tokio::spawn(shutdown.clone().run_until_cancelled_owned(maintenance));
    }
    let vacuuming = vacuum::run(Arc::clone(&instance));
    tokio::spawn(shutdown.run_until_cancelled_owned(vacuuming));
    let applied = match Project::load(&project) {
        Ok(models) => project::apply(&instance, models).await,
        Err(error) => Err(error),
    };
    match applied {
        Ok(_) => {}
        Err(error) if instance.shutdown.is_cancelled() => {
            instance.rest().await;
            return Err(error);
        }
        // What is there can be served; what to mend is on the screen.
        Err(error) => show::error(&error),
    }
    let scheduler = match instance.configuration.server.scheduler.0 {
        true => Some(tokio::spawn(schedule::run(Arc::clone(&instance)))),
        false => None,
    };
    let address = listener.local_addr()?;
    show::print(format_args!(
        "ready: psql -h {} -p {} -U {user} tributary\n",
        address.ip(),
        address.port()
    ))?;
    // By threads of the runtime: this one would have to be woken for each client.
    let serving = tokio::spawn(wire::serve(
        listener,
        Arc::new(crate::session::Server::new(Arc::clone(&instance))),
        authentication,
        access::limits(&instance.configuration.server),
        instance.shutdown.clone(),
    ));
    serving
        .await
        .map_err(|error| Error::internal(format!("clients are not served any more: {error}")))?;
    if let Some(scheduler) = scheduler {
        // It has heard that the server stops, and cancels what it runs.
        let _ = scheduler.await;
    }
    instance.rest().await;
    Ok(GOOD)
}

/// So many clients may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Listens on an address. The system looks whether clients that say nothing are still there, so that
/// one whose machine has gone does not keep its place.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    // Sockets that are accepted have it of this one.
    socket.set_keepalive(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn unbound(address: SocketAddr, error: std::io::Error) -> Error {
    Error::from(error)
        .within(format!("cannot listen on {address}"))
        .with_hint("Set listen to another address, or to port 0 for any free port.")
}

/// Begins to stop at Ctrl-C or SIGTERM; a second Ctrl-C stops at once.
pub(super) fn stop_at_signal(instance: Arc<Instance>) -> Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        show::note("stopping");
        instance.shutdown.cancel();
        interrupt.recv().await;
        std::process::exit(130);
    });
    Ok(())
}

/// Reads access rules and certificates again at SIGHUP. Where that says that the terminal has gone which
/// the server was started in, it stops, as programs do.
fn reload_at_signal(instance: Arc<Instance>) -> Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    let had_terminal = std::io::stdin().is_terminal();
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            if had_terminal && !std::io::stdin().is_terminal() {
                instance.shutdown.cancel();
                break;
            }
            // What is wrong is logged.
            let _ = instance.reloading.reload();
        }
    });
    Ok(())
}
