//! Compares two records: the level of each comparison.

use super::cell::Cell;
use super::clean::FeatureKind;
use super::comparison::{Comparison, MISSING_LEVEL};
use super::levels::{Scratch, Value, alike, level};
use super::records::Records;
use super::word_weights::WordWeights;

/// The levels of all comparisons of two records: four bits each.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Pattern(pub(super) u64);

impl Pattern {
    #[inline]
    pub(super) fn level(self, comparison: usize) -> u8 {
        (self.0 >> (4 * comparison)) as u8 & 15
    }

    #[inline]
    pub(super) fn with(self, comparison: usize, level: u8) -> Self {
        Self(self.0 | u64::from(level) << (4 * comparison))
    }
}

/// Compares records of two sets, which may be one and the same.
pub(super) struct Comparer<'a> {
    left: &'a Records,
    right: &'a Records,
    comparisons: &'a [Comparison],
    /// For each comparison, the level of equality of each value on the left.
    exact: Vec<Vec<u8>>,
    weights: Vec<WordWeights<'a>>,
    /// The comparisons of given and family name, which may be swapped.
    names: Option<(usize, usize)>,
}

impl<'a> Comparer<'a> {
    pub(super) fn new(
        left: &'a Records,
        right: &'a Records,
        comparisons: &'a [Comparison],
        weights: Vec<WordWeights<'a>>,
    ) -> Self {
        let only = |kind: FeatureKind| {
            let mut found = (0..comparisons.len()).filter(|at| comparisons[*at].kind == kind);
            found.next().filter(|_| found.next().is_none())
        };
        let names = only(FeatureKind::Given).zip(only(FeatureKind::Family));
        let exact = |records: &Records, at: usize| {
            comparisons[at].exact_levels(&records.features()[comparisons[at].feature])
        };
        Self {
            left,
            right,
            comparisons,
            exact: (0..comparisons.len()).map(|at| exact(left, at)).collect(),
            weights,
            names,
        }
    }

    /// The levels of two records.
    pub(super) fn pattern(&self, left: u32, right: u32, scratch: &mut Scratch) -> Pattern {
        let (left, right) = (self.left.row(left), self.right.row(right));
        let swapped = self.swapped(left, right, scratch);
        (0..self.comparisons.len()).fold(Pattern::default(), |pattern, at| {
            let level = self.level(at, left, right, swapped, scratch);
            pattern.with(at, level)
        })
    }

    /// Whether given and family name of one record are those of the other, swapped.
    pub(super) fn swapped(&self, left: &[Cell], right: &[Cell], scratch: &mut Scratch) -> bool {
        let Some((given, family)) = self.names else {
            return false;
        };
        let left = (self.left_value(given, left), self.left_value(family, left));
        let right = (
            self.right_value(given, right),
            self.right_value(family, right),
        );
        if [left.0, left.1, right.0, right.1]
            .iter()
            .any(|value| value.cell.is_missing())
        {
            return false;
        }
        if left.0.equals(right.0) || left.1.equals(right.1) {
            return false;
        }
        alike(left.0, right.1, scratch) && alike(left.1, right.0, scratch)
    }

    fn left_value(&self, at: usize, row: &[Cell]) -> Value<'_> {
        let feature = self.comparisons[at].feature;
        Value {
            feature: &self.left.features()[feature],
            cell: row[feature],
        }
    }

    fn right_value(&self, at: usize, row: &[Cell]) -> Value<'_> {
        let feature = self.comparisons[at].feature;
        Value {
            feature: &self.right.features()[feature],
            cell: row[feature],
        }
    }

    /// The level of one comparison.
    #[inline]
    pub(super) fn level(
        &self,
        at: usize,
        left_row: &[Cell],
        right_row: &[Cell],
        swapped: bool,
        scratch: &mut Scratch,
    ) -> u8 {
        let comparison = &self.comparisons[at];
        let (left, right) = (
            self.left_value(at, left_row),
            self.right_value(at, right_row),
        );
        if left.cell.is_missing() || right.cell.is_missing() {
            return MISSING_LEVEL;
        }
        if left.equals(right) {
            return self.exact[at][left.cell.code as usize];
        }
        if swapped && let Some((given, family)) = self.names {
            if at == family {
                return comparison.first_exact() - 1;
            }
            if at == given {
                // The family names say it all.
                return MISSING_LEVEL;
            }
        }
        level(comparison.kind, left, right, self.weights[at], scratch)
    }
}
