//! A look at an object that is due: it is refreshed if it is stale.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use chrono::Utc;
use futures::FutureExt as _;
use tokio_util::sync::CancellationToken;
use tributary_udfs::interrupt::{Interrupt, RaisedOnDrop};

use crate::catalog::{Object, Oid};
use crate::error::{Error, Result, SqlState};
use crate::instance::{Canceller, Instance, OWNER, SessionEntry};
use crate::models::refresh::{Catalogued, Extent, refresh_locked};
use crate::models::stale;

/// Why a refresh ran, in `tributary.refreshes`.
const REASON: &str = "scheduled";

/// How a look has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    /// It was refreshed.
    Refreshed,
    /// It is as it should be, or is not to be refreshed any more.
    Fresh,
    /// Somebody else changes it, and may take long.
    Locked,
}

/// What stops a look that runs. Clones stop the same one.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    interrupt: Interrupt,
    stopped: CancellationToken,
}

impl Stop {
    /// Ends the look, unless its rows are being committed.
    pub fn stop(&self) {
        // A call of a function hears this, while its task is not polled.
        self.interrupt.raise();
        self.stopped.cancel();
    }
}

/// Refreshes an object if it is stale.
///
/// # Errors
/// What the refresh meets; 57014 where it was stopped.
pub async fn look(instance: &Arc<Instance>, oid: Oid, stop: &Stop) -> Result<Looked> {
    let _raised = RaisedOnDrop(stop.interrupt.clone());
    let work = stop.interrupt.over(refresh_if_stale(instance, oid, stop));
    let mut work = pin!(AssertUnwindSafe(work).catch_unwind());
    let ended = tokio::select! {
        biased;
        () = stop.stopped.cancelled() => match stop.interrupt.is_committed() {
            true => work.await,
            false => return Err(Error::new(
                SqlState::QUERY_CANCELED,
                "canceling the refresh due to user request",
            )),
        },
        ended = &mut work => ended,
    };
    ended.unwrap_or_else(|_| Err(Error::internal("the refresh panicked")))
}

async fn refresh_if_stale(instance: &Arc<Instance>, oid: Oid, stop: &Stop) -> Result<Looked> {
    // Who only waits would keep a place from what can be refreshed.
    let Some(guard) = instance.refresh_locks.try_lock(oid) else {
        return Ok(Looked::Locked);
    };
    let snapshot = instance.catalog.snapshot();
    // It may have been dropped or suspended meanwhile.
    let Some(object) = snapshot.object(oid).filter(|object| !object.suspended) else {
        return Ok(Looked::Fresh);
    };
    let state = instance.journal.model_state(oid)?;
    // What keeps it from being told is met by the refresh too, which records it.
    if let Ok(None) = stale::reason(instance, object, state.as_ref()).await {
        return Ok(Looked::Fresh);
    }
    let _session = instance.sessions.begin(session(object, stop));
    let (catalogued, extent) = (Catalogued::Same, Extent::Usual);
    let progress = Arc::default();
    refresh_locked(
        instance, object, catalogued, extent, REASON, &progress, &guard,
    )
    .await?;
    Ok(Looked::Refreshed)
}

/// The refresh as `pg_stat_activity` shows it, and `pg_cancel_backend` stops it.
fn session(object: &Object, stop: &Stop) -> SessionEntry {
    let (now, stop) = (Utc::now(), stop.clone());
    SessionEntry {
        user_name: OWNER.to_owned(),
        application_name: "scheduler".to_owned(),
        client_address: None,
        connected_at: now,
        state: "active",
        query: format!(
            "REFRESH {} {}",
            object.kind.as_str().to_uppercase(),
            object.name
        ),
        query_started_at: Some(now),
        transaction_started_at: Some(now),
        backend_type: "scheduled refresh",
        canceller: Canceller::new(move || stop.stop()),
        encryption: None,
    }
}
