//! What a search finds.

/// Pairs of similar texts, with what it took to find them.
#[derive(Debug)]
pub(crate) struct Pairs {
    /// The text searched for, of each pair.
    pub(crate) probe: Vec<u32>,
    /// The text of the index, of each pair.
    pub(crate) build: Vec<u32>,
    /// How many pairs the index could not rule out without looking at both texts.
    pub(crate) candidates: u64,
    /// For how many of them the similarity was computed, rather than decided by a bound.
    pub(crate) verified: u64,
    limit: usize,
}

impl Pairs {
    /// Takes pairs until there are as many as the limit; the last text searched for may go over it.
    pub(crate) fn with_limit(limit: usize) -> Self {
        Self {
            probe: Vec::new(),
            build: Vec::new(),
            candidates: 0,
            verified: 0,
            limit,
        }
    }

    /// Adds a pair that satisfies the predicate.
    #[inline]
    pub(crate) fn push(&mut self, probe: u32, build: u32) {
        self.probe.push(probe);
        self.build.push(build);
    }

    /// How many pairs there are.
    pub(crate) fn len(&self) -> usize {
        self.probe.len()
    }

    /// How many more there may be.
    pub(crate) fn room(&self) -> usize {
        self.limit.saturating_sub(self.probe.len())
    }

    /// Whether the search has to stop after the text that it is at.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.probe.len() >= self.limit
    }
}
