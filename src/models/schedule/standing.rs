//! Where each object that the scheduler looks after stands.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::catalog::Oid;
use crate::catalog::journal::{Journal, ModelState, RefreshStatus};
use crate::error::Result;
use crate::models::stale;

/// What is known of an object's refreshes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// When it was last known to hold what its inputs make of it.
    pub fresh_at: Option<DateTime<Utc>>,
    /// When it was last looked at, or its last refresh began, however that ended.
    pub tried_at: Option<DateTime<Utc>>,
    /// When the last refresh failed, where nothing has succeeded since.
    pub failed_at: Option<DateTime<Utc>>,
    /// How many have failed in a row.
    pub failures: u32,
    /// How long the last refresh took.
    pub took: TimeDelta,
    /// When a table that it reads was first changed since its last look began.
    pub changed_at: Option<DateTime<Utc>>,
    /// When one was changed last.
    pub last_change: Option<DateTime<Utc>>,
    /// Whether it gives other rows as time passes.
    pub tells_time: bool,
    /// When it is refreshed next, unless something changes.
    pub next_at: Option<DateTime<Utc>>,
}

impl Standing {
    /// What the journal tells. A server that has just started knows nothing of changes, and so looks.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn read(journal: &Journal, state: Option<&ModelState>, now: DateTime<Utc>) -> Result<Self> {
        let mut standing = Self {
            changed_at: Some(now),
            ..Self::default()
        };
        let Some(state) = state else {
            return Ok(standing);
        };
        standing.tells_time = stale::tells_time(state);
        standing.fresh_at = state.last_success_at.filter(|_| state.version.is_some());
        // What is older than the journal keeps is known by its end alone.
        standing.tried_at = state.last_success_at;
        standing.failures = state.failures;
        standing.failed_at = Some(now).filter(|_| state.failures > 0);
        if let Some(last) = journal.refresh(state.last_refresh_id)? {
            standing.tried_at = Some(last.started_at);
            match last.status {
                RefreshStatus::Succeeded => {
                    standing.fresh_at = Some(last.started_at);
                    let took = last.duration_ms.and_then(|took| i64::try_from(took).ok());
                    standing.took = TimeDelta::milliseconds(took.unwrap_or_default());
                }
                RefreshStatus::Failed | RefreshStatus::Interrupted => {
                    standing.failures = standing.failures.max(1);
                    standing.failed_at = last.finished_at;
                }
                RefreshStatus::Running | RefreshStatus::Skipped => {}
            }
        }
        Ok(standing)
    }

    /// A table that it reads was changed at this moment; tells whether that is news.
    pub fn change(&mut self, at: DateTime<Utc>) -> bool {
        self.last_change = self.last_change.max(Some(at));
        // It may be put off to a time that is still to come.
        let is_first = self.changed_at.is_none_or(|changed| at < changed);
        if is_first {
            self.changed_at = Some(at);
        }
        is_first
    }

    /// It is looked at: changes from now on are for the next look, which is due at `again` though
    /// there are none. Answers what this one is to see.
    pub fn begin(&mut self, again: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        std::mem::replace(&mut self.changed_at, again)
    }

    /// Its definition, or that of something that it reads, is another one: what failed may not any
    /// more.
    pub fn begin_anew(&mut self, at: DateTime<Utc>) {
        self.failed_at = None;
        self.failures = 0;
        self.change(at);
    }

    /// It was looked at, or refreshed, from this moment on, and is as it should be.
    pub fn succeed(&mut self, at: DateTime<Utc>) {
        self.fresh_at = self.fresh_at.max(Some(at));
        self.tried_at = self.tried_at.max(Some(at));
        self.failed_at = None;
        self.failures = 0;
    }

    /// A refresh that began at one moment failed at another.
    pub fn fail(&mut self, at: DateTime<Utc>, failed_at: DateTime<Utc>) {
        self.tried_at = Some(at);
        self.failed_at = Some(failed_at);
        self.failures = self.failures.saturating_add(1);
    }
}

