//! Distances of which only small ones matter, so that their kernels look at a narrow band.

use arrow::datatypes::{Int32Type, Int64Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use super::distance::{Bounded, Distance};
use super::kernel::lanes::edit::looks_at_a_band;
use super::parameter;
use crate::arguments::{Call, Metric, Sides};
use crate::lanes::{self, Group, InLanes, Lanes};

/// A distance up to a bound, whose kernel looks at a band where that is narrow.
struct Near<D> {
    bounded: Bounded<D>,
    in_band: bool,
}

impl<D: Distance> Near<D> {
    fn new(bound: usize) -> Self {
        Self {
            bounded: Bounded::new(bound),
            in_band: looks_at_a_band(bound),
        }
    }
}

impl<D: Distance> Metric for Near<D> {
    type Answer = Int32Type;

    fn pair(&mut self, left: &str, right: &str) -> i32 {
        self.bounded.pair(left, right)
    }

    fn prepare(&mut self, constant: &str) {
        self.bounded.prepare(constant);
    }

    fn prepared(&mut self, other: &str) -> i32 {
        self.bounded.prepared(other)
    }

    fn many(&mut self, sides: Sides<'_>, rows: impl Iterator<Item = usize>, answers: &mut [i32]) {
        lanes::many(self, sides, rows, answers);
    }
}

impl<D: Distance> InLanes for Near<D> {
    #[inline(always)]
    fn by_lengths(&self, shorter: usize, longer: usize) -> Option<i32> {
        self.bounded.by_lengths(shorter, longer)
    }

    fn takes_as_they_come(&self) -> bool {
        self.in_band
    }

    #[inline(always)]
    fn group(&mut self, group: &Group) -> Lanes<i32> {
        self.bounded.group(group)
    }
}

/// As [`distance::invoke`](super::distance::invoke), of the Levenshtein distance and of that of
/// optimal string alignment.
pub(super) fn invoke<D: Distance>(call: &Call<'_>) -> Result<ColumnarValue> {
    if call.count() == 2 {
        return call.pairs(Bounded::<D>::unbounded());
    }
    parameter::pairs::<Int64Type, _>(call, 2, |max| {
        Ok(Near::<D>::new(usize::try_from(max).unwrap_or(usize::MAX)))
    })
}
