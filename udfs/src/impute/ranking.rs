//! Values of any type that can be compared, in their order.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::row::{RowConverter, Rows, SortField};
use datafusion::error::Result;

use super::amounts::canonical;
use crate::FunctionError;
use crate::arguments::is_comparable;

/// The type itself where its values can be compared, or an error that names the function.
pub(super) fn comparable_type(function: &str, given: &DataType) -> Result<DataType, FunctionError> {
    if is_comparable(given) {
        return Ok(given.clone());
    }
    Err(FunctionError::no_such_form(format!(
        "{function} takes values that can be compared, not {}",
        crate::type_name(given)
    )))
}

/// The values with one NaN and one zero, so that equal ones are the same.
pub(super) fn comparable(values: &ArrayRef) -> ArrayRef {
    match values.data_type() {
        DataType::Float64 => {
            let floats = values.as_primitive::<Float64Type>();
            Arc::new(floats.unary::<_, Float64Type>(canonical))
        }
        DataType::Float32 => {
            let floats = values.as_primitive::<Float32Type>();
            Arc::new(floats.unary::<_, Float32Type>(|float| canonical(f64::from(float)) as f32))
        }
        _ => Arc::clone(values),
    }
}

/// Rows of bytes that compare, and are equal, as the rows of these columns.
pub(super) fn rows_of(columns: &[ArrayRef]) -> Result<Rows> {
    let fields = columns
        .iter()
        .map(|column| SortField::new(column.data_type().clone()))
        .collect();
    Ok(RowConverter::new(fields)?.convert_columns(columns)?)
}

/// Which value of a column comes before which.
#[derive(Debug)]
pub(super) struct Ranking {
    /// The ranked rows, those of equal values beside each other, the smallest first.
    pub(super) order: Vec<usize>,
    /// The first place in `order` of each distinct value, ascending.
    starts: Vec<usize>,
}

impl Ranking {
    /// Ranks the values of these rows; they must be [`comparable`].
    pub(super) fn of(values: &ArrayRef, ranked: impl Iterator<Item = usize>) -> Result<Self> {
        let rows = rows_of(std::slice::from_ref(values))?;
        let mut order: Vec<usize> = ranked.collect();
        order.sort_by(|left, right| rows.row(*left).cmp(&rows.row(*right)));
        let starts = (0..order.len())
            .filter(|place| *place == 0 || rows.row(order[*place]) != rows.row(order[*place - 1]))
            .collect();
        Ok(Self { order, starts })
    }

    /// A row of each distinct value, the smallest value first.
    pub(super) fn distinct(&self) -> impl Iterator<Item = usize> {
        self.starts.iter().map(|start| self.order[*start])
    }

    /// The ranked rows, each with the number of distinct values before its own.
    pub(super) fn ranks(&self) -> impl Iterator<Item = (usize, usize)> {
        let ends = self
            .starts
            .iter()
            .skip(1)
            .copied()
            .chain([self.order.len()]);
        self.starts
            .iter()
            .zip(ends)
            .enumerate()
            .flat_map(|(rank, (start, end))| {
                self.order[*start..end].iter().map(move |row| (*row, rank))
            })
    }
}
