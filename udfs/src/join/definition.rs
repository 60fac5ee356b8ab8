//! What all threads of one join know.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array};
use arrow::record_batch::RecordBatch;
use datafusion::common::cast::as_boolean_array;
use datafusion::common::{JoinSide, JoinType};
use datafusion::error::Result;
use datafusion::physical_plan::joins::JoinOn;
use datafusion::physical_plan::joins::utils::{ColumnIndex, JoinFilter};

use super::cancellation::Cancellation;
use super::columns::evaluate;
use super::output::{Output, Remaining, Rows, gives_pairs};
use super::similarity::Similarity;

/// A join of two sides on a similarity.
#[derive(Clone, Debug)]
pub(super) struct Join {
    pub(super) join_type: JoinType,
    pub(super) on: JoinOn,
    pub(super) similarity: Similarity,
    /// What pairs of rows must satisfy beside the similarity and `on`.
    pub(super) filter: Option<JoinFilter>,
    pub(super) output: Output,
    /// How many rows a batch has.
    pub(super) batch_size: usize,
}

impl Join {
    /// Whether pairs of rows are given out, rather than rows of one side.
    pub(super) fn gives_pairs(&self) -> bool {
        gives_pairs(self.join_type)
    }

    /// Whether it matters which rows of a side found a partner.
    pub(super) fn marks(&self, side: JoinSide) -> bool {
        Remaining::of(self.join_type, side).is_some()
    }

    /// The key columns of a side.
    pub(super) fn keys(
        &self,
        rows: &RecordBatch,
        side: JoinSide,
        cancellation: &Cancellation,
    ) -> Result<Vec<ArrayRef>> {
        let keys = self.on.iter().map(|(left, right)| {
            let key = if side == JoinSide::Left { left } else { right };
            evaluate(key, rows, cancellation)
        });
        super::keys::plain(keys.collect::<Result<_>>()?)
    }

    /// The text column of a side.
    pub(super) fn text(
        &self,
        rows: &RecordBatch,
        side: JoinSide,
        cancellation: &Cancellation,
    ) -> Result<ArrayRef> {
        let text = match side {
            JoinSide::Left => &self.similarity.left,
            _ => &self.similarity.right,
        };
        evaluate(text, rows, cancellation)
    }

    /// The same join with its sides exchanged: what it gives out stays.
    pub(super) fn swapped(&self) -> Result<Self> {
        let swapped = |column: &ColumnIndex| ColumnIndex {
            index: column.index,
            side: column.side.negate(),
        };
        let on = self.on.iter();
        Ok(Self {
            join_type: self.join_type.swap(),
            on: on
                .map(|(left, right)| (Arc::clone(right), Arc::clone(left)))
                .collect(),
            similarity: self.similarity.swapped()?,
            filter: self.filter.as_ref().map(JoinFilter::swap),
            output: Output {
                schema: Arc::clone(&self.output.schema),
                columns: self.output.columns.iter().map(swapped).collect(),
            },
            batch_size: self.batch_size,
        })
    }

    /// Keeps the pairs of rows that satisfy the filter.
    pub(super) fn filter(
        &self,
        left: &RecordBatch,
        right: &RecordBatch,
        pairs: RowPairs,
    ) -> Result<RowPairs> {
        let Some(filter) = &self.filter else {
            return Ok(pairs);
        };
        let count = pairs.left.len();
        let left_rows = UInt32Array::from(pairs.left);
        let right_rows = UInt32Array::from(pairs.right);
        let intermediate = Output {
            schema: Arc::clone(filter.schema()),
            columns: filter.column_indices().to_vec(),
        };
        let batch = intermediate.batch(
            Rows::Taken(left, &left_rows),
            Rows::Taken(right, &right_rows),
            None,
            count,
        )?;
        let holds = filter.expression().evaluate(&batch)?.into_array(count)?;
        let holds = as_boolean_array(&holds)?;
        let mut kept = RowPairs::default();
        for (place, holds) in holds.iter().enumerate() {
            if holds == Some(true) {
                kept.push(left_rows.value(place), right_rows.value(place));
            }
        }
        Ok(kept)
    }

    /// Pairs of rows, as they are given out.
    pub(super) fn pairs(
        &self,
        left: &RecordBatch,
        right: &RecordBatch,
        pairs: RowPairs,
    ) -> Result<RecordBatch> {
        let count = pairs.left.len();
        let left_rows = UInt32Array::from(pairs.left);
        let right_rows = UInt32Array::from(pairs.right);
        self.output.batch(
            Rows::Taken(left, &left_rows),
            Rows::Taken(right, &right_rows),
            None,
            count,
        )
    }
}

/// Pairs of rows, by their places in both sides.
#[derive(Debug, Default)]
pub(super) struct RowPairs {
    pub(super) left: Vec<u32>,
    pub(super) right: Vec<u32>,
}

impl RowPairs {
    #[inline]
    pub(super) fn push(&mut self, left: u32, right: u32) {
        self.left.push(left);
        self.right.push(right);
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.left.append(&mut other.left);
        self.right.append(&mut other.right);
    }

    pub(super) fn len(&self) -> usize {
        self.left.len()
    }

    /// Takes the first so many out.
    pub(super) fn take_first(&mut self, count: usize) -> Self {
        let count = count.min(self.len());
        let first = |rows: &mut Vec<u32>| {
            let rest = rows.split_off(count);
            std::mem::replace(rows, rest)
        };
        Self {
            left: first(&mut self.left),
            right: first(&mut self.right),
        }
    }
}
