//! `generate_series` as an array, which `unnest` makes rows of.

use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::moment::{later, span};
use super::row_function::{Form, Row, Type, form};
use crate::FunctionError;
use crate::formatting::Zone;

use Type::{
    BigInt, BigInts, Integer, Integers, Interval, Text, Timestamp, TimestampTz, TimestampTzs,
    Timestamps,
};

pub(super) const GENERATE_SERIES_ARRAY: &[Form] = &[
    form(&[Integer, Integer], Integers, integers),
    form(&[Integer, Integer, Integer], Integers, integers),
    form(&[BigInt, BigInt], BigInts, numbers),
    form(&[BigInt, BigInt, BigInt], BigInts, numbers),
    form(&[Timestamp, Timestamp, Interval], Timestamps, moments),
    form(&[TimestampTz, TimestampTz, Interval], TimestampTzs, moments),
    form(
        &[TimestampTz, TimestampTz, Interval, Text],
        TimestampTzs,
        moments,
    ),
];

/// The most elements of such an array.
pub(super) const MOST: usize = 1 << 24;

pub(super) fn too_many() -> FunctionError {
    FunctionError::limit_exceeded(format!(
        "a series of more than {MOST} values is not supported"
    ))
    .with_hint("Between integers that are literals, a series may be of any length.")
}

pub(super) fn no_step() -> FunctionError {
    FunctionError::invalid_argument("step size cannot equal zero")
}

fn integers(row: &Row<'_>) -> Result<ScalarValue> {
    // All of them are between the first and the last.
    let values = series(row)?.into_iter();
    let values = values.map(|value| i32::try_from(value).ok());
    let values: Vec<ScalarValue> = values.map(ScalarValue::Int32).collect();
    Ok(ScalarValue::List(ScalarValue::new_list_nullable(
        &values,
        &Integer.arrow(),
    )))
}

fn numbers(row: &Row<'_>) -> Result<ScalarValue> {
    let values = series(row)?.into_iter();
    let values: Vec<ScalarValue> = values.map(ScalarValue::from).collect();
    Ok(ScalarValue::List(ScalarValue::new_list_nullable(
        &values,
        &BigInt.arrow(),
    )))
}

fn series(row: &Row<'_>) -> Result<Vec<i64>> {
    let (first, last) = (row.integer(0), row.integer(1));
    let step = row.optional_integer(2).unwrap_or(1);
    if step == 0 {
        return Err(no_step().into());
    }
    let mut values = Vec::new();
    let mut next = Some(first);
    while let Some(value) = next
        && if step > 0 {
            value <= last
        } else {
            value >= last
        }
    {
        if values.len() == MOST {
            return Err(too_many().into());
        }
        values.push(value);
        next = value.checked_add(step);
    }
    Ok(values)
}

fn moments(row: &Row<'_>) -> Result<ScalarValue> {
    let (first, last, step) = (row.integer(0), row.integer(1), row.interval(2));
    let zone = match (row.has_zone(0), row.optional_text(3)) {
        (false, _) => Zone::Utc,
        (true, Some(name)) => Zone::named(name)?,
        (true, None) => Zone::named(&row.zone.time_zone)?,
    };
    let length = span(step);
    if length == 0 {
        return Err(no_step().into());
    }
    let name = row.has_zone(0).then(|| "UTC".into());
    let mut values = Vec::new();
    let mut next = first;
    while if length > 0 {
        next <= last
    } else {
        next >= last
    } {
        // From an end of time no step leads anywhere.
        if values.len() == MOST || matches!(next, i64::MIN | i64::MAX) {
            return Err(too_many().into());
        }
        values.push(ScalarValue::TimestampMicrosecond(Some(next), name.clone()));
        next = later(next, step, zone)?;
    }
    let data_type = if row.has_zone(0) {
        TimestampTz
    } else {
        Timestamp
    };
    Ok(ScalarValue::List(ScalarValue::new_list_nullable(
        &values,
        &data_type.arrow(),
    )))
}
