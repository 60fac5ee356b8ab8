//! The scheduler: begins what is due, and waits for what comes next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;

use super::freshness::{Freshness, delta};
use super::look::{Looked, Stop, look};
use super::plan::{self, InHand, Scheduled};
use super::standing::{Standing, Standings};
use crate::catalog::{Oid, Snapshot};
use crate::error::Result;
use crate::instance::Instance;
use crate::models::stale;

/// So often the clock is looked at, though nothing is due: it may have been set.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// What the scheduler knows, and has begun.
struct Scheduler {
    instance: Arc<Instance>,
    snapshot: Arc<Snapshot>,
    scheduled: BTreeMap<Oid, Scheduled>,
    running: BTreeMap<Oid, Running>,
    looks: JoinSet<Ended>,
    /// What others change, each waited for in a task of its own.
    locked: BTreeSet<Oid>,
    waits: JoinSet<Oid>,
}

/// A look that runs.
struct Running {
    began_at: DateTime<Utc>,
    /// The same by a clock that cannot be set.
    began: Instant,
    /// When what it is to see was changed first.
    changed_at: Option<DateTime<Utc>>,
    stop: Stop,
}

/// A look that has ended.
struct Ended {
    oid: Oid,
    outcome: Result<Looked>,
}

/// Refreshes what is due until the server stops; ends when nothing of it runs any more.
pub async fn run(instance: Arc<Instance>) {
    let mut catalog = instance.catalog.changes();
    let mut commits = instance.warehouse.commits();
    let mut scheduler = Scheduler {
        snapshot: instance.catalog.snapshot(),
        scheduled: BTreeMap::new(),
        running: BTreeMap::new(),
        looks: JoinSet::new(),
        locked: BTreeSet::new(),
        waits: JoinSet::new(),
        instance: Arc::clone(&instance),
    };
    catalog.mark_changed();
    loop {
        if catalog.has_changed().unwrap_or_default() {
            catalog.borrow_and_update();
            scheduler.follow_catalog();
        }
        let wake = scheduler.begin();
        tokio::select! {
            biased;
            () = instance.shutdown.cancelled() => break,
            Some(ended) = scheduler.looks.join_next(), if !scheduler.looks.is_empty() => match ended {
                Ok(ended) => scheduler.end(ended),
                Err(error) => tracing::warn!("a scheduled refresh was cut off: {error}"),
            },
            Some(Ok(free)) = scheduler.waits.join_next(), if !scheduler.waits.is_empty() => {
                scheduler.locked.remove(&free);
            }
            // It is looked at above, which it counts as seen from here on.
            Ok(()) = catalog.changed() => catalog.mark_changed(),
            () = hear(&mut commits, &instance.standings, &scheduler.scheduled) => {}
            () = instance.standings.told() => {}
            () = tokio::time::sleep(wake) => {}
        }
    }
    for running in scheduler.running.values() {
        running.stop.stop();
    }
    scheduler.looks.shutdown().await;
}

impl Scheduler {
    /// The catalog has changed: objects come, go, and are others than they were.
    fn follow_catalog(&mut self) {
        let snapshot = self.instance.catalog.snapshot();
        self.scheduled = plan::scheduled(&snapshot);
        for (oid, running) in &self.running {
            if !self.scheduled.contains_key(oid) {
                running.stop.stop();
            }
        }
        let now = self.instance.standings.now();
        let redefined = plan::redefined(&self.snapshot, &snapshot);
        let mut standings = self.instance.standings.all.lock();
        standings.retain(|oid, _| self.scheduled.contains_key(oid));
        for (oid, object) in &self.scheduled {
            let standing = standings
                .entry(*oid)
                .or_insert_with(|| self.read_standing(*oid, now));
            if redefined.contains(oid) || !redefined.is_disjoint(&object.reads) {
                standing.begin_anew(now);
            }
        }
        drop(standings);
        self.snapshot = snapshot;
    }

    /// Where an object stands that is new to the scheduler.
    fn read_standing(&self, oid: Oid, now: DateTime<Utc>) -> Standing {
        let journal = &self.instance.journal;
        let state = journal.model_state(oid);
        let standing = state.and_then(|state| Standing::read(journal, state.as_ref(), now));
        standing.unwrap_or_else(|error| {
            tracing::warn!("where object {oid} stands cannot be read: {error}");
            let mut unknown = Standing::default();
            unknown.fail(now, now);
            unknown
        })
    }

