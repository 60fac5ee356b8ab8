//! Functions of numbers.

use datafusion::scalar::ScalarValue;

use super::row_function::{Form, Type, form, integer, text};
use crate::FunctionError;
use crate::postgres::range::out_of_range;

use Type::{BigInt, Float, Integer, Text};

/// `operand` and what stands at the ends of buckets, which may go down too (`width_bucket_float8`).
pub(super) const WIDTH_BUCKET: &[Form] = &[form(&[Float, Float, Float, BigInt], Integer, |row| {
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
})];

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
