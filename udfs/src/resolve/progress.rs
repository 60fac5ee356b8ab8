//! How far an entity resolution is.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

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
#[derive(Debug)]
pub struct Progress {
    started: Instant,
    stage: AtomicU8,
    /// When the stage began, and how long each has taken so far, in microseconds.
    began: AtomicU64,
    spent: [AtomicU64; Stage::ALL.len()],
    pairs_done: AtomicU64,
    pairs_to_do: AtomicU64,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            stage: AtomicU8::default(),
            began: AtomicU64::default(),
            spent: Default::default(),
            pairs_done: AtomicU64::default(),
            pairs_to_do: AtomicU64::default(),
        }
    }
}

impl Progress {
    /// Tells that a stage begins.
    pub fn begin(&self, stage: Stage) {
        let now = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let began = self.began.swap(now, Ordering::Relaxed);
        let before = self.stage.swap(stage as u8, Ordering::Relaxed);
        if let Some(spent) = self.spent.get(usize::from(before)) {
            spent.fetch_add(now.saturating_sub(began), Ordering::Relaxed);
        }
    }

    /// How long each stage has taken, in the order of the work; without those that there were not.
    pub fn spent(&self) -> Vec<(Stage, Duration)> {
        // What it is at counts, too.
        self.begin(self.stage());
        let spent = Stage::ALL.into_iter().zip(&self.spent);
        let spent = spent
            .map(|(stage, spent)| (stage, Duration::from_micros(spent.load(Ordering::Relaxed))));
        spent.filter(|(_, spent)| !spent.is_zero()).collect()
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
