//! Where each object that the scheduler looks after stands.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;

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
    /// When a table was changed, of which this may have to know.
    pub changed_at: Option<DateTime<Utc>>,
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
        if let Some(last) = journal.refresh(state.last_refresh_id)? {
            standing.tried_at = Some(last.started_at);
            let milliseconds = last.duration_ms.and_then(|took| i64::try_from(took).ok());
            standing.took = TimeDelta::milliseconds(milliseconds.unwrap_or_default());
            match last.status {
                RefreshStatus::Succeeded => standing.fresh_at = Some(last.started_at),
                RefreshStatus::Failed => {
                    standing.failures = 1;
                    standing.failed_at = last.finished_at;
                }
                RefreshStatus::Running | RefreshStatus::Skipped | RefreshStatus::Interrupted => {}
            }
        }
        Ok(standing)
    }

    /// It was looked at, or refreshed, from this moment on, and is as it should be.
    pub fn succeed(&mut self, at: DateTime<Utc>) {
        self.fresh_at = Some(at);
        self.tried_at = Some(at);
        self.failed_at = None;
        self.failures = 0;
        self.changed_at = self.changed_at.filter(|changed| *changed > at);
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
pub struct Standings(pub(super) Mutex<BTreeMap<Oid, Standing>>);

impl Standings {
    /// That of an object; none where the scheduler does not look after it.
    pub fn get(&self, oid: Oid) -> Option<Standing> {
        self.0.lock().get(&oid).cloned()
    }
}
