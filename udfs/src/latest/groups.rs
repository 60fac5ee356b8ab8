//! The row that survives of each of many groups.

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::compute::{not, nullif, prep_null_mask_filter};
use datafusion::error::Result;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

use super::greatest_rows::GreatestRows;
use super::layout::Layout;

/// The row that survives of each group. Its state has the columns that are kept.
#[derive(Debug)]
pub(super) struct SurvivingOfGroups {
    layout: Layout,
    greatest: GreatestRows,
}

impl SurvivingOfGroups {
    /// Nothing seen yet.
    pub(super) fn new(layout: Layout) -> Self {
        Self {
            layout,
            greatest: GreatestRows::default(),
        }
    }

    fn offer(
        &mut self,
        columns: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        groups: usize,
    ) -> Result<()> {
        self.greatest.resize(groups);
        let valid = self.layout.with_value(columns)?;
        let rows = self.layout.encode(columns)?;
        for (index, group) in group_indices.iter().enumerate() {
            if valid.as_ref().is_none_or(|valid| valid.is_valid(index)) && passes(filter, index) {
                self.greatest.offer(*group, rows.row(index).data());
            }
        }
        Ok(())
    }
}

/// Whether a filter lets a row through.
pub(super) fn passes(filter: Option<&BooleanArray>, row: usize) -> bool {
    filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
}

/// Values of which those that a filter does not let through are NULL.
pub(super) fn filtered(values: &ArrayRef, filter: &BooleanArray) -> Result<ArrayRef> {
    let passes = match filter.null_count() {
        0 => filter.clone(),
        _ => prep_null_mask_filter(filter),
    };
    Ok(nullif(values, &not(&passes)?)?)
}

impl GroupsAccumulator for SurvivingOfGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        let columns = self.layout.columns(values)?;
        self.offer(&columns, group_indices, opt_filter, total_num_groups)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.offer(values, group_indices, None, total_num_groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let columns = self.state(emit_to)?;
        self.layout.answer_of(&columns).cloned()
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let layout = &self.layout;
        self.greatest.emit(emit_to, |rows| layout.decode(rows))
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let mut columns = self.layout.columns(values)?;
        if let Some(filter) = opt_filter {
            let value = self.layout.value_of_mut(&mut columns)?;
            *value = filtered(value, filter)?;
        }
        Ok(columns)
    }

    fn size(&self) -> usize {
        self.layout.size() + self.greatest.size()
    }
}
