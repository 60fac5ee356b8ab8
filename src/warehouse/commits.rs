//! How many commits this process has begun and ended in a table.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The commits of this process in a table.
#[derive(Clone, Debug, Default)]
pub(super) struct Commits(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    begun: AtomicU64,
    ended: AtomicU64,
}

/// A commit that is on its way to the log, until it is dropped.
#[derive(Debug)]
pub(super) struct Committing(Commits);

impl Commits {
    /// An entry is about to be put into the log.
    pub fn begin(&self) -> Committing {
        self.0.begun.fetch_add(1, Ordering::SeqCst);
        Committing(self.clone())
    }

    /// How many there were; none while one is on its way, and may be seen by some already.
    pub fn at_rest(&self) -> Option<u64> {
        let ended = self.0.ended.load(Ordering::SeqCst);
        let begun = self.0.begun.load(Ordering::SeqCst);
        (begun == ended).then_some(begun)
    }
}

impl Drop for Committing {
    fn drop(&mut self) {
        self.0.0.ended.fetch_add(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_count_once_they_have_ended() {
        let commits = Commits::default();
        assert_eq!(commits.at_rest(), Some(0));
        let first = commits.begin();
        assert_eq!(commits.at_rest(), None);
        let second = commits.clone().begin();
        drop(first);
        assert_eq!(commits.at_rest(), None);
        drop(second);
        assert_eq!(commits.at_rest(), Some(2));
    }
}
