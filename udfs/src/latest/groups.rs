//! `latest_by` for many groups at once.

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::compute::{not, nullif, prep_null_mask_filter};
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

use super::greatest_rows::GreatestRows;
use super::layout::Layout;
use crate::FunctionError;

/// The latest value of each group. Its state has the columns of the arguments.
#[derive(Debug)]
pub(super) struct LatestOfGroups {
    layout: Layout,
    greatest: GreatestRows,
}

impl LatestOfGroups {
    /// Nothing seen yet, of arguments of these types.
    pub(super) fn new(arguments: &[DataType]) -> Result<Self> {
        Ok(Self {
            layout: Layout::new(arguments)?,
            greatest: GreatestRows::default(),
        })
    }
}

/// The first of the columns.
pub(super) fn value_column(columns: &[ArrayRef]) -> Result<&ArrayRef> {
    columns.first().ok_or_else(|| {
        FunctionError::no_such_form("latest_by takes a value and what to order by").into()
    })
}

impl GroupsAccumulator for LatestOfGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.greatest.resize(total_num_groups);
        let nulls = value_column(values)?.logical_nulls();
        let rows = self.layout.encode(values)?;
        for (index, group) in group_indices.iter().enumerate() {
            let missing = nulls.as_ref().is_some_and(|nulls| nulls.is_null(index));
            let kept =
                opt_filter.is_none_or(|filter| filter.is_valid(index) && filter.value(index));
            if kept && !missing {
                self.greatest.offer(*group, rows.row(index).data());
            }
        }
        Ok(())
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.update_batch(values, group_indices, None, total_num_groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let columns = self.state(emit_to)?;
        value_column(&columns).cloned()
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
        let mut columns = self.layout.plain_columns(values)?;
        if let (Some(filter), Some(value)) = (opt_filter, columns.first_mut()) {
            let kept = match filter.null_count() {
                0 => filter.clone(),
                _ => prep_null_mask_filter(filter),
            };
            *value = nullif(value, &not(&kept)?)?;
        }
        Ok(columns)
    }

    fn size(&self) -> usize {
        self.layout.size() + self.greatest.size()
    }
}
