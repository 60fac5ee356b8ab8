//! What fills gaps, against slow and plain ways to do the same.

mod carried;
mod centers;
mod clauses;
mod constants;
mod curves;
mod drawn;
mod near;
mod types;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use arrow::util::pretty::pretty_format_batches;
use datafusion::error::Result;
use datafusion::prelude::SessionContext;
use proptest::prelude::*;

use super::IMPUTATIONS;
use crate::tests::refusal;

/// What a function makes of a partition.
fn try_fill(name: &str, arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let imputation = IMPUTATIONS
        .iter()
        .find(|imputation| imputation.form.name == name)
        .unwrap_or_else(|| panic!("there is no {name}"));
    let given: Vec<DataType> = arguments
        .iter()
        .map(|argument| argument.data_type().clone())
        .collect();
    let answer = (imputation.answer)(name, &given)?;
    let filled = imputation.over(arguments)?;
    assert_eq!(filled.data_type(), &answer, "{name}");
    assert_eq!(filled.len(), arguments[0].len(), "{name}");
    Ok(filled)
}

/// As [`try_fill`], where no error is expected.
fn fill(name: &str, arguments: &[ArrayRef]) -> ArrayRef {
    try_fill(name, arguments).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn integers(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn floats(values: &[Option<f64>]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

fn of_integers(array: &ArrayRef) -> Vec<Option<i64>> {
    array.as_primitive::<Int64Type>().iter().collect()
}

fn of_floats(array: &ArrayRef) -> Vec<Option<f64>> {
    array.as_primitive::<Float64Type>().iter().collect()
}

/// The same number in every row.
fn constant(value: i64, rows: usize) -> ArrayRef {
    Arc::new(Int64Array::from_value(value, rows))
}

/// A whole number nearest to `dividend / divisor`, a half away from zero.
fn rounded(dividend: i128, divisor: i128) -> i128 {
    let (dividend, divisor) = (dividend * divisor.signum(), divisor.abs());
    let magnitude = (2 * dividend.abs() + divisor) / (2 * divisor);
    magnitude * dividend.signum()
}

/// The arguments with their rows in another order.
fn permuted(arguments: &[ArrayRef], order: &[usize]) -> Vec<ArrayRef> {
    let order = UInt64Array::from_iter_values(order.iter().map(|row| *row as u64));
    arguments
        .iter()
        .map(|argument| take(argument, &order, None).unwrap())
        .collect()
}

/// Some values, and an order of their rows.
fn gappy_and_order(
    value: impl Strategy<Value = f64>,
    most: usize,
) -> impl Strategy<Value = (Vec<Option<f64>>, Vec<usize>)> {
    prop::collection::vec(prop::option::weighted(0.6, value), 1..most).prop_flat_map(|values| {
        let order: Vec<usize> = (0..values.len()).collect();
        (Just(values), Just(order).prop_shuffle())
    })
}

fn context() -> SessionContext {
    let mut context = SessionContext::new();
    crate::register_all(&mut context).unwrap();
    context
}

/// The rows that a query gives, as text.
async fn rows(statement: &str) -> String {
    let frame = context().sql(statement).await.unwrap();
    let batches = frame.collect().await.unwrap();
    pretty_format_batches(&batches).unwrap().to_string()
}
