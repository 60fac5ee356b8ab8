//! Compares two records: the level of each comparison.

use std::borrow::Cow;

use datafusion::common::internal_datafusion_err;
use datafusion::error::Result;

use super::cell::Cell;
use super::comparison::{Comparison, MISSING_LEVEL};
use super::feature_kind::FeatureKind;
use super::levels::{Scratch, Value, alike, level};
use super::mixture::Mixture;
use super::rarity::{Equality, MOST_OF_A_PAIR};
use super::records::Records;
use super::word_weights::WordWeights;

/// The lowest bit of the level of each comparison.
pub(super) const LOWEST: u64 = 0x1111_1111_1111_1111;

/// The levels of all comparisons of two records: four bits each.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Pattern(pub(super) u64);

impl Pattern {
    #[inline]
    pub(super) fn level(self, comparison: usize) -> u8 {
        (self.0 >> (4 * comparison)) as u8 & 15
    }

    /// Whether two values of any comparison differ altogether.
    #[inline]
    pub(super) fn differs(self) -> bool {
        // The lowest bit of each level that has no other bit.
        self.0 & !(self.0 >> 1 | self.0 >> 2 | self.0 >> 3) & LOWEST != 0
    }

    #[inline]
    pub(super) fn with(self, comparison: usize, level: u8) -> Self {
        Self(self.0 | u64::from(level) << (4 * comparison))
    }
}

/// For each comparison, what equal values are told by, for each value of its feature.
pub(super) fn equalities(records: &Records, comparisons: &[Comparison]) -> Vec<Vec<Equality>> {
    let features = records.features();
    let equalities = |of: &Comparison| of.equalities(&features[of.feature]);
    comparisons.iter().map(equalities).collect()
}

/// How many pairs are compared at a time.
pub(super) const PAIRS_AT_A_TIME: usize = 8192;

/// Compares records of two sets, which may be one and the same.
pub(super) struct Comparer<'a> {
    left: &'a Records,
    right: &'a Records,
    comparisons: &'a [Comparison],
    /// For each comparison, what equal values are told by, for each value on the left.
    equal: Cow<'a, [Vec<Equality>]>,
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
        let equal = Cow::Owned(equalities(left, comparisons));
        Self::knowing(left, right, comparisons, weights, equal)
    }

    /// The same, where it is known what equal values are told by.
    pub(super) fn knowing(
        left: &'a Records,
        right: &'a Records,
        comparisons: &'a [Comparison],
        weights: Vec<WordWeights<'a>>,
        equal: Cow<'a, [Vec<Equality>]>,
    ) -> Self {
        let only = |kind: FeatureKind| {
            let mut found = (0..comparisons.len()).filter(|at| comparisons[*at].kind == kind);
            found.next().filter(|_| found.next().is_none())
        };
        let names = only(FeatureKind::Given).zip(only(FeatureKind::Family));
        Self {
            left,
            right,
            comparisons,
            equal,
            weights,
            names,
        }
    }

    /// Writes the levels of many pairs of records.
    pub(super) fn patterns(
        &self,
        pairs: &[(u32, u32)],
        scratch: &mut Scratch,
        patterns: &mut Vec<Pattern>,
    ) -> Result<()> {
        patterns.clear();
        let compared = pairs.iter();
        patterns.extend(compared.map(|(left, right)| self.pattern(*left, *right, scratch)));
        if !self.has_own() {
            return Ok(());
        }
        let (Some(left), Some(right)) = (&self.left.own, &self.right.own) else {
            return Err(internal_datafusion_err!(
                "records without the rows that their comparisons read"
            ));
        };
        let levels = left.levels(right, &self.in_order(pairs))?;
        for (at, comparison) in self.comparisons.iter().enumerate() {
            let own = comparison
                .own
                .as_ref()
                .and_then(|own| levels.get(own.place));
            for (pattern, level) in patterns.iter_mut().zip(own.into_iter().flatten()) {
                let highest = comparison.levels as u8 - 1;
                *pattern = pattern.with(at, (*level).min(highest));
            }
        }
        Ok(())
    }

    /// How many pairs it takes for comparing them at once to be worth it.
    pub(super) fn worth(&self) -> usize {
        match self.has_own() {
            true => PAIRS_AT_A_TIME,
            false => 1,
        }
    }

    /// Whether a comparison has levels of its own, so that many pairs are to be compared at a time.
    fn has_own(&self) -> bool {
        self.comparisons
            .iter()
            .any(|comparison| comparison.own.is_some())
    }

    /// Pairs with their records in the order of their names, where both are of one set: conditions
    /// may say something else of two records the other way round, and are to give one answer.
    fn in_order(&self, pairs: &[(u32, u32)]) -> Vec<(u32, u32)> {
        let is_one = std::ptr::eq(self.left, self.right);
        pairs
            .iter()
            .map(|(left, right)| match is_one {
                true if self.left.key(*left) > self.left.key(*right) => (*right, *left),
                _ => (*left, *right),
            })
            .collect()
    }

    /// The levels of two records, without those that a comparison has of its own.
    fn pattern(&self, left: u32, right: u32, scratch: &mut Scratch) -> Pattern {
        let (left, right) = (self.left.row(left), self.right.row(right));
        let swapped = self.swapped(left, right, scratch);
        (0..self.comparisons.len()).fold(Pattern::default(), |pattern, at| {
            let level = self.level(at, left, right, swapped, scratch);
            pattern.with(at, level)
        })
    }

    /// By how much less likely it is, as a logarithm, that two records agree by chance on what they agree
    /// on than on other values of these levels: where it is likelier, and 0 elsewhere, since a value of few
    /// records mostly is those of one entity. Where agreement depends on what else they agree on, how
    /// frequent a value is among all records does not tell.
    pub(super) fn rarity(&self, left: u32, pattern: Pattern, mixture: &Mixture) -> f64 {
        let row = self.left.row(left);
        let is_equal = |at: usize| pattern.level(at) >= self.comparisons[at].first_exact();
        let equal = (0..self.comparisons.len()).filter(|at| is_equal(*at));
        let equal = equal.filter(|at| self.comparisons[*at].own.is_none());
        let told = equal.filter(|at| !mixture.others.parent(*at).is_some_and(is_equal));
        let rarities = told.map(|at| {
            let code = row[self.comparisons[at].feature].code;
            self.equal[at][code as usize].rarity()
        });
        rarities.sum::<f64>().clamp(-MOST_OF_A_PAIR, 0.0)
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

    /// The level of one comparison; missing where it has levels of its own.
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
        if left.cell.is_missing() || right.cell.is_missing() || comparison.own.is_some() {
            return MISSING_LEVEL;
        }
        if left.equals(right) {
            return self.equal[at][left.cell.code as usize].level();
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
        level(comparison, left, right, self.weights[at], scratch)
    }
}
