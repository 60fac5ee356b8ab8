//! Distances that count edits, each of which costs 1.

use arrow::datatypes::{Int32Type, Int64Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use super::kernel::characters::{Character, Decoder, Pair};
use super::kernel::damerau;
use super::kernel::diagonals::{self, Run, Swaps};
use super::kernel::edit::{Prepared, Scratch};
use super::kernel::lanes::damerau::{self as damerau_lanes, damerau_levenshtein};
use super::kernel::lanes::edit::{self, levenshtein, optimal_string_alignment};
use super::kernel::masks::WORD;
use super::parameter;
use crate::arguments::{Call, Metric, Sides};
use crate::lanes::{self, Group, InLanes, LONGEST, Lanes};

/// A distance of which only what is no more than a bound need be right.
pub(super) trait Distance: Default {
    const SWAPS: Swaps;

    fn pair<C: Character>(&mut self, left: &[C], right: &[C]) -> usize;

    /// Takes in a text to be held against many; false where that is of no use.
    fn prepare(&mut self, constant: &str) -> bool;

    fn prepared(&mut self, other: &str) -> usize;

    /// The distances of the pairs of a group, whose ends match.
    fn group(&mut self, group: &Group, bound: usize) -> Lanes<u8>;

    /// Whether that looks at a narrow band alone.
    fn looks_at_a_band(bound: usize) -> bool;
}

/// The Levenshtein distance, or with `SWAPS` that of optimal string alignment.
#[derive(Debug, Default)]
pub(super) struct Edit<const SWAPS: bool> {
    scratch: Scratch<SWAPS>,
    prepared: Prepared<SWAPS>,
}

pub(super) type Levenshtein = Edit<false>;
pub(super) type OptimalStringAlignment = Edit<true>;

impl<const SWAPS: bool> Distance for Edit<SWAPS> {
    const SWAPS: Swaps = if SWAPS { Swaps::Adjacent } else { Swaps::None };

    fn pair<C: Character>(&mut self, left: &[C], right: &[C]) -> usize {
        self.scratch.distance(left, right)
    }

    fn prepare(&mut self, constant: &str) -> bool {
        self.prepared = Prepared::new(constant);
        true
    }

    fn prepared(&mut self, other: &str) -> usize {
        self.prepared.distance(other)
    }

    fn group(&mut self, group: &Group, bound: usize) -> Lanes<u8> {
        if SWAPS {
            optimal_string_alignment(group, bound)
        } else {
            levenshtein(group, bound)
        }
    }

    fn looks_at_a_band(bound: usize) -> bool {
        edit::looks_at_a_band(bound)
    }
}

/// The true Damerau-Levenshtein distance.
#[derive(Debug, Default)]
pub(super) struct DamerauLevenshtein {
    scratch: damerau::Scratch,
}

impl Distance for DamerauLevenshtein {
    const SWAPS: Swaps = Swaps::Apart;

    fn pair<C: Character>(&mut self, left: &[C], right: &[C]) -> usize {
        self.scratch.distance(left, right)
    }

    fn prepare(&mut self, _: &str) -> bool {
        false
    }

    fn prepared(&mut self, other: &str) -> usize {
        other.chars().count()
    }

    fn group(&mut self, group: &Group, bound: usize) -> Lanes<u8> {
        damerau_levenshtein(group, bound)
    }

    fn looks_at_a_band(bound: usize) -> bool {
        damerau_lanes::looks_at_a_band(bound)
    }
}

/// Pairs of texts and their distance.
#[derive(Debug, Default)]
pub(super) struct Pairs<D> {
    distance: D,
    diagonals: diagonals::Scratch,
    decoder: Decoder,
    constant: String,
    /// How many characters the constant has, where the distance took it in.
    prepared: Option<usize>,
}

/// A distance, and the length of the longer text.
pub(super) struct Measured {
    pub(super) distance: usize,
    pub(super) longer: usize,
}

impl<D: Distance> Pairs<D> {
    /// Measures a pair of which the distance counts only up to a bound for texts of that length.
    pub(super) fn measure(
        &mut self,
        left: &str,
        right: &str,
        bound: impl FnOnce(usize) -> usize,
    ) -> Measured {
        match self.decoder.decode(left, right) {
            Pair::Ascii(left, right) => {
                measure(&mut self.distance, &mut self.diagonals, left, right, bound)
            }
            Pair::Unicode(left, right) => {
                measure(&mut self.distance, &mut self.diagonals, left, right, bound)
            }
        }
    }

    pub(super) fn prepare(&mut self, constant: &str) {
        self.constant = constant.to_string();
        let taken = self.distance.prepare(constant);
        self.prepared = taken.then(|| constant.chars().count());
    }

    pub(super) fn constant(&self) -> &str {
        &self.constant
    }

    pub(super) fn group(&mut self, group: &Group, bound: usize) -> Lanes<u8> {
        self.distance.group(group, bound)
    }
}

/// Measures two texts; what is beyond the bound is more than it, and no more need be known.
fn measure<D: Distance, C: Run>(
    distance: &mut D,
    diagonals: &mut diagonals::Scratch,
    left: &[C],
    right: &[C],
    bound: impl FnOnce(usize) -> usize,
) -> Measured {
    let longer = left.len().max(right.len());
    let apart = left.len().abs_diff(right.len());
    let bound = bound(longer);
    let distance = if apart > bound {
        apart
    } else if diagonals::pay(left.len(), right.len(), bound, D::SWAPS) {
        let within = diagonals.within(left, right, bound, D::SWAPS);
        within.unwrap_or(bound.saturating_add(1))
    } else {
        distance.pair(left, right)
    };
    Measured { distance, longer }
}

/// The distance, or one answer for all that is further than a bound.
#[derive(Debug)]
pub(super) struct Bounded<D> {
    pairs: Pairs<D>,
    /// What is further need not be right.
    bound: usize,
    /// The answer for what is further.
    beyond: usize,
}

impl<D: Distance> Bounded<D> {
    /// What is further than the bound gives one more than it.
    pub(super) fn new(bound: usize) -> Self {
        Self {
            pairs: Pairs::default(),
            bound,
            beyond: bound.saturating_add(1),
        }
    }

    /// What is further than the bound gives the bound.
    pub(super) fn capped(bound: usize) -> Self {
        Self {
            beyond: bound,
            ..Self::new(bound)
        }
    }

    /// Without a bound.
    pub(super) fn unbounded() -> Self {
        Self::new(usize::MAX)
    }

    #[inline(always)]
    fn answer(&self, distance: usize) -> i32 {
        let distance = distance.min(self.beyond);
        i32::try_from(distance).unwrap_or(i32::MAX)
    }
}

impl<D: Distance> Metric for Bounded<D> {
    type Answer = Int32Type;

    #[inline]
    fn pair(&mut self, left: &str, right: &str) -> i32 {
        let bound = self.bound;
        let measured = self.pairs.measure(left, right, |_| bound);
        self.answer(measured.distance)
    }

    fn prepare(&mut self, constant: &str) {
        self.pairs.prepare(constant);
    }

    #[inline]
    fn prepared(&mut self, other: &str) -> i32 {
        if let Some(length) = self.pairs.prepared {
            let is_long = length > WORD && other.len() > WORD;
            if !is_long || !diagonals::pay(length, other.len(), self.bound, D::SWAPS) {
                let distance = self.pairs.distance.prepared(other);
                return self.answer(distance);
            }
        }
        let constant = std::mem::take(&mut self.pairs.constant);
        let distance = self.pair(&constant, other);
        self.pairs.constant = constant;
        distance
    }

    fn many(&mut self, sides: Sides<'_>, rows: impl Iterator<Item = usize>, answers: &mut [i32]) {
        lanes::many(self, sides, rows, answers);
    }
}

impl<D: Distance> InLanes for Bounded<D> {
    const ENDS_MATCH: bool = true;

    fn longest_as_they_come(&self) -> Option<usize> {
        D::looks_at_a_band(self.bound).then_some(LONGEST)
    }

    #[inline(always)]
    fn by_lengths(&self, shorter: usize, longer: usize) -> Option<i32> {
        (longer - shorter > self.bound).then(|| self.answer(usize::MAX))
    }

    fn group(&mut self, group: &Group) -> Lanes<i32> {
        let distances = self.pairs.group(group, self.bound);
        Lanes::of(|lane| self.answer(usize::from(distances.0[lane])))
    }
}

/// Answers a call of a function of two texts and perhaps the greatest distance of interest; a
/// negative one is none, as in PostgreSQL.
pub(super) fn invoke<D: Distance>(call: &Call<'_>) -> Result<ColumnarValue> {
    if call.count() == 2 {
        return call.pairs(Bounded::<D>::unbounded());
    }
    parameter::pairs::<Int64Type, _>(call, 2, |max| {
        Ok(Bounded::<D>::new(
            usize::try_from(max).unwrap_or(usize::MAX),
        ))
    })
}
