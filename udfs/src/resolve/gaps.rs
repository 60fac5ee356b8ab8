//! How much likelier a match is by what two records have values of.
//!
//! What is missing says nothing where it is missing at random. Where tables of several kinds were put
//! together, or one of two people is hardly known, it is not: two records that both have a column are of one
//! kind, and match more often, or less, than two that do not. Which comparisons are missing is a
//! comparison of its own then, of which matches have other shares than all pairs do: that what is missing
//! may depend on what is to be told is in R. J. A. Little and D. B. Rubin, "Statistical Analysis with
//! Missing Data" (1987), as pattern-mixture models.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::compare::Pattern;
use super::mixture::round;

/// The lowest bit of the level of each comparison.
const LOWEST: u64 = 0x1111_1111_1111_1111;

/// By how much more likely pairs are to match, as the logarithm of odds, by the comparisons that are not
/// missing. Nothing is known of those that are not there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Gaps {
    /// By the bits of the comparisons, ascending.
    logs: Vec<(u64, f64)>,
}

impl Gaps {
    /// Learns them from patterns: how many pairs each stands for, and how many of these match. As many
    /// matches as are `expected` are held to be missing what all pairs are missing.
    pub(super) fn estimate(
        patterns: impl Iterator<Item = (Pattern, f64, f64)>,
        expected: f64,
    ) -> Self {
        let mut counts: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
        for (pattern, pairs, matches) in patterns {
            let count = counts.entry(present(pattern)).or_default();
            count.0 += pairs;
            count.1 += matches;
        }
        let all: f64 = counts.values().map(|(pairs, _)| pairs).sum();
        let matching: f64 = counts.values().map(|(_, matches)| matches).sum();
        let log = |(pairs, matches): (f64, f64)| {
            let share = (pairs / all).max(f64::MIN_POSITIVE);
            ((matches + expected * share) / (matching + expected) / share).ln()
        };
        let counts = counts.into_iter().filter(|(_, (pairs, _))| *pairs > 0.0);
        Self {
            logs: counts
                .map(|(present, count)| (present, round(log(count))))
                .collect(),
        }
    }

    /// What the comparisons that are there add to the log-odds of a pair.
    #[inline]
    pub(super) fn log(&self, pattern: Pattern) -> f64 {
        if self.logs.is_empty() {
            return 0.0;
        }
        let present = present(pattern);
        let found = self
            .logs
            .binary_search_by_key(&present, |(present, _)| *present);
        found.map_or(0.0, |at| self.logs[at].1)
    }
}

/// A bit for each comparison that is not missing.
#[inline]
pub(super) fn present(pattern: Pattern) -> u64 {
    let levels = pattern.0;
    (levels | levels >> 1 | levels >> 2 | levels >> 3) & LOWEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_what_matches_have_are_likelier_and_those_of_others_less_likely() {
        let one = Pattern::default().with(0, 2);
        let both = one.with(1, 1);
        assert_eq!(present(both), 0x11);
        let patterns = [
            (one, 600.0, 1.0),
            (one.with(0, 1), 200.0, 0.0),
            (both, 200.0, 99.0),
        ];
        let gaps = Gaps::estimate(patterns.into_iter(), 20.0);
        let log = |matches: f64, share: f64| ((matches + 20.0 * share) / 120.0 / share).ln();
        assert!((gaps.log(one) - log(1.0, 0.8)).abs() < 1e-5);
        assert!((gaps.log(both) - log(99.0, 0.2)).abs() < 1e-5);
        // The odds of all pairs stay as they are, and nothing is said of what was not seen.
        let all = 0.8 * gaps.log(one).exp() + 0.2 * gaps.log(both).exp();
        assert!((all - 1.0).abs() < 1e-5, "{all}");
        assert!(gaps.log(Pattern::default()).abs() < f64::EPSILON);
        // Where matches are missing what all pairs are, it says nothing.
        let patterns = [(one, 800.0, 8.0), (both, 200.0, 2.0)];
        let gaps = Gaps::estimate(patterns.into_iter(), 20.0);
        assert!(gaps.log(one).abs() < 1e-5 && gaps.log(both).abs() < 1e-5);
    }
}
