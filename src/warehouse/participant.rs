//! Commits that another store takes part in.
//!
//! What a table's rows mean is kept elsewhere, and must change when the rows do. This is two-phase
//! commit with the table's log as the coordinator (Gray and Reuter, Transaction Processing, 10.3):
//! the participant prepares, the entry of the log decides, the participant learns of it. A crash
//! after the first step leaves it in doubt, and the log answers then too: [`CommitOutcome`].

use futures::future::BoxFuture;

use super::entry::commit_info;
use crate::error::Result;

/// The key of [`CommitMark::id`] in the log; the name is Spark's.
pub(super) const TRANSACTION_ID: &str = "txnId";

/// What tells one attempt to commit from all others of its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitMark {
    /// The version that it makes, if it succeeds.
    pub version: i64,
    /// Unique to the attempt.
    pub id: String,
}

/// How an attempt to commit has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    /// Its version is in the log.
    Committed,
    /// Another one made that version.
    Aborted,
    /// Nobody has made that version: it never reached the log, or has not yet.
    Open,
}

/// A store that changes if, and only if, a commit is made. Commits of one table come one after
/// the other; no method may wait for another commit of it.
pub trait Participant: Send + Sync {
    /// Makes sure, durably, that both [`Self::committed`] and [`Self::aborted`] can be done.
    ///
    /// # Errors
    /// Where it cannot: then the commit is not made, and this is its error.
    fn prepare<'a>(&'a self, mark: &'a CommitMark) -> BoxFuture<'a, Result<()>>;

    /// The commit is made.
    fn committed(&self, _mark: &CommitMark) {}

    /// The commit is not made, and never will be.
    fn aborted(&self, _mark: &CommitMark) {}
}

/// How an attempt ended, from the entry of its version, if there is one.
pub(super) fn outcome(mark: &CommitMark, entry: Option<&[u8]>) -> CommitOutcome {
    match entry {
        None => CommitOutcome::Open,
        Some(entry) => {
            let info = commit_info(entry);
            let id = info.as_ref().and_then(|info| info[TRANSACTION_ID].as_str());
            if id == Some(mark.id.as_str()) {
                CommitOutcome::Committed
            } else {
                CommitOutcome::Aborted
            }
        }
    }
}
