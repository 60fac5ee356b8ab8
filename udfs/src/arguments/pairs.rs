//! A number for each pair of texts.

use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use arrow::buffer::NullBuffer;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use super::call::Call;
use super::strings::Strings;

/// A distance or similarity of two texts, the same in both directions.
///
/// One is made for each batch, so that it can keep its buffers from pair to pair.
pub(crate) trait Metric {
    /// The type of the answer.
    type Answer: ArrowPrimitiveType;

    /// The answer for one pair.
    fn pair(&mut self, left: &str, right: &str) -> <Self::Answer as ArrowPrimitiveType>::Native;

    /// Takes in the text that one side has in every row of the batch.
    fn prepare(&mut self, constant: &str);

    /// The answer for the prepared text and another.
    fn prepared(&mut self, other: &str) -> <Self::Answer as ArrowPrimitiveType>::Native;
}

impl<'a> Call<'a> {
    /// The metric of the text arguments at positions 0 and 1. NULL in gives NULL out.
    ///
    /// A constant is prepared once for the batch, and a dictionary held against it is computed
    /// once for each of its distinct values.
    pub(crate) fn pairs<M: Metric>(&self, mut metric: M) -> Result<ColumnarValue> {
        let left = self.text(0)?;
        let right = self.text(1)?;
        match (&left, &right) {
            (Strings::Constant(Some(constant)), _) => {
                metric.prepare(constant);
                self.over_distinct(&right, |others, rows| {
                    Ok(against_constant(&mut metric, others, rows))
                })
            }
            (_, Strings::Constant(Some(constant))) => {
                metric.prepare(constant);
                self.over_distinct(&left, |others, rows| {
                    Ok(against_constant(&mut metric, others, rows))
                })
            }
            _ => self.answer(pair_by_pair(&mut metric, &left, &right, self.rows())),
        }
    }
}

fn against_constant<M: Metric>(metric: &mut M, others: &Strings<'_>, rows: usize) -> ArrayRef {
    let nulls = others.nulls(rows);
    fill::<M::Answer>(rows, nulls, |row| metric.prepared(others.value(row)))
}

fn pair_by_pair<M: Metric>(
    metric: &mut M,
    left: &Strings<'_>,
    right: &Strings<'_>,
    rows: usize,
) -> ArrayRef {
    let nulls = NullBuffer::union(left.nulls(rows).as_ref(), right.nulls(rows).as_ref());
    fill::<M::Answer>(rows, nulls, |row| {
        metric.pair(left.value(row), right.value(row))
    })
}

/// Computes every row that is not NULL.
fn fill<T: ArrowPrimitiveType>(
    rows: usize,
    nulls: Option<NullBuffer>,
    mut compute: impl FnMut(usize) -> T::Native,
) -> ArrayRef {
    let values: Vec<T::Native> = match &nulls {
        None => (0..rows).map(compute).collect(),
        Some(nulls) => {
            let mut values = vec![T::Native::default(); rows];
            for row in nulls.valid_indices() {
                values[row] = compute(row);
            }
            values
        }
    };
    Arc::new(PrimitiveArray::<T>::new(values.into(), nulls))
}
