//! How far an entity resolution is.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// What an entity resolution is at, in the order of its work.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Stage {
    /// It takes in records.
    #[default]
    Read,
    /// It writes each distinct value in one way.
    Clean,
    /// It learns from pairs.
    Learn,
    /// It finds out which records share a block.
    Block,
    /// It compares the pairs of the blocks.
    Compare,
    /// It makes entities of pairs.
    Cluster,
    /// What was found is kept by whoever asked for it.
    Write,
}

impl Stage {
    const ALL: [Self; 7] = [
        Self::Read,
        Self::Clean,
        Self::Learn,
        Self::Block,
        Self::Compare,
        Self::Cluster,
        Self::Write,
    ];

    /// Its name, as `tributary.refreshes` shows it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Clean => "clean",
            Self::Learn => "learn",
            Self::Block => "block",
            Self::Compare => "compare",
            Self::Cluster => "cluster",
            Self::Write => "write",
        }
    }
}

/// How far an entity resolution is; whoever holds it may look at any time.
#[derive(Debug, Default)]
pub struct Progress {
    stage: AtomicU8,
    pairs_done: AtomicU64,
    pairs_to_do: AtomicU64,
}

impl Progress {
    /// Tells that a stage begins.
    pub fn begin(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    /// What it is at.
    pub fn stage(&self) -> Stage {
        let stage = usize::from(self.stage.load(Ordering::Relaxed));
        Stage::ALL.get(stage).copied().unwrap_or_default()
    }

    /// How many pairs were compared so far, and how many are to be compared in all, once that is
    /// known. A pair that several blocks bring together counts for each.
    pub fn pairs(&self) -> (u64, u64) {
        (
            self.pairs_done.load(Ordering::Relaxed),
            self.pairs_to_do.load(Ordering::Relaxed),
        )
    }

    /// Tells how many pairs are to be compared.
    pub(super) fn expect_pairs(&self, pairs: u64) {
        self.pairs_to_do.store(pairs, Ordering::Relaxed);
    }

    /// Tells of pairs that were compared.
    pub(super) fn compared(&self, pairs: u64) {
        self.pairs_done.fetch_add(pairs, Ordering::Relaxed);
    }
}
