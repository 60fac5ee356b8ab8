//! A number for each pair of texts.

use std::sync::Arc;

use arrow::array::{ArrowPrimitiveType, PrimitiveArray};
use arrow::buffer::NullBuffer;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use super::call::Call;
use super::strings::Strings;
use crate::interrupt;

/// The type of a metric's answers as Rust has it.
pub(crate) type Native<M> = <<M as Metric>::Answer as ArrowPrimitiveType>::Native;

/// A distance or similarity of two texts.
///
/// One is made for each batch, so that it can keep its buffers from pair to pair.
pub(crate) trait Metric {
    /// The type of the answer.
    type Answer: ArrowPrimitiveType;

    /// The answer for one pair.
    fn pair(&mut self, left: &str, right: &str) -> Native<Self>;

    /// Takes in the text that one side has in every row of the batch.
    fn prepare(&mut self, constant: &str);

    /// The answer for the prepared text and another.
    fn prepared(&mut self, other: &str) -> Native<Self>;

    /// Writes the answers of rows that are not NULL, each at its place; once it is interrupted,
    /// those that it comes to.
    fn many(
        &mut self,
        sides: Sides<'_>,
        rows: impl Iterator<Item = usize>,
        answers: &mut [Native<Self>],
    ) {
        let listener = interrupt::listen();
        for row in rows {
            if listener.is_interrupted() {
                return;
            }
            answers[row] = match sides {
                Sides::Both(left, right) => self.pair(left.value(row), right.value(row)),
                Sides::Prepared(_, others) => self.prepared(others.value(row)),
            };
        }
    }
}

/// What is compared with what.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sides<'a> {
    /// The texts of two arguments, row by row.
    Both(&'a Strings<'a>, &'a Strings<'a>),
    /// One text, which the metric has prepared, and those of an argument.
    Prepared(&'a str, &'a Strings<'a>),
}

impl<'a> Call<'a> {
    /// The metric of the text arguments at positions 0 and 1, which is the same in both directions.
    /// NULL in gives NULL out.
    ///
    /// A constant is prepared once for the batch, and a dictionary held against it is computed
    /// once for each of its distinct values. Two dictionaries with fewer pairs than there are rows
    /// are computed once for each pair that occurs.
    pub(crate) fn pairs<M: Metric>(&self, metric: M) -> Result<ColumnarValue> {
        let left = self.text(0)?;
        let right = self.text(1)?;
        match &right {
            Strings::Constant(Some(_)) => self.ordered_pairs(metric, &right, &left),
            _ => self.ordered_pairs(metric, &left, &right),
        }
    }

    /// As [`Self::pairs`], of a metric that is another the other way round; only the left side is
    /// prepared.
    pub(crate) fn ordered_pairs<M: Metric>(
        &self,
        mut metric: M,
        left: &Strings<'a>,
        right: &Strings<'a>,
    ) -> Result<ColumnarValue> {
        if let Strings::Constant(Some(constant)) = left {
            metric.prepare(constant);
            return self.over_distinct(right, |others, rows| {
                let nulls = others.nulls(rows);
                let sides = Sides::Prepared(constant, others);
                Ok(Arc::new(compute(&mut metric, sides, rows, nulls)))
            });
        }
        let rows = self.rows();
        let answers = match distinct_pairs(&mut metric, left, right, rows) {
            Some(answers) => answers,
            None => {
                let nulls = nulls_of_both(left, right, rows);
                compute(&mut metric, Sides::Both(left, right), rows, nulls)
            }
        };
        self.answer(Arc::new(answers))
    }
}

fn nulls_of_both(left: &Strings<'_>, right: &Strings<'_>, rows: usize) -> Option<NullBuffer> {
    NullBuffer::union(left.nulls(rows).as_ref(), right.nulls(rows).as_ref())
}

/// Computes every row that is not NULL.
fn compute<M: Metric>(
    metric: &mut M,
    sides: Sides<'_>,
    rows: usize,
    nulls: Option<NullBuffer>,
) -> PrimitiveArray<M::Answer> {
    let mut answers = vec![Native::<M>::default(); rows];
    match &nulls {
        None => metric.many(sides, 0..rows, &mut answers),
        Some(nulls) => metric.many(sides, nulls.valid_indices(), &mut answers),
    }
    PrimitiveArray::new(answers.into(), nulls)
}

/// The answers for two dictionaries with no more pairs of values than there are rows.
fn distinct_pairs<M: Metric>(
    metric: &mut M,
    left: &Strings<'_>,
    right: &Strings<'_>,
    rows: usize,
) -> Option<PrimitiveArray<M::Answer>> {
    let (
        Strings::Dictionary {
            keys: left_keys,
            values: left_values,
            ..
        },
        Strings::Dictionary {
            keys: right_keys,
            values: right_values,
            ..
        },
    ) = (left, right)
    else {
        return None;
    };
    let width = right_values.len();
    let table = left_values.len().checked_mul(width)?;
    if table > rows {
        return None;
    }
    let nulls = nulls_of_both(left, right, rows);
    // The number of each pair of values that occurs, in order of appearance.
    let mut numbers: Vec<Option<usize>> = vec![None; table];
    let mut pairs = (Vec::new(), Vec::new());
    let mut of_rows = vec![0; rows];
    let mut number_row = |row: usize| {
        let (left, right) = (left_keys[row], right_keys[row]);
        of_rows[row] = *numbers[left * width + right].get_or_insert_with(|| {
            pairs.0.push(left);
            pairs.1.push(right);
            pairs.0.len() - 1
        });
    };
    match &nulls {
        None => (0..rows).for_each(&mut number_row),
        Some(nulls) => nulls.valid_indices().for_each(&mut number_row),
    }
    let distinct = pairs.0.len();
    let left = of_keys(pairs.0, left_values);
    let right = of_keys(pairs.1, right_values);
    let answers = compute(metric, Sides::Both(&left, &right), distinct, None);
    let answers = answers.values();
    let of_rows = of_rows.into_iter();
    let values: Vec<_> = of_rows
        .map(|number| answers.get(number).copied().unwrap_or_default())
        .collect();
    Some(PrimitiveArray::new(values.into(), nulls))
}

/// A dictionary of values without NULLs.
fn of_keys<'a>(keys: Vec<usize>, values: &Strings<'a>) -> Strings<'a> {
    Strings::Dictionary {
        keys,
        nulls: None,
        values: Box::new(values.clone()),
    }
}
