//! A look at the end of a table's log, which holds for a moment.
//!
//! Each run of a kept plan asks whether its tables are at the versions that it reads, which is a call of
//! the operating system and most often the same as the last time. What this process commits counts from
//! the moment that it is begun; what another engine commits is seen a moment later.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::Table;
use crate::error::Result;

/// How long a look holds.
const MOMENT: Duration = Duration::from_millis(1);

/// The last look, if there was one.
#[derive(Debug, Default)]
pub(super) struct Look(Mutex<Option<Looked>>);

/// When the log was looked at, and what was found.
#[derive(Clone, Copy, Debug)]
struct Looked {
    at: Instant,
    /// The latest version then.
    version: u64,
    /// How many commits of this process there had been.
    commits: u64,
}

impl Look {
    fn holds(&self, version: u64, commits: u64) -> bool {
        let looked = *self.0.lock();
        looked.is_some_and(|looked| {
            looked.version == version && looked.commits == commits && looked.at.elapsed() < MOMENT
        })
    }

    fn note(&self, looked: Looked) {
        *self.0.lock() = Some(looked);
    }
}

impl Table {
    /// Whether a version is the latest, or was a moment ago, when nobody in this process had begun to
    /// commit another one.
    ///
    /// # Errors
    /// What the store says.
    pub async fn is_latest(&self, version: u64) -> Result<bool> {
        let commits = self.place.commits.at_rest();
        if commits.is_some_and(|commits| self.look.holds(version, commits)) {
            return Ok(true);
        }
        let at = Instant::now();
        let latest = self.latest().await?.version;
        if let Some(commits) = commits {
            self.look.note(Looked {
                at,
                version: latest,
                commits,
            });
        }
        Ok(latest == version)
    }
}
