//! Where each object that the scheduler looks after stands.

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::clock::{self, Clock};
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
    /// What the journal tells. A server that has just started knows nothing of changes, and so looks. What
    /// is said to be later than now is as good as not known: the clock was set back since.
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
        let past = |noted: DateTime<Utc>| clock::past(noted, now);
        let last_success_at = state.last_success_at.and_then(past);
        standing.fresh_at = last_success_at.filter(|_| state.version.is_some());
        // What is older than the journal keeps is known by its end alone.
        standing.tried_at = last_success_at;
        standing.failures = state.failures;
        standing.failed_at = Some(now).filter(|_| state.failures > 0);
        if let Some(last) = journal.refresh(state.last_refresh_id)? {
            standing.tried_at = past(last.started_at);
            match last.status {
                RefreshStatus::Succeeded => {
                    standing.fresh_at = past(last.started_at);
                    let took = last.duration_ms.and_then(|took| i64::try_from(took).ok());
                    standing.took = TimeDelta::milliseconds(took.unwrap_or_default());
                }
                RefreshStatus::Failed | RefreshStatus::Interrupted => {
                    standing.failures = standing.failures.max(1);
                    standing.failed_at = last.finished_at.map(|finished| finished.min(now));
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

    /// The clock was set back by so much: what was long ago stays as long ago.
    fn set_back(&mut self, by: TimeDelta) {
        let moments = [
            &mut self.fresh_at,
            &mut self.tried_at,
            &mut self.failed_at,
            &mut self.changed_at,
            &mut self.last_change,
            &mut self.next_at,
        ];
        for moment in moments {
            *moment = moment.and_then(|moment| moment.checked_sub_signed(by));
        }
    }
}

/// All of them, for the scheduler and for who asks `tributary.models`.
#[derive(Debug, Default)]
pub struct Standings {
    pub(super) all: Mutex<BTreeMap<Oid, Standing>>,
    clock: Mutex<Clock>,
    told: Notify,
}

impl Standings {
    /// That of an object; none where the scheduler does not look after it.
    pub fn get(&self, oid: Oid) -> Option<Standing> {
        self.all.lock().get(&oid).cloned()
    }

    /// The time it is, by which the moments of all that is known are to be taken. To be called while
    /// nobody holds them.
    pub(super) fn now(&self) -> DateTime<Utc> {
        let mut clock = self.clock.lock();
        let (now, at) = (Utc::now(), Instant::now());
        self.follow(&mut clock, now, at);
        now
    }

    /// Where the clock was set back, the moments go back with it.
    fn follow(&self, clock: &mut Clock, now: DateTime<Utc>, at: Instant) {
        let Some(by) = clock.set_back(now, at) else {
            return;
        };
        tracing::info!("the clock was set back by {} seconds", by.num_seconds());
        for standing in self.all.lock().values_mut() {
            standing.set_back(by);
        }
    }

    /// Whoever has refreshed an object, what failed does not any more. Of what it read nothing is
    /// known: its transaction may have begun long ago.
    pub fn succeeded(&self, oid: Oid) {
        let now = self.now();
        let mut all = self.all.lock();
        if let Some(standing) = all.get_mut(&oid).filter(|it| it.failed_at.is_some()) {
            standing.begin_anew(now);
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

    /// Views of the ways to be refreshed that are due by themselves.
    fn of_each_kind(created_at: DateTime<Utc>) -> Vec<Scheduled> {
        let lag = "10 minutes".parse().unwrap();
        let cron = "USING CRON 0 * * * *".parse().unwrap();
        let kinds = [lag, super::super::Freshness::At(cron)];
        let others = kinds.map(|freshness| Scheduled {
            freshness,
            ..hourly(created_at)
        });
        others.into_iter().chain([hourly(created_at)]).collect()
    }

    #[test]
    fn what_the_journal_says_of_the_future_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let name = QualifiedName::new("public", "m");
        let mut last = RefreshRecord::start(name, OID, "scheduled");
        // The clock was set back since.
        let now = last.started_at - TimeDelta::hours(5);
        let journal = with_last_refresh(&folder, &mut last);
        last.finish(RefreshStatus::Succeeded);
        let state = ModelState {
            failures: 0,
            ..journal.model_state(OID).unwrap().unwrap()
        };
        journal.finish_refresh(&last, Some(&state));
        let mut standing = Standing::read(&journal, Some(&state), now).unwrap();
        assert_eq!((standing.fresh_at, standing.tried_at), (None, None));
        for view in of_each_kind(now - TimeDelta::days(1)) {
            assert!(view.due(&standing, 5).unwrap() <= now, "{view:?}");
        }
        // It is looked at once, and then as ever.
        standing.succeed(now);
        for view in of_each_kind(now - TimeDelta::days(1)) {
            let due = view.due(&standing, 5).unwrap();
            assert!(due > now && due <= now + TimeDelta::hours(1), "{view:?}");
        }
    }

    #[test]
    fn a_failure_in_the_future_is_repeated_soon() {
        let folder = tempfile::tempdir().unwrap();
        let name = QualifiedName::new("public", "m");
        let mut last = RefreshRecord::start(name, OID, "scheduled");
        let now = last.started_at - TimeDelta::hours(5);
        let journal = with_last_refresh(&folder, &mut last);
        let state = journal.model_state(OID).unwrap();
        let standing = Standing::read(&journal, state.as_ref(), now).unwrap();
        for view in of_each_kind(now) {
            let due = view.due(&standing, 5).unwrap();
            assert!(due <= now + TimeDelta::seconds(1), "{view:?}");
        }
    }

    #[test]
    fn what_is_known_goes_back_with_the_clock() {
        let standings = Standings::default();
        let (now, at) = (DateTime::UNIX_EPOCH + TimeDelta::hours(100), Instant::now());
        let mut clock = Clock::default();
        standings.follow(&mut clock, now, at);
        let minutes = TimeDelta::minutes;
        let mut standing = Standing::default();
        standing.succeed(now - minutes(4));
        standing.change(now - minutes(2));
        standings.all.lock().insert(OID, standing.clone());
        // Nothing happens while the clock goes on.
        let passed = std::time::Duration::from_secs(60);
        standings.follow(&mut clock, now + minutes(1), at + passed);
        assert_eq!(standings.get(OID), Some(standing));
        // It is set back by two hours and a half.
        let then = now + minutes(1) - minutes(150);
        standings.follow(&mut clock, then, at + passed);
        let standing = standings.get(OID).unwrap();
        assert_eq!(standing.fresh_at, Some(then - minutes(5)));
        assert_eq!(standing.changed_at, Some(then - minutes(3)));
        assert_eq!(standing.last_change, Some(then - minutes(3)));
        let due = |view: &Scheduled| view.due(&standing, 5);
        let [lag, cron, every]: [Scheduled; 3] = of_each_kind(then).try_into().unwrap();
        assert_eq!(due(&lag), Some(then + minutes(5)));
        assert_eq!(due(&every), Some(then + minutes(55)));
        // The next full hour by the new clock, which tells 97:31.
        assert_eq!(due(&cron), Some(then + minutes(29)));
    }
}
