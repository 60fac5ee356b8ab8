//! `most_frequent` for a window that moves.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use arrow::array::ArrayRef;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::Accumulator;

use super::super::window::Descending;
use super::counts::Counted;
use super::layout::{Layout, States};

/// The most frequent value of rows that leave in the order in which they came.
#[derive(Debug)]
pub(crate) struct MostFrequentInWindow {
    layout: Layout,
    values: HashMap<Vec<u8>, InWindow>,
    /// The values by how often they occur, then by their greatest order, the smallest value last.
    ranks: BTreeSet<Rank>,
    /// How many bytes are kept, beyond what the collections themselves take.
    bytes: usize,
    /// How many rows came.
    came: u64,
    /// How many of them left.
    left: u64,
}

/// How often a value occurs, its greatest order, and the value.
type Rank = (i64, Vec<u8>, Reverse<Vec<u8>>);

/// A value in the window.
#[derive(Debug, Default)]
struct InWindow {
    count: i64,
    orders: Descending,
}

impl InWindow {
    fn rank(&self, value: &[u8]) -> Rank {
        let order = self.orders.greatest().unwrap_or_default();
        (self.count, order.to_vec(), Reverse(value.to_vec()))
    }
}

fn size_of_rank(rank: &Rank) -> usize {
    size_of::<Rank>() + rank.1.capacity() + rank.2.0.capacity()
}

impl MostFrequentInWindow {
    /// Nothing seen yet.
    pub(crate) fn new(layout: Layout) -> Self {
        Self {
            layout,
            values: HashMap::new(),
            ranks: BTreeSet::new(),
            bytes: 0,
            came: 0,
            left: 0,
        }
    }

    /// Changes what is kept of a value.
    fn change(&mut self, value: &[u8], change: impl FnOnce(&mut InWindow)) {
        let mut kept = match self.values.remove_entry(value) {
            None => InWindow::default(),
            Some((key, kept)) => {
                let rank = kept.rank(value);
                self.bytes -= key.capacity() + kept.orders.size() + size_of_rank(&rank);
                self.ranks.remove(&rank);
                kept
            }
        };
        change(&mut kept);
        if kept.count == 0 {
            return;
        }
        let (key, rank) = (value.to_vec(), kept.rank(value));
        self.bytes += key.capacity() + kept.orders.size() + size_of_rank(&rank);
        self.ranks.insert(rank);
        self.values.insert(key, kept);
    }

    fn come(&mut self, row: Counted<'_>) {
        let number = self.came;
        self.change(row.value, |kept| {
            kept.count += row.count;
            if !row.order.is_empty() {
                kept.orders.push(number, row.order);
            }
        });
    }

    fn best(&self) -> Option<&[u8]> {
        self.ranks.last().map(|(_, _, Reverse(value))| &value[..])
    }
}

impl Accumulator for MostFrequentInWindow {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = self.layout.encode(values)?;
        for index in 0..rows.len() {
            if let Some(row) = rows.row(index, 0, 1) {
                self.come(row);
            }
            self.came += 1;
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = self.layout.encode(values)?;
        for index in 0..rows.len() {
            self.left += 1;
            let left = self.left;
            if let Some(row) = rows.row(index, 0, 1) {
                self.change(row.value, |kept| {
                    kept.count -= 1;
                    kept.orders.leave(left);
                });
            }
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let states = States::new(&self.layout, states)?;
        for row in 0..states.len() {
            for counted in states.of_row(row, 0) {
                self.come(counted);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let value = self.layout.values(&[self.best()])?;
        ScalarValue::try_from_array(&value, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let kept: Vec<Counted<'_>> = self
            .values
            .iter()
            .map(|(value, kept)| Counted {
                group: 0,
                count: kept.count,
                value,
                order: kept.orders.greatest().unwrap_or_default(),
            })
            .collect();
        let state = self.layout.state(&kept, 1)?;
        Ok(vec![ScalarValue::try_from_array(&state, 0)?])
    }

    fn size(&self) -> usize {
        size_of::<Self>()
            + self.layout.size()
            + self.bytes
            + self.values.capacity() * size_of::<(Vec<u8>, InWindow)>()
    }
}
