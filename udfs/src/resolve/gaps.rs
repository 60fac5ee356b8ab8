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

use super::compare::{LOWEST, Pattern};
use super::mixture::round;

/// By how much more likely pairs are to match, as the logarithm of odds, by the comparisons that are not
/// missing. Nothing is known of those that are not there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Gaps {
    /// By the bits of the comparisons, ascending.
    logs: Vec<(u64, f64)>,
}

impl Gaps {
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

/// The patterns of a sample by the comparisons that are not missing.
#[derive(Debug)]
pub(super) struct Present {
    /// The bits of the comparisons, ascending, and the share of the pairs that have them.
    shares: Vec<(u64, f64)>,
    /// The place of those of each pattern.
    places: Vec<u32>,
}

impl Present {
    /// Those of patterns that stand for so many pairs.
    pub(super) fn of(patterns: impl Iterator<Item = (Pattern, f64)> + Clone) -> Self {
        let mut counts: BTreeMap<u64, f64> = BTreeMap::new();
        for (pattern, pairs) in patterns.clone() {
            *counts.entry(present(pattern)).or_default() += pairs;
        }
        let all: f64 = counts.values().sum();
        let shares: Vec<(u64, f64)> = counts
            .into_iter()
            .map(|(present, pairs)| (present, pairs / all))
            .collect();
        let place = |pattern: Pattern| {
            let present = present(pattern);
            shares.partition_point(|(other, _)| *other < present) as u32
        };
        Self {
            places: patterns.map(|(pattern, _)| place(pattern)).collect(),
            shares,
        }
    }

    /// Whether not all pairs are compared by the same.
    pub(super) fn has_gaps(&self) -> bool {
        self.shares.len() > 1
    }

    /// Learns what it says that values are missing of how many pairs match of patterns, by their places
    /// in the sample. As many matches as are `expected` are held to be missing what all pairs are
    /// missing.
    pub(super) fn gaps(&self, matches: impl Iterator<Item = (usize, f64)>, expected: f64) -> Gaps {
        let mut counts = vec![0.0; self.shares.len()];
        for (at, matches) in matches {
            counts[self.places[at] as usize] += matches;
        }
        let all: f64 = counts.iter().sum();
        let log = |share: f64, matches: f64| {
            let share = share.max(f64::MIN_POSITIVE);
            ((matches + expected * share) / (all + expected) / share).ln()
        };
        let shares = self.shares.iter().zip(counts);
        let shares = shares.filter(|((_, share), _)| *share > 0.0);
        Gaps {
            logs: shares
                .map(|((present, share), matches)| (*present, round(log(*share, matches))))
                .collect(),
        }
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
        let estimate = |patterns: Vec<(Pattern, f64, f64)>| {
            let pairs = patterns
                .iter()
                .map(|(pattern, pairs, _)| (*pattern, *pairs));
            let matches = patterns.iter().map(|(.., matches)| *matches).enumerate();
            Present::of(pairs).gaps(matches, 20.0)
        };
        let patterns = vec![
            (one, 600.0, 1.0),
            (one.with(0, 1), 200.0, 0.0),
            (both, 200.0, 99.0),
        ];
        let gaps = estimate(patterns);
        let log = |matches: f64, share: f64| ((matches + 20.0 * share) / 120.0 / share).ln();
        assert!((gaps.log(one) - log(1.0, 0.8)).abs() < 1e-5);
        assert!((gaps.log(both) - log(99.0, 0.2)).abs() < 1e-5);
        // The odds of all pairs stay as they are, and nothing is said of what was not seen.
        let all = 0.8 * gaps.log(one).exp() + 0.2 * gaps.log(both).exp();
        assert!((all - 1.0).abs() < 1e-5, "{all}");
        assert!(gaps.log(Pattern::default()).abs() < f64::EPSILON);
        // Where matches are missing what all pairs are, it says nothing.
        let patterns = vec![(one, 800.0, 8.0), (both, 200.0, 2.0)];
        let gaps = estimate(patterns);
        assert!(gaps.log(one).abs() < 1e-5 && gaps.log(both).abs() < 1e-5);
    }
}
