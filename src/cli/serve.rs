//! `tributary serve`: applies the project, builds what is stale, and answers clients.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{GOOD, project, show};
use crate::config::Configuration;
use crate::error::{Error, Result, SqlState};
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
    let authentication = authentication(&configuration)?;
    let user = configuration.server.user.clone();
    let address = configuration.server.listen;
    let bound = match TcpListener::bind(address).await {
        // Who has the data directory has the port too, and may be about to leave both.
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(error),
        bound => Ok(bound.map_err(|error| unbound(address, error))?),
    };
    let project = configuration.server.project.clone();
    let instance = super::open(configuration).await?;
    let listener = match bound {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind(address)
            .await
            .map_err(|error| unbound(address, error))?,
    };
    stop_at_signal(Arc::clone(&instance))?;
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
    let limits = wire::Limits {
        max_connections: instance.configuration.server.max_connections,
        ..wire::Limits::default()
    };
    wire::serve(
        listener,
        Arc::new(crate::session::Server::new(Arc::clone(&instance))),
        authentication,
        limits,
        instance.shutdown.clone(),
    )
    .await;
    if let Some(scheduler) = scheduler {
        // It has heard that the server stops, and cancels what it runs.
        let _ = scheduler.await;
    }
    instance.rest().await;
    Ok(GOOD)
}

fn unbound(address: SocketAddr, error: std::io::Error) -> Error {
    Error::from(error)
        .within(format!("cannot listen on {address}"))
        .with_hint("Set listen to another address, or to port 0 for any free port.")
}

/// How clients prove who they are, and what keeps others from listening.
fn authentication(configuration: &Configuration) -> Result<wire::Authentication> {
    let server = &configuration.server;
    let encryption = match (
        server.tls_certificate.as_os_str().is_empty(),
        server.tls_key.as_os_str().is_empty(),
    ) {
        (true, true) => return proof(configuration, false),
        (false, false) => wire::Encryption::load(&server.tls_certificate, &server.tls_key)?,
        (is_missing, _) => {
            let (set, missing) = match is_missing {
                true => ("tls_key", "tls_certificate"),
                false => ("tls_certificate", "tls_key"),
            };
            let message = format!("{set} is set, but {missing} is not");
            return Err(Error::new(SqlState::CONFIG_FILE_ERROR, message)
                .with_hint("Set both, or neither for connections that are not encrypted."));
        }
    };
    Ok(proof(configuration, true)?.encrypted(encryption))
}

/// With a password every client needs it; without, only this machine may connect.
fn proof(configuration: &Configuration, is_encrypted: bool) -> Result<wire::Authentication> {
    let address = configuration.server.listen;
    let is_open = !address.ip().is_loopback();
    let Some(password) = configuration.password()? else {
        if is_open {
            let message = format!(
                "refusing to listen on {address}, where others can connect, without authentication"
            );
            return Err(Error::new(SqlState::INVALID_AUTHORIZATION, message)
                .with_hint("Set a password (TRIBUTARY_PASSWORD, or password in tributary.toml), or listen on 127.0.0.1."));
        }
        return Ok(wire::Authentication::trust());
    };
    let user = &configuration.server.user;
    if user.is_empty() {
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            "user is empty, but there is a password",
        )
        .with_hint("Set user to the role that may connect."));
    }
    if is_open && !is_encrypted {
        show::note(format_args!(
            "warning: connections to {} are not encrypted: keep them within a network you trust",
            address.ip()
        ));
    }
    wire::Authentication::password(user, password.reveal())
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
