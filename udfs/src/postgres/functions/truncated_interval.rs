//! `date_trunc` of intervals: what is less than the unit is cut off, towards zero.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, IntervalMonthDayNanoArray};
use arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use super::super::converted::only_value;
use super::super::moment_text::interval::{Unit, unit};
use super::moment::{SECOND, interval, micros};
use crate::FunctionError;

/// The type that intervals are cut in.
pub(super) const INTERVAL: DataType = DataType::Interval(IntervalUnit::MonthDayNano);

/// The intervals cut to the units that are named beside them.
pub(super) fn of(args: &[ColumnarValue]) -> Result<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(args)?;
    let [names, intervals] = arrays.as_slice() else {
        return internal_err!("date_trunc has a unit and an interval");
    };
    let Some(names) = names.as_string_opt::<i32>() else {
        return internal_err!("{} are no names of units", names.data_type());
    };
    let intervals = intervals.as_primitive::<IntervalMonthDayNanoType>();
    let mut cut = Vec::with_capacity(intervals.len());
    for row in 0..intervals.len() {
        cut.push(match names.is_null(row) || intervals.is_null(row) {
            true => None,
            false => Some(truncated(names.value(row), intervals.value(row))?),
        });
    }
    let cut: ArrayRef = Arc::new(IntervalMonthDayNanoArray::from(cut));
    let is_column = |argument: &ColumnarValue| matches!(argument, ColumnarValue::Array(_));
    Ok(match args.iter().any(is_column) {
        true => ColumnarValue::Array(cut),
        false => ColumnarValue::Scalar(only_value(&cut)?),
    })
}

/// An interval without what is less than a unit (`interval_trunc`).
fn truncated(
    name: &str,
    value: IntervalMonthDayNano,
) -> Result<IntervalMonthDayNano, FunctionError> {
    let name = name.to_lowercase();
    let (all_months, all_days) = (i64::from(value.months), i64::from(value.days));
    let time = micros(value);
    let months = |unit: i64| interval(all_months - all_months % unit, 0, 0);
    let time_of = |unit: i64| interval(all_months, all_days, time - time % unit);
    if matches!(name.as_str(), "quarter" | "qtr") {
        return months(3);
    }
    match unit(&name) {
        Some(Unit::Millennium) => months(12_000),
        Some(Unit::Century) => months(1_200),
        Some(Unit::Decade) => months(120),
        Some(Unit::Year) => months(12),
        Some(Unit::Month) => months(1),
        Some(Unit::Day) => interval(all_months, all_days, 0),
        Some(Unit::Hour) => time_of(3_600 * SECOND),
        Some(Unit::Minute) => time_of(60 * SECOND),
        Some(Unit::Second) => time_of(SECOND),
        Some(Unit::Millisecond) => time_of(SECOND / 1_000),
        Some(Unit::Microsecond) => time_of(1),
        Some(Unit::Week) => Err(FunctionError::unsupported(format!(
            "unit \"{name}\" not supported for type interval"
        ))
        .with_hint("Months usually have fractional weeks: cut to days or months.")),
        None if is_known(&name) => Err(FunctionError::unsupported(format!(
            "unit \"{name}\" not supported for type interval"
        ))),
        None => Err(FunctionError::invalid_argument(format!(
            "unit \"{name}\" not recognized for type interval"
        ))),
    }
}

/// Whether a name is one of a field that moments have and intervals cannot be cut to.
fn is_known(name: &str) -> bool {
    matches!(name, "timezone" | "timezone_hour" | "timezone_minute")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_cut_towards_zero() {
        let of = |name: &str, months: i32, days: i32, micros: i64| {
            let given = IntervalMonthDayNano::new(months, days, micros * 1_000);
            let cut = truncated(name, given).unwrap();
            (cut.months, cut.days, cut.nanoseconds / 1_000)
        };
        let time = 3_723_456_789;
        assert_eq!(of("year", 41, 2, time), (36, 0, 0));
        assert_eq!(of("quarter", -14, 5, time), (-12, 0, 0));
        assert_eq!(of("century", -1_500, 0, 0), (-1_200, 0, 0));
        assert_eq!(of("day", 1, -1, -time), (1, -1, 0));
        assert_eq!(of("minute", 0, 1, -time), (0, 1, -3_720_000_000));
        assert_eq!(of("MILLISECONDS", 0, 0, time), (0, 0, 3_723_456_000));
        let given = IntervalMonthDayNano::new(0, 14, 0);
        assert_eq!(truncated("week", given).unwrap_err().sqlstate, "0A000");
        assert_eq!(truncated("foo", given).unwrap_err().sqlstate, "22023");
    }
}
