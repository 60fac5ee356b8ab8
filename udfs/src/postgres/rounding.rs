//! From a number with a fraction to an integer: rounded, where Arrow cuts the fraction off.
//!
//! PostgreSQL rounds a half of `numeric` away from zero, and a half of a float to the even
//! neighbour (`rint` of C).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Decimal256Type, Float64Type, i256};
use arrow::datatypes::{Int8Type, Int16Type, Int32Type, Int64Type};
use datafusion::error::Result;

use super::range::out_of_range;

/// Rounds a column of floats or decimals to the integer type `to`.
pub(super) fn to_integer(from: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    match to {
        DataType::Int8 => rounded::<Int8Type>(from, to),
        DataType::Int16 => rounded::<Int16Type>(from, to),
        DataType::Int32 => rounded::<Int32Type>(from, to),
        _ => rounded::<Int64Type>(from, to),
    }
}

fn rounded<T: ArrowPrimitiveType>(from: &ArrayRef, to: &DataType) -> Result<ArrayRef>
where
    T::Native: TryFrom<i128>,
{
    let narrow = |wide: i128| T::Native::try_from(wide).map_err(|_| out_of_range(to));
    let array: PrimitiveArray<T> = match from.data_type() {
        DataType::Decimal128(_, scale) => {
            let unit = unit(*scale);
            from.as_primitive::<Decimal128Type>()
                .try_unary(|value| narrow(half_away(value, unit)))?
        }
        DataType::Decimal256(_, scale) => {
            let unit = i256::from_i128(10).wrapping_pow(u32::from(scale.unsigned_abs()));
            from.as_primitive::<Decimal256Type>().try_unary(|value| {
                let wide = half_away_wide(value, unit, *scale);
                narrow(wide.to_i128().ok_or_else(|| out_of_range(to))?)
            })?
        }
        _ => {
            let floats = cast(from, &DataType::Float64)?;
            floats.as_primitive::<Float64Type>().try_unary(|value| {
                let rounded = value.round_ties_even();
                // Every integer type is within this; NaN is within nothing.
                if rounded.abs() <= 1e19 {
                    narrow(rounded as i128)
                } else {
                    Err(out_of_range(to))
                }
            })?
        }
    };
    Ok(Arc::new(array))
}

fn unit(scale: i8) -> i128 {
    10_i128.saturating_pow(u32::from(scale.unsigned_abs()))
}

/// `value / unit`, a half away from zero.
fn half_away(value: i128, unit: i128) -> i128 {
    let (whole, rest) = (value / unit, value % unit);
    let is_up = rest.unsigned_abs() >= unit.unsigned_abs().div_ceil(2) && rest != 0;
    if is_up { whole + value.signum() } else { whole }
}

fn half_away_wide(value: i256, unit: i256, scale: i8) -> i256 {
    if scale == 0 {
        return value;
    }
    let (whole, rest) = (value.wrapping_div(unit), value.wrapping_rem(unit));
    let twice = rest.wrapping_abs().wrapping_mul(i256::from_i128(2));
    match (twice >= unit, value < i256::ZERO) {
        (false, _) => whole,
        (true, false) => whole.wrapping_add(i256::ONE),
        (true, true) => whole.wrapping_sub(i256::ONE),
    }
}
