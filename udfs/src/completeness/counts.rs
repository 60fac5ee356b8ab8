//! How many values were counted, and of how many.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, UInt64Array};
use arrow::compute::sum;
use arrow::datatypes::UInt64Type;
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use super::share::Counted;

impl Counted {
    /// How many of these values count, those of a row each taken together.
    fn of_each_row(self, columns: &[ArrayRef]) -> Vec<u64> {
        let rows = columns.first().map_or(0, |column| column.len());
        let mut missing = vec![0; rows];
        for nulls in columns.iter().filter_map(|column| column.logical_nulls()) {
            for (missing, present) in missing.iter_mut().zip(nulls.iter()) {
                *missing += u64::from(!present);
            }
        }
        match self {
            Self::Missing => missing,
            Self::Present => missing
                .into_iter()
                .map(|missing| columns.len() as u64 - missing)
                .collect(),
        }
    }

    /// How many of all these values count.
    fn of_all(self, columns: &[ArrayRef]) -> u64 {
        let missing = columns.iter().map(|column| column.logical_null_count());
        let missing = missing.sum::<usize>() as u64;
        match self {
            Self::Missing => missing,
            Self::Present => all(columns) - missing,
        }
    }
}

/// How many values there are.
fn all(columns: &[ArrayRef]) -> u64 {
    columns.iter().map(|column| column.len() as u64).sum()
}

fn share(counted: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| counted as f64 / all as f64)
}

/// The two columns of states.
fn of_states(states: &[ArrayRef]) -> Result<(&UInt64Array, &UInt64Array)> {
    match states {
        [counted, all] => Ok((
            counted.as_primitive::<UInt64Type>(),
            all.as_primitive::<UInt64Type>(),
        )),
        _ => Err(DataFusionError::Internal(format!(
            "a share has 2 states, not {}",
            states.len()
        ))),
    }
}

/// The counts of one group, or of a window that moves.
#[derive(Debug)]
pub(super) struct Counts {
    which: Counted,
    counted: u64,
    all: u64,
}

impl Counts {
    /// Nothing seen yet.
    pub(super) fn new(which: Counted) -> Self {
        Self {
            which,
            counted: 0,
            all: 0,
        }
    }
}

impl Accumulator for Counts {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.counted += self.which.of_all(values);
        self.all += all(values);
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.counted -= self.which.of_all(values);
        self.all -= all(values);
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let (counted, all) = of_states(states)?;
        self.counted += sum(counted).unwrap_or_default();
        self.all += sum(all).unwrap_or_default();
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Float64(share(self.counted, self.all)))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![
            ScalarValue::UInt64(Some(self.counted)),
            ScalarValue::UInt64(Some(self.all)),
        ])
    }

    fn size(&self) -> usize {
        size_of::<Self>()
    }
}

/// The counts of many groups at once.
#[derive(Debug)]
pub(super) struct CountsOfGroups {
    which: Counted,
    counted: Vec<u64>,
    all: Vec<u64>,
}

impl CountsOfGroups {
    /// Nothing seen yet.
    pub(super) fn new(which: Counted) -> Self {
        Self {
            which,
            counted: Vec::new(),
            all: Vec::new(),
        }
    }

    fn resize(&mut self, groups: usize) {
        self.counted.resize(groups.max(self.counted.len()), 0);
        self.all.resize(groups.max(self.all.len()), 0);
    }
}

/// Whether a filter lets a row through.
fn keeps(filter: Option<&BooleanArray>, row: usize) -> bool {
    filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
}

impl GroupsAccumulator for CountsOfGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.resize(total_num_groups);
        let counted = self.which.of_each_row(values);
        for (row, (group, counted)) in group_indices.iter().zip(counted).enumerate() {
            if keeps(opt_filter, row) {
                self.counted[*group] += counted;
                self.all[*group] += values.len() as u64;
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
        self.resize(total_num_groups);
        let (counted, all) = of_states(values)?;
        for (row, group) in group_indices.iter().enumerate() {
            self.counted[*group] += counted.value(row);
            self.all[*group] += all.value(row);
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let counted = emit_to.take_needed(&mut self.counted);
        let all = emit_to.take_needed(&mut self.all);
        let shares: Float64Array = counted
            .into_iter()
            .zip(all)
            .map(|(counted, all)| share(counted, all))
            .collect();
        Ok(Arc::new(shares))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let counted = emit_to.take_needed(&mut self.counted);
        let all = emit_to.take_needed(&mut self.all);
        Ok(vec![
            Arc::new(UInt64Array::from(counted)),
            Arc::new(UInt64Array::from(all)),
        ])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let mut counted = self.which.of_each_row(values);
        let mut all = vec![values.len() as u64; counted.len()];
        for row in 0..counted.len() {
            if !keeps(opt_filter, row) {
                counted[row] = 0;
                all[row] = 0;
            }
        }
        Ok(vec![
            Arc::new(UInt64Array::from(counted)),
            Arc::new(UInt64Array::from(all)),
        ])
    }

    fn size(&self) -> usize {
        size_of::<Self>() + (self.counted.capacity() + self.all.capacity()) * size_of::<u64>()
    }
}
