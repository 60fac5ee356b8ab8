//! `pg_sleep(seconds)` and `pg_sleep_for(interval)`: wait, and answer an empty text for PostgreSQL's
//! `void`.

use std::time::Duration;

use arrow::datatypes::{DataType, IntervalUnit};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;
use futures::FutureExt;

use super::function::{Call, CatalogFunction, Wait};
use super::functions::TEXT;

/// The functions.
pub fn functions() -> [ScalarUDF; 2] {
    let seconds: &[&[DataType]] = &[&[DataType::Float64]];
    let interval: &[&[DataType]] = &[&[DataType::Interval(IntervalUnit::MonthDayNano)]];
    let call: Wait = |_, values| {
        async move {
            let Some(seconds) = values.first().and_then(seconds_of) else {
                return Ok(ScalarValue::Utf8(None));
            };
            // A time that has passed, or is none, is not waited for.
            if let Ok(time) = Duration::try_from_secs_f64(seconds) {
                tokio::time::sleep(time).await;
            }
            Ok(ScalarValue::Utf8(Some(String::new())))
        }
        .boxed()
    };
    [
        CatalogFunction::udf("pg_sleep", seconds, TEXT, Call::Wait(call)),
        CatalogFunction::udf("pg_sleep_for", interval, TEXT, Call::Wait(call)),
    ]
}

/// How long it is waited: a month is one of 30 days.
fn seconds_of(value: &ScalarValue) -> Option<f64> {
    match value {
        ScalarValue::Float64(seconds) => *seconds,
        ScalarValue::IntervalMonthDayNano(Some(interval)) => {
            let days = i64::from(interval.months) * 30 + i64::from(interval.days);
            Some(days as f64 * 86_400.0 + interval.nanoseconds as f64 / 1e9)
        }
        _ => None,
    }
}
