//! Moments, times and intervals with fewer digits of a second, as `timestamp(3)` and `time(0)` have them: rounded
//! as `AdjustTimestampForTypmod` of PostgreSQL does, a half away from 2000-01-01.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, ListArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, Time64MicrosecondType,
    TimeUnit, TimestampMicrosecondType,
};
use datafusion::common::{exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, lit,
};
use datafusion::scalar::ScalarValue;

use super::converted::only_value;

/// The digits that moments have.
pub const MOMENT_DIGITS: u8 = 6;

/// Microseconds from 1970-01-01 to 2000-01-01.
const EPOCH: i64 = 946_684_800_000_000;

/// The function by its name, which is for the planner alone.
pub const ROUND_MOMENT: &str = "tributary_round_moment";

/// The function that rounds moments, or times, to so many digits of a second.
pub fn round_moment() -> ScalarUDF {
    ScalarUDF::new_from_impl(RoundMoment {
        signature: Signature::user_defined(Volatility::Immutable),
    })
}

/// A moment, or a time, with so many digits of a second.
pub fn rounded_moment(value: Expr, digits: u8) -> Expr {
    round_moment().call(vec![value, lit(i64::from(digits))])
}

/// Moments, times, or those in arrays, with so many digits of a second.
///
/// # Errors
/// Values of another type.
pub fn round_moments(values: &ArrayRef, digits: u8) -> Result<ArrayRef> {
    if let Some(lists) = values.as_list_opt::<i32>() {
        let (item, offsets, values, nulls) = lists.clone().into_parts();
        let values = round_moments(&values, digits)?;
        return Ok(Arc::new(ListArray::try_new(item, offsets, values, nulls)?));
    }
    let unit = 10_i64.pow(u32::from(MOMENT_DIGITS.saturating_sub(digits)));
    let data_type = values.data_type().clone();
    let rounded: ArrayRef = match &data_type {
        DataType::Timestamp(_, zone) => {
            let micros = cast(
                values,
                &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
            )?;
            let micros = micros.as_primitive::<TimestampMicrosecondType>();
            let rounded =
                micros.unary::<_, TimestampMicrosecondType>(|moment| moment_at(moment, unit));
            Arc::new(rounded.with_timezone_opt(zone.clone()))
        }
        DataType::Time64(_) | DataType::Time32(_) => {
            let micros = cast(values, &DataType::Time64(TimeUnit::Microsecond))?;
            let micros = micros.as_primitive::<Time64MicrosecondType>();
            let rounded =
                micros.unary::<_, Time64MicrosecondType>(|time| (time + unit / 2) / unit * unit);
            Arc::new(rounded)
        }
        DataType::Interval(_) => {
            let intervals = cast(values, &DataType::Interval(IntervalUnit::MonthDayNano))?;
            let intervals = intervals.as_primitive::<IntervalMonthDayNanoType>();
            let rounded = intervals.unary::<_, IntervalMonthDayNanoType>(|interval| {
                let micros = interval.nanoseconds / 1_000;
                let half = micros.signum() * (unit / 2);
                let nanoseconds = micros.saturating_add(half) / unit * unit * 1_000;
                IntervalMonthDayNano {
                    nanoseconds,
                    ..interval
                }
            });
            Arc::new(rounded)
        }
        other => return exec_err!("{other} has no digits of a second"),
    };
    Ok(cast(&rounded, &data_type)?)
}

fn moment_at(moment: i64, unit: i64) -> i64 {
    if matches!(moment, i64::MIN | i64::MAX) {
        return moment;
    }
    let since = i128::from(moment) - i128::from(EPOCH);
    let (unit, half) = (i128::from(unit), i128::from(unit / 2));
    let rounded = match since >= 0 {
        true => (since + half) / unit * unit,
        false => -((-since + half) / unit * unit),
    };
    i64::try_from(rounded + i128::from(EPOCH)).unwrap_or(moment)
}

/// Whether values of a type have digits of a second, or those in its arrays.
fn is_of_moments(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(item) => is_of_moments(item.data_type()),
        other => matches!(
            other,
            DataType::Timestamp(..)
                | DataType::Time32(_)
                | DataType::Time64(_)
                | DataType::Interval(_)
        ),
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct RoundMoment {
    signature: Signature,
}

impl ScalarUDFImpl for RoundMoment {
    fn name(&self) -> &str {
        ROUND_MOMENT
    }

    /// A column keeps its name.
    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        match args {
            [value, digits] => Ok(format!("{}({digits})", value.schema_name())),
            _ => plan_err!("a moment and its digits are expected"),
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [value, _] if is_of_moments(value) => Ok(vec![value.clone(), DataType::Int64]),
            _ => plan_err!("a moment and its digits are expected"),
        }
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        match given.first() {
            Some(value) => Ok(value.clone()),
            None => plan_err!("a moment and its digits are expected"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [
            value,
            ColumnarValue::Scalar(ScalarValue::Int64(Some(digits))),
        ] = args.args.as_slice()
        else {
            return exec_err!("a moment and its digits are expected");
        };
        let digits = u8::try_from(*digits).unwrap_or(MOMENT_DIGITS);
        match value {
            ColumnarValue::Array(values) => {
                Ok(ColumnarValue::Array(round_moments(values, digits)?))
            }
            ColumnarValue::Scalar(value) => {
                let rounded = round_moments(&value.to_array()?, digits)?;
                Ok(ColumnarValue::Scalar(only_value(&rounded)?))
            }
        }
    }
}
