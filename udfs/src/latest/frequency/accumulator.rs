//! `most_frequent` for one group.

use arrow::array::ArrayRef;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::Accumulator;

use super::counts::Counts;
use super::layout::{Layout, States};

/// The most frequent value of one group. Its state is a list of all of them.
#[derive(Debug)]
pub(crate) struct MostFrequent {
    layout: Layout,
    counts: Counts,
}

impl MostFrequent {
    /// Nothing seen yet.
    pub(crate) fn new(layout: Layout) -> Self {
        let mut counts = Counts::default();
        counts.resize(1);
        Self { layout, counts }
    }
}

impl Accumulator for MostFrequent {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = self.layout.encode(values)?;
        for index in 0..rows.len() {
            if let Some(row) = rows.row(index, 0, 1) {
                self.counts.add(row);
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let states = States::new(&self.layout, states)?;
        for row in 0..states.len() {
            for counted in states.of_row(row, 0) {
                self.counts.add(counted);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let value = self.layout.values(&[self.counts.best(0)])?;
        ScalarValue::try_from_array(&value, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let state = self.layout.state(&self.counts.of_groups(1), 1)?;
        Ok(vec![ScalarValue::try_from_array(&state, 0)?])
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.layout.size() + self.counts.size()
    }
}
