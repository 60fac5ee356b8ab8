//! `most_frequent` for many groups at once.

use arrow::array::{ArrayRef, BooleanArray};
use datafusion::error::Result;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

use super::super::groups::{filtered, passes};
use super::counts::Counts;
use super::layout::{Layout, States};

/// The most frequent value of each group. Its state is a list of all of them.
#[derive(Debug)]
pub(crate) struct MostFrequentOfGroups {
    layout: Layout,
    counts: Counts,
}

impl MostFrequentOfGroups {
    /// Nothing seen yet.
    pub(crate) fn new(layout: Layout) -> Self {
        Self {
            layout,
            counts: Counts::default(),
        }
    }

    /// How many groups are to be given.
    fn emitted(&self, emit_to: EmitTo) -> usize {
        match emit_to {
            EmitTo::All => self.counts.groups(),
            EmitTo::First(groups) => groups,
        }
    }
}

impl GroupsAccumulator for MostFrequentOfGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.counts.resize(total_num_groups);
        let rows = self.layout.encode(values)?;
        for (index, group) in group_indices.iter().enumerate() {
            if passes(opt_filter, index)
                && let Some(row) = rows.row(index, *group, 1)
            {
                self.counts.add(row);
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
        self.counts.resize(total_num_groups);
        let states = States::new(&self.layout, values)?;
        for (index, group) in group_indices.iter().enumerate() {
            for counted in states.of_row(index, *group) {
                self.counts.add(counted);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let groups = self.emitted(emit_to);
        let best: Vec<_> = (0..groups).map(|group| self.counts.best(group)).collect();
        let values = self.layout.values(&best)?;
        self.counts.drop_groups(groups);
        Ok(values)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let groups = self.emitted(emit_to);
        let state = self.layout.state(&self.counts.of_groups(groups), groups)?;
        self.counts.drop_groups(groups);
        Ok(vec![state])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let mut columns = values.to_vec();
        if let (Some(filter), Some(value)) = (opt_filter, columns.first_mut()) {
            *value = filtered(value, filter)?;
        }
        Ok(vec![self.layout.states_of_rows(&columns)?])
    }

    fn size(&self) -> usize {
        self.layout.size() + self.counts.size()
    }
}
