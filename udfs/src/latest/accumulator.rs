//! The row that survives of one group.

use arrow::array::ArrayRef;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::Accumulator;

use super::layout::Layout;

/// The row that survives of one group. Its state has the columns that are kept.
#[derive(Debug)]
pub(super) struct Surviving {
    layout: Layout,
    greatest: Option<Vec<u8>>,
}

impl Surviving {
    /// Nothing seen yet.
    pub(super) fn new(layout: Layout) -> Self {
        Self {
            layout,
            greatest: None,
        }
    }
}

/// The answer of a row, or NULL where there is none.
pub(super) fn answer(layout: &Layout, row: Option<&[u8]>) -> Result<ScalarValue> {
    let columns = layout.decode(&[row])?;
    ScalarValue::try_from_array(layout.answer_of(&columns)?, 0)
}

/// What is kept of a row, NULLs where there is none.
pub(super) fn state(layout: &Layout, row: Option<&[u8]>) -> Result<Vec<ScalarValue>> {
    let columns = layout.decode(&[row])?;
    let columns = columns.iter();
    columns
        .map(|column| ScalarValue::try_from_array(column, 0))
        .collect()
}

impl Accumulator for Surviving {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let columns = self.layout.columns(values)?;
        self.merge_batch(&columns)
    }

    fn merge_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        let valid = self.layout.with_value(columns)?;
        let rows = self.layout.encode(columns)?;
        let greatest = rows
            .iter()
            .enumerate()
            .filter(|(index, _)| valid.as_ref().is_none_or(|valid| valid.is_valid(*index)))
            .map(|(_, row)| row)
            .max();
        if let Some(row) = greatest
            && self
                .greatest
                .as_deref()
                .is_none_or(|greatest| row.data() > greatest)
        {
            self.greatest = Some(row.data().to_vec());
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        answer(&self.layout, self.greatest.as_deref())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        state(&self.layout, self.greatest.as_deref())
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.layout.size() + self.greatest.as_ref().map_or(0, Vec::capacity)
    }
}
