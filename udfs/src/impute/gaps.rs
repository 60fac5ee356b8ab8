//! Where values are missing, and putting others there.

use arrow::array::{Array, ArrayRef, UInt64Array};
use arrow::buffer::NullBuffer;
use arrow::compute::{interleave, take};
use datafusion::error::Result;

/// The rows of a partition where a value is NULL.
#[derive(Clone, Debug)]
pub(super) struct Gaps {
    nulls: NullBuffer,
}

impl Gaps {
    /// The gaps of an array that has some, or `None`.
    pub(super) fn of(values: &ArrayRef) -> Option<Self> {
        let nulls = values.logical_nulls()?;
        (nulls.null_count() > 0).then_some(Self { nulls })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.nulls.null_count()
    }

    /// Whether a row is one.
    pub(super) fn contains(&self, row: usize) -> bool {
        self.nulls.is_null(row)
    }

    /// The rows that have a value.
    pub(super) fn known(&self) -> impl Iterator<Item = usize> {
        self.nulls.valid_indices()
    }

    /// The rows that have none.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> {
        (0..self.nulls.len()).filter(|row| self.contains(*row))
    }

    /// The values, and in each gap that of the row that `donor` gives for it.
    pub(super) fn fill_from(
        &self,
        values: &ArrayRef,
        mut donor: impl FnMut(usize) -> Option<usize>,
    ) -> Result<ArrayRef> {
        let rows: UInt64Array = (0..values.len())
            .map(|row| {
                let row = if self.contains(row) {
                    donor(row)
                } else {
                    Some(row)
                };
                row.map(|row| row as u64)
            })
            .collect();
        Ok(take(values, &rows, None)?)
    }

    /// The values, and in every gap the only one of `fill`.
    pub(super) fn fill_with(&self, values: &ArrayRef, fill: &ArrayRef) -> Result<ArrayRef> {
        let places: Vec<(usize, usize)> = (0..values.len())
            .map(|row| if self.contains(row) { (1, 0) } else { (0, row) })
            .collect();
        Ok(interleave(&[values.as_ref(), fill.as_ref()], &places)?)
    }

    /// The values, and in the gaps those of `fills`, which has one for each gap in turn.
    pub(super) fn fill_each(&self, values: &ArrayRef, fills: &ArrayRef) -> Result<ArrayRef> {
        let mut next = 0;
        let places: Vec<(usize, usize)> = (0..values.len())
            .map(|row| {
                if self.contains(row) {
                    next += 1;
                    (1, next - 1)
                } else {
                    (0, row)
                }
            })
            .collect();
        Ok(interleave(&[values.as_ref(), fills.as_ref()], &places)?)
    }
}
