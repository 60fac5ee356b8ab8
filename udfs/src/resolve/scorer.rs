//! Log-odds of pairs, with a memory of those of frequent patterns.

use super::compare::{Comparer, Pattern};
use super::levels::Scratch;
use super::mixture::Mixture;

/// How many patterns are remembered.
const REMEMBERED: usize = 1 << 12;

/// Scores pairs; each thread has its own.
pub(super) struct Scorer<'a> {
    comparer: &'a Comparer<'a>,
    mixture: &'a Mixture,
    scratch: Scratch,
    known: Vec<(Pattern, f64)>,
}

impl<'a> Scorer<'a> {
    pub(super) fn new(comparer: &'a Comparer<'a>, mixture: &'a Mixture) -> Self {
        let nothing = Pattern::default();
        Self {
            comparer,
            mixture,
            scratch: Scratch::default(),
            known: vec![(nothing, mixture.log_odds(nothing)); REMEMBERED],
        }
    }

    /// The pattern of two records, and the natural logarithm of the odds of their match.
    #[inline]
    pub(super) fn score(&mut self, left: u32, right: u32) -> (Pattern, f64) {
        let pattern = self.comparer.pattern(left, right, &mut self.scratch);
        let place = super::hashing::mix(pattern.0, 1) as usize % REMEMBERED;
        let known = &mut self.known[place];
        if known.0 != pattern {
            *known = (pattern, self.mixture.log_odds(pattern));
        }
        *known
    }
}