/// All of them, for the scheduler and for who asks `tributary.models`.
#[derive(Debug, Default)]
pub struct Standings {
    pub(super) all: Mutex<BTreeMap<Oid, Standing>>,
    told: Notify,
}

impl Standings {
    /// That of an object; none where the scheduler does not look after it.
    pub fn get(&self, oid: Oid) -> Option<Standing> {
        self.all.lock().get(&oid).cloned()
    }

    /// Whoever has refreshed an object, what failed does not any more. Of what it read nothing is
    /// known: its transaction may have begun long ago.
    pub fn succeeded(&self, oid: Oid) {
        let mut all = self.all.lock();
        if let Some(standing) = all.get_mut(&oid).filter(|it| it.failed_at.is_some()) {
            standing.begin_anew(Utc::now());
            self.told.notify_one();
        }
    }

    /// Waits until something has succeeded that failed before.
    pub(super) async fn told(&self) {
        self.told.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::catalog::journal::RefreshRecord;
    use crate::models::schedule::plan::Scheduled;
    use crate::sql::QualifiedName;

    const OID: Oid = 16384;

    /// A journal of one record, and the state of the view that was refreshed by it before.
    fn with_last_refresh(folder: &tempfile::TempDir, last: &mut RefreshRecord) -> Journal {
        let catalog = Catalog::open(&folder.path().join("catalog.redb")).unwrap();
        let journal = catalog.journal(1).unwrap();
        let state = ModelState {
            last_success_at: Some(last.started_at - TimeDelta::hours(2)),
            version: Some(0),
            ..ModelState::default()
        };
        journal.put_model_state(OID, &state).unwrap();
        journal.add_refresh(last).unwrap();
        drop((catalog, journal));
        // The process that ran it was killed.
        let catalog = Catalog::open(&folder.path().join("catalog.redb")).unwrap();
        catalog.journal(1).unwrap()
    }

    fn hourly(created_at: DateTime<Utc>) -> Scheduled {
        Scheduled {
            freshness: super::super::Freshness::At("1 hour".parse().unwrap()),
            reads: Default::default(),
            upstream: Default::default(),
            reads_sources: false,
            created_at,
        }
    }

    #[test]
    fn a_run_that_a_kill_has_cut_off_is_caught_up() {
        let folder = tempfile::tempdir().unwrap();
        let name = QualifiedName::new("public", "m");
        let mut last = RefreshRecord::start(name, OID, "scheduled");
        let journal = with_last_refresh(&folder, &mut last);
        let now = Utc::now();
        let state = journal.model_state(OID).unwrap();
        let standing = Standing::read(&journal, state.as_ref(), now).unwrap();
        assert_eq!(
            (standing.failures, standing.tried_at),
            (1, Some(last.started_at))
        );
        let view = hourly(last.started_at);
        assert!(view.due(&standing, 5).unwrap() <= now + TimeDelta::seconds(1));
        // It may be what killed the server: then its retries have an end.
        let killed_often = ModelState {
            failures: 6,
            ..state.unwrap()
        };
        let standing = Standing::read(&journal, Some(&killed_often), now).unwrap();
        assert_eq!(
            view.due(&standing, 5),
            Some(last.started_at + TimeDelta::hours(1))
        );
    }

    #[test]
    fn what_the_journal_keeps_no_more_is_known_by_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let name = QualifiedName::new("public", "other");
        let mut other = RefreshRecord::start(name, OID + 1, "REFRESH");
        let journal = with_last_refresh(&folder, &mut other);
        let state = journal.model_state(OID).unwrap();
        let standing = Standing::read(&journal, state.as_ref(), Utc::now()).unwrap();
        let last = other.started_at - TimeDelta::hours(2);
        assert_eq!(standing.tried_at, Some(last));
        let view = hourly(last - TimeDelta::minutes(90));
        assert_eq!(view.due(&standing, 5), Some(last + TimeDelta::hours(1)));
    }
}
