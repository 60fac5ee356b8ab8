//! Commits of several tables that are decided and not published in all their logs yet.
//!
//! Readers see the tables of such a commit together: who began before it reads each of them as it
//! was, and who begins after it waits until all are published.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::Snapshot;
use crate::error::{Error, Result, SqlState};
use crate::warehouse::{TableId, UnpublishedEntry};

/// How many tables' latest versions of such commits are remembered for who began before.
const REMEMBERED: usize = 4096;

/// What is known of commits of several tables.
#[derive(Clone, Debug, Default)]
pub(super) struct Publications {
    /// By the commit.
    pending: BTreeMap<u64, Arc<Vec<UnpublishedEntry>>>,
    /// The commits of late, each with a table and the version that it made.
    made: VecDeque<(u64, TableId, i64)>,
    /// The last commit that is not remembered.
    forgotten: u64,
}

impl Publications {
    pub fn add(&mut self, commit: u64, entries: Vec<UnpublishedEntry>) {
        for entry in &entries {
            let made = (commit, entry.table.clone(), entry.version);
            self.made.push_back(made);
        }
        while self.made.len() > REMEMBERED {
            if let Some((commit, ..)) = self.made.pop_front() {
                self.forgotten = commit;
            }
        }
        self.pending.insert(commit, Arc::new(entries));
    }

    pub fn get(&self, commit: u64) -> Option<&Arc<Vec<UnpublishedEntry>>> {
        self.pending.get(&commit)
    }
}

impl Snapshot {
    /// The commits that are not published in all logs yet, the first one first.
    pub fn unpublished(&self) -> impl Iterator<Item = (u64, &Arc<Vec<UnpublishedEntry>>)> {
        let pending = self.publications.pending.iter();
        pending.map(|(commit, entries)| (*commit, entries))
    }

    /// The first version of a table that a commit of several tables made after this one of the
    /// catalog, which who reads by that must not see.
    ///
    /// # Errors
    /// 40001 where that was too long ago to be known.
    pub fn published_since(&self, generation: u64, table: &TableId) -> Result<Option<i64>> {
        if self.publications.forgotten > generation {
            return Err(Error::new(
                SqlState::SERIALIZATION_FAILURE,
                format!("could not read table {table} as it was when the statement began"),
            )
            .with_hint("Run the statement again."));
        }
        let made = self.publications.made.iter();
        let later = made.filter(|(commit, of, _)| *commit > generation && of == table);
        Ok(later.map(|(_, _, version)| *version).min())
    }

    pub(super) fn finish_publication(&mut self, commit: u64) {
        self.publications.pending.remove(&commit);
    }
}