    /// Begins what can begin; tells how long to wait for the next.
    fn begin(&mut self) -> Duration {
        let now = self.instance.standings.now();
        for object in self.scheduled.values_mut() {
            object.doubt_creation(now);
        }
        let server = &self.instance.configuration.server;
        let retries = u32::try_from(server.scheduler_retries).unwrap_or(u32::MAX);
        let in_hand = InHand {
            running: self.running.keys().copied().collect(),
            locked: self.locked.clone(),
        };
        let instance = Arc::clone(&self.instance);
        let mut standings = instance.standings.all.lock();
        let (ready, wake) = plan::next(&self.scheduled, &standings, &in_hand, retries, now);
        for (oid, standing) in standings.iter_mut() {
            let object = self.scheduled.get(oid);
            let due = object.and_then(|object| object.due(standing, retries));
            standing.next_at = due.map(|due| due.max(now));
        }
        let free = server.scheduler_jobs.max(1);
        let free = free.saturating_sub(self.running.len());
        for oid in ready.into_iter().take(free) {
            let again = plan::again(oid, &self.scheduled, &standings, &in_hand, retries, now);
            let running = Running {
                began_at: now,
                began: Instant::now(),
                changed_at: standings.get_mut(&oid).and_then(|it| it.begin(again)),
                stop: Stop::default(),
            };
            let (instance, stop) = (Arc::clone(&instance), running.stop.clone());
            self.running.insert(oid, running);
            self.looks.spawn(async move {
                let outcome = look(&instance, oid, &stop).await;
                Ended { oid, outcome }
            });
        }
        let wait = wake.and_then(|wake| (wake - now).to_std().ok());
        wait.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP)
    }

    /// Notes how a look has ended, unless its object is not scheduled any more.
    fn end(&mut self, Ended { oid, outcome }: Ended) {
        let Some(running) = self.running.remove(&oid) else {
            return;
        };
        let instance = Arc::clone(&self.instance);
        let now = instance.standings.now();
        let took = delta(running.began.elapsed());
        // Where the clock was set back meanwhile, what it told before is yet to come.
        let began_at = running.began_at.min(now - took);
        let mut standings = instance.standings.all.lock();
        let Some(standing) = standings.get_mut(&oid) else {
            return;
        };
        match outcome {
            Ok(Looked::Fresh) => standing.succeed(began_at),
            Ok(Looked::Refreshed) => {
                standing.succeed(began_at);
                standing.took = took;
                let state = instance.journal.model_state(oid).ok().flatten();
                standing.tells_time = state.is_some_and(|state| stale::tells_time(&state));
            }
            Ok(Looked::Locked) => {
                let changed_at = running.changed_at.map(|changed| changed.min(now));
                standing.changed_at = changed_at.or(standing.changed_at);
                self.wait_for(oid);
            }
            Err(error) => {
                standing.fail(began_at, now);
                let object = self.snapshot.object(oid);
                let name = object.map(|object| object.described()).unwrap_or_default();
                tracing::warn!("a scheduled refresh of {name} failed: {error}");
            }
        }
    }

    /// Waits until nobody changes an object any more.
    fn wait_for(&mut self, oid: Oid) {
        self.locked.insert(oid);
        let locks = Arc::clone(&self.instance.refresh_locks);
        self.waits.spawn(async move {
            // Without a transaction nothing is refused.
            let _ = locks.lock(oid).await;
            oid
        });
    }
}

/// Listens to commits, until one has changed what an object reads that is refreshed for that.
async fn hear(
    commits: &mut Receiver<Oid>,
    standings: &Standings,
    scheduled: &BTreeMap<Oid, Scheduled>,
) {
    loop {
        let table = match commits.recv().await {
            Ok(table) => Some(table),
            // Any may have been among those that were missed.
            Err(RecvError::Lagged(_)) => None,
            Err(RecvError::Closed) => return std::future::pending().await,
        };
        let now = standings.now();
        let mut is_news = false;
        let mut standings = standings.all.lock();
        for (oid, object) in scheduled {
            let reads = table.is_none_or(|table| object.reads.contains(&table));
            if let Some(standing) = standings.get_mut(oid).filter(|_| reads) {
                let waits_for_it = matches!(object.freshness, Freshness::Continuous(_))
                    || standing.failed_at.is_some();
                is_news |= standing.change(now) && waits_for_it;
            }
        }
        if is_news {
            return;
        }
    }
}
