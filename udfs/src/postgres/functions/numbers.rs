//! Functions of numbers.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{ArrowPrimitiveType, Float64Type, TimestampMicrosecondType};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::row_function::{Form, Row, Type, form, integer, text};
use crate::FunctionError;
use crate::postgres::range::out_of_range;

use Type::{
    BigInt, Float, Floats, Integer, Text, Timestamp, TimestampTz, TimestampTzs, Timestamps,
};

/// `operand` and what stands at the ends of buckets, which may go down too, or where each bucket begins.
pub(super) const WIDTH_BUCKET: &[Form] = &[
    form(&[Float, Float, Float, BigInt], Integer, equal_bucket),
    form(&[Float, Floats], Integer, |row| {
        let operand = row.float(0);
        // NaN is greater than all numbers.
        bucket::<Float64Type>(row, |least| operand >= least || operand.is_nan())
    }),
    form(&[Timestamp, Timestamps], Integer, moment_bucket),
    form(&[TimestampTz, TimestampTzs], Integer, moment_bucket),
];

fn moment_bucket(row: &Row<'_>) -> Result<ScalarValue> {
    let operand = row.integer(0);
    bucket::<TimestampMicrosecondType>(row, |least| operand >= least)
}

/// The number of the last bucket that has begun, where the array behind the operand tells the beginnings
/// in their order (`width_bucket_array`).
fn bucket<T: ArrowPrimitiveType>(
    row: &Row<'_>,
    has_begun: impl Fn(T::Native) -> bool,
) -> Result<ScalarValue> {
    let Some(beginnings) = row.list(1) else {
        return Ok(ScalarValue::Int32(None));
    };
    if beginnings.null_count() > 0 {
        return Err(FunctionError {
            sqlstate: "22004",
            message: "thresholds array must not contain NULLs".to_owned(),
            hint: None,
        }
        .into());
    }
    let Some(beginnings) = beginnings.as_primitive_opt::<T>() else {
        return internal_err!("buckets begin at values of another type");
    };
    let begun = beginnings
        .values()
        .partition_point(|beginning| has_begun(*beginning));
    integer(i64::try_from(begun).unwrap_or(i64::MAX))
}

/// The number of a bucket among those that are equally wide (`width_bucket_float8`).
fn equal_bucket(row: &Row<'_>) -> Result<ScalarValue> {
    let (operand, low, high) = (row.float(0), row.float(1), row.float(2));
    let error = |message: &str| FunctionError {
        sqlstate: "2201G",
        message: message.to_owned(),
        hint: None,
    };
    let count = row.integer(3);
    if count <= 0 {
        return Err(error("count must be greater than zero").into());
    }
    if operand.is_nan() || low.is_nan() || high.is_nan() {
        return Err(error("operand, lower bound, and upper bound cannot be NaN").into());
    }
    if !low.is_finite() || !high.is_finite() {
        return Err(error("lower and upper bounds must be finite").into());
    }
    if low == high {
        return Err(error("lower bound cannot equal upper bound").into());
    }
    let (operand, low, high) = match low < high {
        true => (operand, low, high),
        false => (-operand, -low, -high),
    };
    integer(if operand < low {
        0
    } else if operand >= high {
        count + 1
    } else {
        (count as f64 * ((operand - low) / (high - low))) as i64 + 1
    })
}

/// The hexadecimal digits of a number; of one below zero, those of all the bits of its type.
pub(super) const TO_HEX: &[Form] = &[
    form(&[Integer], Text, |row| {
        let number = i32::try_from(row.integer(0)).map_err(|_| out_of_range(&Integer.arrow()))?;
        Ok(text(format!("{number:x}")))
    }),
    form(&[BigInt], Text, |row| {
        Ok(text(format!("{:x}", row.integer(0))))
    }),
];

/// The number of rows of `FETCH FIRST n ROWS WITH TIES`: a mark that a planner sees, which is the number
/// itself where it is computed.
pub(super) const ROWS_WITH_TIES: &[Form] = &[form(&[BigInt], BigInt, |row| {
    Ok(ScalarValue::Int64(row.optional_integer(0)))
})];

/// The greatest common divisor; 0 of zeros.
pub(super) const GCD: &[Form] = &[
    form(&[Integer, Integer], Integer, |row| {
        let divisor = greatest_common_divisor(row.integer(0), row.integer(1));
        integer(in_type(divisor, Integer)?)
    }),
    form(&[BigInt, BigInt], BigInt, |row| {
        let divisor = greatest_common_divisor(row.integer(0), row.integer(1));
        Ok(ScalarValue::Int64(Some(in_type(divisor, BigInt)?)))
    }),
];

/// The least common multiple; 0 where one of the numbers is.
pub(super) const LCM: &[Form] = &[
    form(&[Integer, Integer], Integer, |row| {
        let multiple = least_common_multiple(row.integer(0), row.integer(1));
        integer(in_type(multiple, Integer)?)
    }),
    form(&[BigInt, BigInt], BigInt, |row| {
        let multiple = least_common_multiple(row.integer(0), row.integer(1));
        Ok(ScalarValue::Int64(Some(in_type(multiple, BigInt)?)))
    }),
];

fn greatest_common_divisor(left: i64, right: i64) -> u128 {
    let (mut left, mut right) = (left.unsigned_abs(), right.unsigned_abs());
    while right != 0 {
        (left, right) = (right, left % right);
    }
    u128::from(left)
}

fn least_common_multiple(left: i64, right: i64) -> u128 {
    match greatest_common_divisor(left, right) {
        0 => 0,
        divisor => u128::from(left.unsigned_abs()) / divisor * u128::from(right.unsigned_abs()),
    }
}

fn in_type(number: u128, answer: Type) -> Result<i64, FunctionError> {
    let fits = i64::try_from(number).ok();
    let fits = fits.filter(|number| answer != Integer || i32::try_from(*number).is_ok());
    fits.ok_or_else(|| out_of_range(&answer.arrow()))
}
