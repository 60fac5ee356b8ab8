//! The elements of lists, each with the row of its list.

use arrow::array::{Array as _, ArrayRef, ListArray, UInt32Array};
use arrow::compute::take;
use datafusion::error::Result;

/// The elements that lists have.
pub(super) struct ListRows {
    /// One behind the other.
    pub(super) elements: ArrayRef,
    /// The row of each.
    pub(super) rows: UInt32Array,
    /// How many each list has.
    pub(super) lengths: Vec<usize>,
}

impl ListRows {
    pub(super) fn of(lists: &ListArray) -> Result<Self> {
        // A list that is NULL, or part of an array that was cut, may leave elements out of the offsets.
        let mut places = Vec::with_capacity(lists.values().len());
        let mut rows = Vec::with_capacity(lists.values().len());
        let mut lengths = Vec::with_capacity(lists.len());
        for (row, ends) in (0_u32..).zip(lists.value_offsets().windows(2)) {
            let [begin, end] = *ends else { continue };
            for place in begin..end {
                places.push(place.unsigned_abs());
                rows.push(row);
            }
            lengths.push((begin..end).len());
        }
        Ok(Self {
            elements: take(lists.values(), &UInt32Array::from(places), None)?,
            rows: UInt32Array::from(rows),
            lengths,
        })
    }

    /// For each element the value that its row has.
    pub(super) fn beside(&self, values: &ArrayRef) -> Result<ArrayRef> {
        Ok(take(values, &self.rows, None)?)
    }
}
