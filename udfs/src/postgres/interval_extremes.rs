//! `greatest` and `least` of intervals, by their length, in which a month has 30 days and a day 24 hours.
//! DataFusion compares months first, then days, then times.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, IntervalMonthDayNanoArray};
use arrow::datatypes::{IntervalMonthDayNano, IntervalMonthDayNanoType};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use super::converted::only_value;
use super::functions::interval_span;

/// The longest or the shortest interval of each row, of which NULL is none; the first of equal ones.
pub(super) fn of(args: &[ColumnarValue], is_greatest: bool) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(args)?;
    let columns = arrays
        .iter()
        .map(|array| array.as_primitive::<IntervalMonthDayNanoType>());
    let columns: Vec<&IntervalMonthDayNanoArray> = columns.collect();
    let rows = columns.first().map_or(0, |column| column.len());
    let found: IntervalMonthDayNanoArray = (0..rows)
        .map(|row| {
            let values = columns
                .iter()
                .filter(|column| column.is_valid(row))
                .map(|column| column.value(row));
            values.reduce(|found, other| match is_beyond(other, found, is_greatest) {
                true => other,
                false => found,
            })
        })
        .collect();
    let found: ArrayRef = Arc::new(found);
    let is_column = |argument: &ColumnarValue| matches!(argument, ColumnarValue::Array(_));
    Ok(match args.iter().any(is_column) {
        true => ColumnarValue::Array(found),
        false => ColumnarValue::Scalar(only_value(&found)?),
    })
}

fn is_beyond(other: IntervalMonthDayNano, found: IntervalMonthDayNano, is_greatest: bool) -> bool {
    let (other, found) = (interval_span(other), interval_span(found));
    match is_greatest {
        true => other > found,
        false => other < found,
    }
}
