//! The row that survives of a window that moves.

use std::collections::VecDeque;

use arrow::array::{Array, ArrayRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::Accumulator;

use super::accumulator::{answer, state};
use super::layout::Layout;

/// The greatest of rows that leave in the order in which they came.
///
/// Only rows are kept that may yet be the greatest: each is smaller than the one before it.
#[derive(Debug, Default)]
pub(super) struct Descending {
    /// The rows, each with its number.
    rows: VecDeque<(u64, Vec<u8>)>,
    /// How many bytes the rows take.
    bytes: usize,
}

impl Descending {
    /// Takes in the row of a number.
    pub(super) fn push(&mut self, number: u64, row: &[u8]) {
        while let Some((_, last)) = self.rows.pop_back_if(|(_, last)| last.as_slice() <= row) {
            self.bytes -= last.capacity();
        }
        let row = row.to_vec();
        self.bytes += row.capacity();
        self.rows.push_back((number, row));
    }

    /// Lets go of the rows of smaller numbers.
    pub(super) fn leave(&mut self, left: u64) {
        while let Some((_, row)) = self.rows.pop_front_if(|(number, _)| *number < left) {
            self.bytes -= row.capacity();
        }
    }

    /// The greatest row.
    pub(super) fn greatest(&self) -> Option<&[u8]> {
        self.rows.front().map(|(_, row)| row.as_slice())
    }

    /// Memory in bytes, beyond its own.
    pub(super) fn size(&self) -> usize {
        self.bytes + self.rows.capacity() * size_of::<(u64, Vec<u8>)>()
    }
}

/// The row that survives of a window that moves.
#[derive(Debug)]
pub(super) struct SurvivingInWindow {
    layout: Layout,
    rows: Descending,
    /// How many rows came.
    came: u64,
    /// How many of them left.
    left: u64,
}

impl SurvivingInWindow {
    /// Nothing seen yet.
    pub(super) fn new(layout: Layout) -> Self {
        Self {
            layout,
            rows: Descending::default(),
            came: 0,
            left: 0,
        }
    }
}

impl Accumulator for SurvivingInWindow {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let columns = self.layout.columns(values)?;
        self.merge_batch(&columns)
    }

    fn merge_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        let valid = self.layout.with_value(columns)?;
        let rows = self.layout.encode(columns)?;
        for (index, row) in rows.iter().enumerate() {
            if valid.as_ref().is_none_or(|valid| valid.is_valid(index)) {
                self.rows.push(self.came, row.data());
            }
            self.came += 1;
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.left += values.first().map_or(0, |values| values.len()) as u64;
        self.rows.leave(self.left);
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        answer(&self.layout, self.rows.greatest())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        state(&self.layout, self.rows.greatest())
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.layout.size() + self.rows.size()
    }
}
