//! `latest_by` for one group, and for a window that moves.

use std::collections::VecDeque;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::Accumulator;

use super::groups::value_column;
use super::layout::Layout;

/// The latest value of one group.
#[derive(Debug)]
pub(super) struct Latest {
    layout: Layout,
    greatest: Option<Vec<u8>>,
}

impl Latest {
    /// Nothing seen yet, of arguments of these types.
    pub(super) fn new(arguments: &[DataType]) -> Result<Self> {
        Ok(Self {
            layout: Layout::new(arguments)?,
            greatest: None,
        })
    }
}

/// The columns of one row, or of none.
fn scalars(layout: &Layout, row: Option<&[u8]>) -> Result<Vec<ScalarValue>> {
    layout
        .decode(&[row])?
        .iter()
        .map(|column| ScalarValue::try_from_array(column, 0))
        .collect()
}

fn first(scalars: Vec<ScalarValue>) -> ScalarValue {
    scalars.into_iter().next().unwrap_or(ScalarValue::Null)
}

impl Accumulator for Latest {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let nulls = value_column(values)?.logical_nulls();
        let rows = self.layout.encode(values)?;
        let latest = rows
            .iter()
            .enumerate()
            .filter(|(index, _)| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(*index)))
            .map(|(_, row)| row)
            .max();
        if let Some(row) = latest
            && self
                .greatest
                .as_deref()
                .is_none_or(|greatest| row.data() > greatest)
        {
            self.greatest = Some(row.data().to_vec());
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(first(scalars(&self.layout, self.greatest.as_deref())?))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        scalars(&self.layout, self.greatest.as_deref())
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.layout.size() + self.greatest.as_ref().map_or(0, Vec::capacity)
    }
}

/// The latest value within a window that moves: rows leave in the order in which they came.
///
/// Only rows are kept that may yet be the greatest: each is smaller than the one before it.
#[derive(Debug)]
pub(super) struct LatestInWindow {
    layout: Layout,
    /// The rows, each with its number.
    rows: VecDeque<(u64, Vec<u8>)>,
    /// How many bytes the rows take.
    bytes: usize,
    /// How many rows came.
    came: u64,
    /// How many of them left.
    left: u64,
}

impl LatestInWindow {
    /// Nothing seen yet, of arguments of these types.
    pub(super) fn new(arguments: &[DataType]) -> Result<Self> {
        Ok(Self {
            layout: Layout::new(arguments)?,
            rows: VecDeque::new(),
            bytes: 0,
            came: 0,
            left: 0,
        })
    }

    fn push(&mut self, row: &[u8]) {
        while let Some((_, last)) = self.rows.pop_back_if(|(_, last)| last.as_slice() <= row) {
            self.bytes -= last.capacity();
        }
        let row = row.to_vec();
        self.bytes += row.capacity();
        self.rows.push_back((self.came, row));
    }
}

impl Accumulator for LatestInWindow {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let nulls = value_column(values)?.logical_nulls();
        let rows = self.layout.encode(values)?;
        for (index, row) in rows.iter().enumerate() {
            if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(index)) {
                self.push(row.data());
            }
            self.came += 1;
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.left += value_column(values)?.len() as u64;
        let left = self.left;
        while let Some((_, row)) = self.rows.pop_front_if(|(number, _)| *number < left) {
            self.bytes -= row.capacity();
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let greatest = self.rows.front().map(|(_, row)| row.as_slice());
        Ok(first(scalars(&self.layout, greatest)?))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let greatest = self.rows.front().map(|(_, row)| row.as_slice());
        scalars(&self.layout, greatest)
    }

    fn size(&self) -> usize {
        size_of::<Self>()
            + self.layout.size()
            + self.bytes
            + self.rows.capacity() * size_of::<(u64, Vec<u8>)>()
    }
}
