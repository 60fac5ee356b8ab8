//! How long intervals are, by which PostgreSQL compares them: a month has 30 days and a day 24 hours.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Decimal128Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, IntervalMonthDayNanoType, IntervalUnit};
use datafusion::error::Result;

const DAY: i128 = 86_400_000_000_000;
const DAYS_OF_MONTH: i128 = 30;
/// Nanoseconds of any interval.
pub(super) const SPAN: DataType = DataType::Decimal128(38, 0);

/// How long an interval of months, days and microseconds is, as [`spans`] tells it.
pub(super) fn span_of(months: i64, days: i64, micros: i64) -> i128 {
    let days = i128::from(months) * DAYS_OF_MONTH + i128::from(days);
    days * DAY + i128::from(micros) * 1000
}

/// How long intervals are.
pub(super) fn spans(intervals: &ArrayRef) -> Result<ArrayRef> {
    let intervals = cast(intervals, &DataType::Interval(IntervalUnit::MonthDayNano))?;
    let intervals = intervals.as_primitive::<IntervalMonthDayNanoType>();
    let spans: Decimal128Array = intervals
        .iter()
        .map(|interval| {
            interval.map(|interval| {
                let days = i128::from(interval.months) * DAYS_OF_MONTH + i128::from(interval.days);
                days * DAY + i128::from(interval.nanoseconds)
            })
        })
        .collect();
    Ok(Arc::new(spans.with_data_type(SPAN)))
}
