//! Log-odds of pairs, with a memory of those of frequent patterns.

use datafusion::error::Result;

use super::compare::{Comparer, PAIRS_AT_A_TIME, Pattern};
use super::levels::Scratch;
use super::mixture::Mixture;
use super::pair::least_log_odds;

/// How many patterns are remembered.
const REMEMBERED: usize = 1 << 12;

/// Scores pairs; each thread has its own.
pub(super) struct Scorer<'a> {
    comparer: &'a Comparer<'a>,
    mixture: &'a Mixture,
    scratch: Scratch,
    known: Vec<(Pattern, f64)>,
    patterns: Vec<Pattern>,
}

impl<'a> Scorer<'a> {
    pub(super) fn new(comparer: &'a Comparer<'a>, mixture: &'a Mixture) -> Self {
        let nothing = Pattern::default();
        Self {
            comparer,
            mixture,
            scratch: Scratch::default(),
            known: vec![(nothing, mixture.log_odds(nothing)); REMEMBERED],
            patterns: Vec::new(),
        }
    }

    /// Tells of each pair its pattern, and the natural logarithm of the odds of its match.
    #[inline]
    pub(super) fn score(
        &mut self,
        pairs: &[(u32, u32)],
        mut each: impl FnMut((u32, u32), Pattern, f64),
    ) -> Result<()> {
        // Below that a pair is not kept, on whichever values it agrees.
        let floor = least_log_odds();
        for pairs in pairs.chunks(PAIRS_AT_A_TIME) {
            self.comparer
                .patterns(pairs, &mut self.scratch, &mut self.patterns)?;
            for (at, pair) in pairs.iter().enumerate() {
                let pattern = self.patterns[at];
                let mut log_odds = self.log_odds(pattern);
                if log_odds > floor {
                    let rarity = self.comparer.rarity(pair.0, pattern, self.mixture);
                    log_odds += self.mixture.gain(pattern, rarity);
                }
                each(*pair, pattern, log_odds);
            }
        }
        Ok(())
    }

    #[inline]
    fn log_odds(&mut self, pattern: Pattern) -> f64 {
        let place = super::hashing::mix(pattern.0, 1) as usize % REMEMBERED;
        let known = &mut self.known[place];
        if known.0 != pattern {
            *known = (pattern, self.mixture.log_odds(pattern));
        }
        known.1
    }
}
