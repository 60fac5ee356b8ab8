//! Values of keys in forms of which equal ones have the same bytes.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Decimal128Array, Float32Array, Float64Array};
use arrow::datatypes::{
    DECIMAL128_MAX_PRECISION, DataType, Float32Type, Float64Type, IntervalMonthDayNanoType,
    IntervalUnit,
};

/// PostgreSQL compares intervals as if each month had so many days (`interval_cmp_value`).
const DAYS_A_MONTH: i128 = 30;
const NANOSECONDS_A_DAY: i128 = 24 * 60 * 60 * 1_000_000_000;

/// The type of a column's comparable values.
pub fn comparable_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            DataType::Decimal128(DECIMAL128_MAX_PRECISION, 0)
        }
        other => other.clone(),
    }
}

/// The values of a column, comparable: an interval as its length, a float without the sign of zero
/// and with one NaN.
pub fn comparable(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let intervals = column.as_primitive::<IntervalMonthDayNanoType>();
            let lengths: Decimal128Array = intervals.unary(|interval| {
                let days = i128::from(interval.months) * DAYS_A_MONTH + i128::from(interval.days);
                days * NANOSECONDS_A_DAY + i128::from(interval.nanoseconds)
            });
            Arc::new(lengths.with_data_type(comparable_type(column.data_type())))
        }
        DataType::Float64 => {
            let floats = column.as_primitive::<Float64Type>();
            let one = |value: f64| {
                if value.is_nan() {
                    f64::NAN
                } else {
                    value + 0.0
                }
            };
            Arc::new(floats.unary::<_, Float64Type>(one) as Float64Array)
        }
        DataType::Float32 => {
            let floats = column.as_primitive::<Float32Type>();
            let one = |value: f32| {
                if value.is_nan() {
                    f32::NAN
                } else {
                    value + 0.0
                }
            };
            Arc::new(floats.unary::<_, Float32Type>(one) as Float32Array)
        }
        _ => Arc::clone(column),
    }
}
