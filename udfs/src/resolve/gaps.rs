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
