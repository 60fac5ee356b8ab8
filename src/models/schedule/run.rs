//! The scheduler: begins what is due, and waits for what comes next.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use tokio::task::JoinSet;
use tributary_udfs::interrupt::{Interrupt, RaisedOnDrop};

use super::freshness::Freshness;
use super::plan::{self, Scheduled};
use super::standing::Standing;
use crate::catalog::{Oid, Snapshot};
use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::models::refresh::{Catalogued, Extent, refresh_locked};
use crate::models::stale;

/// Why a refresh ran, in `tributary.refreshes`.
const REASON: &str = "scheduled";

/// So often the clock is looked at, though nothing is due: it may have been set.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// How looking after an object has ended.
struct Ended {
    oid: Oid,
    began_at: DateTime<Utc>,
    /// Whether it was refreshed; it may have been as it should be.
    outcome: Result<bool>,
}

/// Refreshes what is due until the server stops; ends when nothing of it runs any more.
pub async fn run(instance: Arc<Instance>) {
    let mut catalog = instance.catalog.changes();
    let mut commits = instance.warehouse.commits();
    let mut tasks = JoinSet::new();
    let mut running: BTreeMap<Oid, Interrupt> = BTreeMap::new();
    let mut scheduled = BTreeMap::new();
    catalog.mark_changed();
    loop {
        if catalog.has_changed().unwrap_or_default() {
            catalog.borrow_and_update();
            scheduled = plan::scheduled(&instance.catalog.snapshot());
        }
        let hears_commits = scheduled
            .values()
            .any(|object| matches!(object.freshness, Freshness::Continuous(_)));
        let now = Utc::now();
        take_up(&instance, &scheduled, now);
        let wake = begin(&instance, &scheduled, &mut running, &mut tasks, now);
        tokio::select! {
            biased;
            () = instance.shutdown.cancelled() => break,
            Some(ended) = tasks.join_next(), if !tasks.is_empty() => match ended {
                Ok(ended) => {
                    running.remove(&ended.oid);
                    note(&instance, &ended);
                }
                Err(error) => tracing::warn!("a scheduled refresh was cut off: {error}"),
            },
            // It is looked at above, which it counts as seen from here on.
            Ok(()) = catalog.changed() => catalog.mark_changed(),
            Ok(()) = commits.changed(), if hears_commits => mark_changed(&instance, &scheduled),
            () = tokio::time::sleep(wake) => {}
        }
    }
    for interrupt in running.values() {
        interrupt.raise();
    }
    tasks.shutdown().await;
}

/// Learns where objects stand that are new to the scheduler, and forgets those that are gone.
fn take_up(instance: &Instance, scheduled: &BTreeMap<Oid, Scheduled>, now: DateTime<Utc>) {
    let mut standings = instance.standings.0.lock();
    standings.retain(|oid, _| scheduled.contains_key(oid));
    for oid in scheduled.keys() {
        if standings.contains_key(oid) {
            continue;
        }
        let state = instance.journal.model_state(*oid);
        let standing =
            state.and_then(|state| Standing::read(&instance.journal, state.as_ref(), now));
        match standing {
            Ok(standing) => drop(standings.insert(*oid, standing)),
            Err(error) => tracing::warn!("where object {oid} stands cannot be read: {error}"),
        }
    }
}

/// Begins what can begin; tells how long to wait for the next.
fn begin(
    instance: &Arc<Instance>,
    scheduled: &BTreeMap<Oid, Scheduled>,
    running: &mut BTreeMap<Oid, Interrupt>,
    tasks: &mut JoinSet<Ended>,
    now: DateTime<Utc>,
) -> Duration {
    let server = &instance.configuration.server;
    let retries = u32::try_from(server.scheduler_retries).unwrap_or(u32::MAX);
    let busy: BTreeSet<Oid> = running.keys().copied().collect();
    let mut standings = instance.standings.0.lock();
    let (ready, wake) = plan::next(scheduled, &standings, &busy, retries, now);
    for (oid, standing) in standings.iter_mut() {
        standing.next_at = scheduled
            .get(oid)
            .and_then(|object| object.due(standing, retries))
            .map(|due| due.max(now));
    }
    drop(standings);
    let free = server.scheduler_jobs.max(1).saturating_sub(running.len());
    for oid in ready.into_iter().take(free) {
        let work = RaisedOnDrop::default();
        running.insert(oid, work.0.clone());
        let instance = Arc::clone(instance);
        tasks.spawn(async move {
            let began_at = Utc::now();
            let looked_after = AssertUnwindSafe(work.0.over(look_after(&instance, oid)));
            let outcome = looked_after.catch_unwind().await;
            Ended {
                oid,
                began_at,
                outcome: outcome.unwrap_or_else(|_| Err(Error::internal("the refresh panicked"))),
            }
        });
    }
    let wait = wake.and_then(|wake| (wake - now).to_std().ok());
    wait.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP)
}

/// Refreshes an object if it is stale; tells whether it was.
async fn look_after(instance: &Arc<Instance>, oid: Oid) -> Result<bool> {
    let guard = instance.refresh_locks.lock(oid).await?;
    let snapshot: Arc<Snapshot> = instance.catalog.snapshot();
    // It may have been dropped or suspended meanwhile.
    let Some(object) = snapshot.object(oid).filter(|object| !object.suspended) else {
        return Ok(false);
    };
    let state = instance.journal.model_state(oid)?;
    // What keeps it from being told is met by the refresh too, which records it.
    if let Ok(None) = stale::reason(instance, object, state.as_ref()).await {
        return Ok(false);
    }
    let (catalogued, extent) = (Catalogued::Same, Extent::Usual);
    let progress = Arc::default();
    refresh_locked(
        instance, object, catalogued, extent, REASON, &progress, &guard,
    )
    .await?;
    Ok(true)
}

fn note(instance: &Instance, ended: &Ended) {
    let mut standings = instance.standings.0.lock();
    let Some(standing) = standings.get_mut(&ended.oid) else {
        return;
    };
    let now = Utc::now();
    match &ended.outcome {
        Ok(refreshed) => {
            standing.succeed(ended.began_at);
            if *refreshed {
                standing.took = now - ended.began_at;
                let state = instance.journal.model_state(ended.oid).ok().flatten();
                standing.tells_time = state.is_some_and(|state| stale::tells_time(&state));
            }
        }
        Err(error) => {
            standing.fail(ended.began_at, now);
            let snapshot = instance.catalog.snapshot();
            let name = snapshot.object(ended.oid).map(|object| object.described());
            let name = name.unwrap_or_else(|| format!("object {}", ended.oid));
            tracing::warn!("a scheduled refresh of {name} failed: {error}");
        }
    }
}

/// A table was changed: what is refreshed as changes come looks whether it reads it.
fn mark_changed(instance: &Instance, scheduled: &BTreeMap<Oid, Scheduled>) {
    let now = Utc::now();
    let mut standings = instance.standings.0.lock();
    for (oid, object) in scheduled {
        if matches!(object.freshness, Freshness::Continuous(_))
            && let Some(standing) = standings.get_mut(oid)
        {
            standing.changed_at = Some(now);
        }
    }
}
