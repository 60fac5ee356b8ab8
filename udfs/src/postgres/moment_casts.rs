//! Casts between dates and timestamps, at the ends of time too, which Arrow takes for numbers of days
//! and microseconds.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Date32Array, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Date32Type, TimeUnit, TimestampMicrosecondType};
use datafusion::common::internal_err;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::logical_expr::{Cast, Expr};

use super::conversion::{Conversion, ConversionForm};
use crate::FunctionError;

const DAY: i64 = 86_400_000_000;

/// Whether these are a date and a timestamp.
pub(super) fn are_moments(from: &DataType, to: &DataType) -> bool {
    matches!(
        (from, to),
        (
            DataType::Date32,
            DataType::Timestamp(TimeUnit::Microsecond, _)
        ) | (
            DataType::Timestamp(TimeUnit::Microsecond, _),
            DataType::Date32
        )
    )
}

/// Casts dates to timestamps at their midnight, of UTC, and timestamps to dates.
///
/// # Errors
/// 22008 for a date that is no timestamp.
pub(super) fn cast_moments(from: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    Ok(match (from.data_type(), to) {
        (DataType::Date32, DataType::Timestamp(TimeUnit::Microsecond, zone)) => {
            let days = from.as_primitive::<Date32Type>();
            let moments: TimestampMicrosecondArray = days.try_unary(midnight)?;
            Arc::new(moments.with_timezone_opt(zone.clone()))
        }
        (DataType::Timestamp(TimeUnit::Microsecond, _), DataType::Date32) => {
            let moments = from.as_primitive::<TimestampMicrosecondType>();
            let days: Date32Array = moments.try_unary(day)?;
            Arc::new(days)
        }
        (from, to) => return internal_err!("{from} and {to} are no date and timestamp"),
    })
}

fn midnight(day: i32) -> Result<i64, FunctionError> {
    match day {
        i32::MIN => Ok(i64::MIN),
        i32::MAX => Ok(i64::MAX),
        _ => i64::from(day)
            .checked_mul(DAY)
            .ok_or_else(|| out_of_range("date out of range for timestamp")),
    }
}

fn day(moment: i64) -> Result<i32, FunctionError> {
    match moment {
        i64::MIN => Ok(i32::MIN),
        i64::MAX => Ok(i32::MAX),
        _ => i32::try_from(moment.div_euclid(DAY)).map_err(|_| out_of_range("date out of range")),
    }
}

fn out_of_range(message: &str) -> FunctionError {
    FunctionError {
        sqlstate: "22008",
        message: message.to_owned(),
        hint: None,
    }
}

/// A condition with casts of DataFusion's in the place of these, for whoever asks by bounds which values
/// it may be true of: these are casts to that, and functions are not. It must not be computed of values.
///
/// # Errors
/// None but those of walking the condition.
pub fn with_plain_casts(condition: Expr) -> Result<Expr> {
    let plain = condition.transform_up(|part| {
        let mut call = match part {
            Expr::ScalarFunction(call) => call,
            other => return Ok(Transformed::no(other)),
        };
        let conversion = call.func.inner().downcast_ref::<Conversion>();
        let to = conversion
            .filter(|conversion| conversion.form() == ConversionForm::Moments)
            .map(|conversion| conversion.to().clone());
        match (to, call.args.pop()) {
            (Some(to), Some(value)) => {
                Ok(Transformed::yes(Expr::Cast(Cast::new(Box::new(value), to))))
            }
            (_, value) => {
                call.args.extend(value);
                Ok(Transformed::no(Expr::ScalarFunction(call)))
            }
        }
    });
    plain.data()
}
