//! Functions of numbers.

use super::row_function::{Form, Type, form, integer};
use crate::FunctionError;

use Type::{BigInt, Float, Integer};

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
