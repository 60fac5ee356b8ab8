//! Pairs of texts that may be within the edits.

use std::ops::{ControlFlow, Range};

/// How many candidates are kept at most while more than one text is searched for.
pub(super) const MOST_CANDIDATES: usize = 1 << 21;

/// Pairs that are to be compared.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// The text searched for in the upper half, that of the index in the lower.
    pub(super) pairs: Vec<u64>,
    /// At how many they are looked through for repeated ones.
    most: usize,
}

impl Candidates {
    pub(super) fn clear(&mut self) {
        self.pairs.clear();
        self.most = MOST_CANDIDATES;
    }

    pub(super) fn sort(&mut self) {
        self.pairs.sort_unstable();
        self.pairs.dedup();
    }

    /// Adds a pair, unless there are too many for more texts than one.
    #[inline]
    pub(super) fn add(&mut self, probes: &Range<u32>, probe: u32, build: u32) -> ControlFlow<()> {
        if self.pairs.len() >= self.most {
            self.sort();
            if self.pairs.len() >= MOST_CANDIDATES / 2 && probes.len() > 1 {
                return ControlFlow::Break(());
            }
            self.most = MOST_CANDIDATES.max(2 * self.pairs.len());
        }
        self.pairs.push(u64::from(probe) << 32 | u64::from(build));
        ControlFlow::Continue(())
    }
}
