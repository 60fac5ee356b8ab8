//! Gaps filled with the nearest value on one side.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use datafusion::error::Result;

use super::FILLING;
use super::constants::integer_from;
use super::gaps::Gaps;
use crate::arguments::{Form, Kind, Partition, WindowFunction};

/// What functions that carry values into gaps have in common.
pub(super) const CARRYING: WindowFunction = WindowFunction {
    form: Form {
        name: "",
        parameters: &[Kind::Any, Kind::Integer],
        counts: &[1, 2],
    },
    ordered: |_| true,
    ..FILLING
};

/// From where a value is carried into a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carry {
    /// From the rows before: last observation carried forward.
    Forward,
    /// From the rows behind: next observation carried backward.
    Backward,
}

impl Carry {
    /// Fills the gaps of the first argument, within the limit that the second one is.
    pub(super) fn fill(self, partition: &Partition<'_>) -> Result<ArrayRef> {
        let values = partition.column(0)?;
        let limit = match partition.columns_from(1).first() {
            Some(limit) => integer_from(partition.name, "limit", limit, 1, i64::MAX)?,
            None => usize::MAX,
        };
        let Some(gaps) = Gaps::of(values) else {
            return Ok(Arc::clone(values));
        };
        let mut donors = self.nearest(&gaps, values.len()).into_iter();
        let reachable = |row: usize, donor: usize| row.abs_diff(donor) <= limit;
        gaps.fill_from(values, |row| {
            donors
                .next()
                .flatten()
                .filter(|donor| reachable(row, *donor))
        })
    }

    /// For each gap in turn the nearest row with a value.
    fn nearest(self, gaps: &Gaps, rows: usize) -> Vec<Option<usize>> {
        let mut nearest = Vec::with_capacity(gaps.count());
        let mut last = None;
        let mut visit = |row: usize| {
            if gaps.contains(row) {
                nearest.push(last);
            } else {
                last = Some(row);
            }
        };
        match self {
            Self::Forward => (0..rows).for_each(&mut visit),
            Self::Backward => (0..rows).rev().for_each(&mut visit),
        }
        if self == Self::Backward {
            nearest.reverse();
        }
        nearest
    }
}
