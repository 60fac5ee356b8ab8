//! Arithmetic of `numeric`, which PostgreSQL computes to more digits than DataFusion does.
//!
//! A numeric of PostgreSQL has as many digits as its value needs, a column of Arrow one scale for
//! all rows. A quotient has [`QUOTIENT_DIGITS`] digits after the point, or the [`FEWEST_DIGITS`]
//! that PostgreSQL gives to any where the digits in front may need the room; and what is rounded is
//! rounded a half away from zero.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Datum, PrimitiveArray, Scalar, new_null_array};
use arrow::compute::kernels::{arity, numeric};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    ArrowPrimitiveType, DECIMAL128_MAX_PRECISION, DECIMAL128_MAX_SCALE, DECIMAL256_MAX_PRECISION,
    DECIMAL256_MAX_SCALE, DataType, Decimal128Type, Decimal256Type, i256,
};
use arrow::error::ArrowError;
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::arithmetic::Operation;

/// NUMERIC_MIN_SIG_DIGITS of PostgreSQL's `numeric.c`: the fewest significant digits of a quotient.
pub(super) const FEWEST_DIGITS: i8 = 16;
/// What these are where a quotient is below one: PostgreSQL counts in groups of four digits.
pub(super) const QUOTIENT_DIGITS: i8 = 20;

/// A numeric's digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Digits {
    /// Kept in 256 bits.
    is_wide: bool,
    /// In front of the point.
    whole: i8,
    /// After the point.
    scale: i8,
}

impl Digits {
    /// Those of a numeric or an integer; none for other types.
    fn of(data_type: &DataType) -> Option<Self> {
        let (is_wide, precision, scale) = match data_type {
            DataType::Int8 | DataType::UInt8 => (false, 3, 0),
            DataType::Int16 | DataType::UInt16 => (false, 5, 0),
            DataType::Int32 | DataType::UInt32 => (false, 10, 0),
            DataType::Int64 => (false, 19, 0),
            DataType::UInt64 => (false, 20, 0),
            DataType::Decimal32(precision, scale)
            | DataType::Decimal64(precision, scale)
            | DataType::Decimal128(precision, scale) => (false, *precision, *scale),
            DataType::Decimal256(precision, scale) => (true, *precision, *scale),
            _ => return None,
        };
        // Hundreds and thousands as units are nothing that SQL can name.
        (scale >= 0).then(|| Self {
            is_wide,
            whole: i8::try_from(precision).unwrap_or(i8::MAX) - scale,
            scale,
        })
    }

    fn data_type(self) -> DataType {
        let most = self.most();
        let scale = self.scale.min(most);
        let precision = self.whole.max(0).saturating_add(scale).clamp(1, most);
        match self.is_wide {
            true => DataType::Decimal256(precision.unsigned_abs(), scale),
            false => DataType::Decimal128(precision.unsigned_abs(), scale),
        }
    }

    /// The most digits in all.
    fn most(self) -> i8 {
        let most = match self.is_wide {
            true => DECIMAL256_MAX_PRECISION,
            false => DECIMAL128_MAX_PRECISION,
        };
        i8::try_from(most).unwrap_or(i8::MAX)
    }

    /// With as many digits after the point as leave room for those in front: `least` at least, and
    /// `scale` at most.
    fn with_room(self, least: i8) -> Self {
        let room = self.most() - self.whole.min(self.most());
        Self {
            scale: room
                .clamp(least.min(self.scale), self.scale)
                .min(self.most()),
            ..self
        }
    }
}

/// The type of what an operator between two numbers answers, where one is numeric and the other is
/// numeric or an integer.
pub(super) fn answer(operation: Operation, left: &DataType, right: &DataType) -> Option<DataType> {
    if !left.is_decimal() && !right.is_decimal() {
        return None;
    }
    let (left, right) = (Digits::of(left)?, Digits::of(right)?);
    let most = left.scale.max(right.scale);
    let digits = Digits {
        is_wide: left.is_wide || right.is_wide,
        whole: left.whole.max(right.whole),
        scale: most,
    };
    let digits = match operation {
        Operation::Divide => Digits {
            whole: left.whole.saturating_add(right.scale),
            scale: most.max(QUOTIENT_DIGITS),
            ..digits
        }
        .with_room(most.max(FEWEST_DIGITS)),
        Operation::Multiply => Digits {
            whole: left.whole.saturating_add(right.whole).saturating_add(1),
            scale: left.scale.saturating_add(right.scale),
            ..digits
        }
        .with_room(most.max(QUOTIENT_DIGITS)),
        Operation::Add | Operation::Subtract => Digits {
            whole: digits.whole.saturating_add(1),
            ..digits
        },
        Operation::Modulo => Digits {
            whole: left.whole.min(right.whole),
            ..digits
        },
        Operation::Negate => return None,
    };
    Some(digits.data_type())
}

/// The type of an average of numerics: that of their sum divided by a count.
pub(super) fn average(data_type: &DataType) -> Option<DataType> {
    // DataFusion averages narrower ones in their own width alone.
    let averaged = matches!(
        data_type,
        DataType::Decimal128(..) | DataType::Decimal256(..)
    );
    let digits = Digits::of(data_type).filter(|_| averaged)?;
    let quotient = Digits {
        scale: digits.scale.max(QUOTIENT_DIGITS),
        ..digits
    };
    let quotient = quotient.with_room(digits.scale.max(FEWEST_DIGITS));
    // An average has no more digits in front than what it is of, but room costs nothing.
    Some(
        Digits {
            whole: quotient.most(),
            ..quotient
        }
        .data_type(),
    )
}

/// The type of how far apart numerics are: of a variance, or of its root, a standard deviation.
pub(super) fn spread(data_type: &DataType, is_root: bool) -> Option<DataType> {
    let digits = Digits::of(data_type).filter(|digits| !digits.is_wide)?;
    let spread = Digits {
        whole: match is_root {
            true => digits.whole,
            false => digits.whole.saturating_mul(2),
        },
        scale: (digits.scale.saturating_mul(2)).clamp(FEWEST_DIGITS, 2 * FEWEST_DIGITS),
        ..digits
    };
    let spread = spread.with_room(FEWEST_DIGITS);
    // As of averages.
    Some(
        Digits {
            whole: spread.most(),
            ..spread
        }
        .data_type(),
    )
}

/// The numeric that is an integer's literal, with no more digits than it has.
pub(super) fn literal(value: &ScalarValue) -> Option<ScalarValue> {
    let integer = match value {
        ScalarValue::Int8(value) => i128::from((*value)?),
        ScalarValue::Int16(value) => i128::from((*value)?),
        ScalarValue::Int32(value) => i128::from((*value)?),
        ScalarValue::Int64(value) => i128::from((*value)?),
        ScalarValue::UInt64(value) => i128::from((*value)?),
        _ => return None,
    };
    let digits = integer.unsigned_abs().checked_ilog10().unwrap_or(0) + 1;
    let precision = u8::try_from(digits).ok()?;
    Some(ScalarValue::Decimal128(Some(integer), precision, 0))
}

/// Computes an operator; `to` is what [`answer`] says of the types.
pub(super) fn compute(
    operation: Operation,
    left: &dyn Datum,
    right: &dyn Datum,
    to: &DataType,
) -> Result<ArrayRef, ArrowError> {
    let is_wide = matches!(to, DataType::Decimal256(..));
    let (left, right) = (numeric(left, is_wide)?, numeric(right, is_wide)?);
    let (left, right) = (left.as_ref(), right.as_ref());
    let (Some(first), Some(second)) = (
        Digits::of(left.get().0.data_type()),
        Digits::of(right.get().0.data_type()),
    ) else {
        return Err(ArrowError::InvalidArgumentError(
            "numeric arithmetic of what is no number".to_owned(),
        ));
    };
    let scale = Digits::of(to).map_or(0, |digits| digits.scale);
    let computed = match operation {
        Operation::Divide => {
            let shift = power(scale + second.scale - first.scale)?;
            match is_wide {
                true => rows::<Decimal256Type>(left, right, |left, right| {
                    quotient(left.checked_mul(shift).ok_or_else(overflow)?, right)
                })?,
                false => {
                    let narrow_shift = shift.to_i128();
                    rows::<Decimal128Type>(left, right, |left, right| {
                        if let Some(shifted) =
                            narrow_shift.and_then(|shift| left.checked_mul(shift))
                        {
                            return narrow_quotient(shifted, right);
                        }
                        let shifted = i256::from_i128(left).checked_mul(shift);
                        let wide = quotient(shifted.ok_or_else(overflow)?, i256::from_i128(right))?;
                        wide.to_i128().ok_or_else(overflow)
                    })?
                }
            }
        }
        Operation::Multiply if scale < first.scale + second.scale => {
            let cut = power(first.scale + second.scale - scale)?;
            match is_wide {
                true => rows::<Decimal256Type>(left, right, |left, right| {
                    quotient(left.checked_mul(right).ok_or_else(overflow)?, cut)
                })?,
                false => rows::<Decimal128Type>(left, right, |left, right| {
                    let product = i256::from_i128(left).checked_mul(i256::from_i128(right));
                    let rounded = quotient(product.ok_or_else(overflow)?, cut)?;
                    rounded.to_i128().ok_or_else(overflow)
                })?,
            }
        }
        Operation::Multiply => numeric::mul(left, right)?,
        Operation::Add => numeric::add(left, right)?,
        Operation::Subtract => numeric::sub(left, right)?,
        Operation::Modulo => numeric::rem(left, right)?,
        Operation::Negate => numeric::neg(left.get().0)?,
    };
    in_type(&computed, to)
}

/// Gives numerics of the same scale a type, which must have room for them.
fn in_type(computed: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    Ok(match to {
        DataType::Decimal256(precision, scale) => {
            let values = computed.as_primitive::<Decimal256Type>().clone();
            let values = values.with_precision_and_scale(*precision, *scale)?;
            values.validate_decimal_precision(*precision)?;
            Arc::new(values)
        }
        DataType::Decimal128(precision, scale) => {
            let values = computed.as_primitive::<Decimal128Type>().clone();
            let values = values.with_precision_and_scale(*precision, *scale)?;
            values.validate_decimal_precision(*precision)?;
            Arc::new(values)
        }
        _ => Arc::clone(computed),
    })
}

/// The type that an integer's or a numeric's value has as a numeric.
pub(super) fn exact(data_type: &DataType) -> Option<DataType> {
    Digits::of(data_type).map(Digits::data_type)
}

/// Averages that were computed to one digit more than `to` has.
pub(super) fn round_last_digit(averages: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    // Arrow rounds a half away from zero as it takes digits off.
    Ok(cast_with_options(averages, to, &options)?)
}

/// Whether a sum of a billion values of a type has room in 128 bits, with so many digits after the point.
pub(super) fn sums_within(data_type: &DataType, scale: i8) -> bool {
    const OF_ROWS: i8 = 9;
    Digits::of(data_type).is_some_and(|digits| {
        let whole = digits.whole.max(0).saturating_add(OF_ROWS);
        !digits.is_wide && whole.saturating_add(scale) <= digits.most()
    })
}

/// The type of averages with one digit more.
pub(super) fn with_one_digit_more(to: &DataType) -> Result<DataType> {
    Ok(match to {
        DataType::Decimal128(precision, scale) if *scale < DECIMAL128_MAX_SCALE => {
            DataType::Decimal128(*precision, scale + 1)
        }
        DataType::Decimal256(precision, scale) if *scale < DECIMAL256_MAX_SCALE => {
            DataType::Decimal256(*precision, scale + 1)
        }
        other if other.is_decimal() => other.clone(),
        other => return internal_err!("an average of numerics cannot be {other}"),
    })
}

/// An operand as a numeric of its own digits.
fn numeric(operand: &dyn Datum, is_wide: bool) -> Result<Box<dyn Datum>, ArrowError> {
    let (array, is_scalar) = operand.get();
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let converted = match Digits::of(array.data_type()) {
        Some(digits) => {
            let to = Digits { is_wide, ..digits }.data_type();
            cast_with_options(array, &to, &options)?
        }
        None => arrow::array::make_array(array.to_data()),
    };
    Ok(match is_scalar {
        true => Box::new(Scalar::new(converted)),
        false => Box::new(converted),
    })
}

pub(super) fn power(exponent: i8) -> Result<i256, ArrowError> {
    i256::from_i128(10)
        .checked_pow(u32::from(exponent.unsigned_abs()))
        .ok_or_else(overflow)
}

fn overflow() -> ArrowError {
    ArrowError::ArithmeticOverflow("numeric field overflow".to_owned())
}

/// A quotient, rounded a half away from zero.
pub(super) fn quotient(dividend: i256, divisor: i256) -> Result<i256, ArrowError> {
    if divisor == i256::ZERO {
        return Err(ArrowError::DivideByZero);
    }
    let whole = dividend.checked_div(divisor).ok_or_else(overflow)?;
    let rest = dividend.wrapping_rem(divisor).wrapping_abs();
    // The rest is at least half of the divisor; twice the rest might overflow.
    if rest < divisor.wrapping_abs().wrapping_sub(rest) {
        return Ok(whole);
    }
    Ok(match dividend.is_negative() == divisor.is_negative() {
        true => whole.wrapping_add(i256::ONE),
        false => whole.wrapping_sub(i256::ONE),
    })
}

/// [`quotient`] in 128 bits.
fn narrow_quotient(dividend: i128, divisor: i128) -> Result<i128, ArrowError> {
    if divisor == 0 {
        return Err(ArrowError::DivideByZero);
    }
    let whole = dividend.checked_div(divisor).ok_or_else(overflow)?;
    let rest = (dividend % divisor).unsigned_abs();
    if rest < divisor.unsigned_abs() - rest {
        return Ok(whole);
    }
    Ok(match (dividend < 0) == (divisor < 0) {
        true => whole + 1,
        false => whole - 1,
    })
}

/// Computes row by row; an operand may be one value for all rows.
fn rows<T: ArrowPrimitiveType>(
    left: &dyn Datum,
    right: &dyn Datum,
    compute: impl Fn(T::Native, T::Native) -> Result<T::Native, ArrowError>,
) -> Result<ArrayRef, ArrowError> {
    let ((left, is_left_scalar), (right, is_right_scalar)) = (left.get(), right.get());
    let data_type = left.data_type().clone();
    let (left, right) = (left.as_primitive::<T>(), right.as_primitive::<T>());
    let computed: PrimitiveArray<T> = match (is_left_scalar, is_right_scalar) {
        (true, _) if left.is_null(0) => return Ok(new_null_array(&data_type, right.len())),
        (_, true) if right.is_null(0) => return Ok(new_null_array(&data_type, left.len())),
        (true, _) => {
            let value = left.value(0);
            right.try_unary(|right| compute(value, right))?
        }
        (false, true) => {
            let value = right.value(0);
            left.try_unary(|left| compute(left, value))?
        }
        (false, false) => arity::try_binary(left, right, compute)?,
    };
    Ok(Arc::new(computed))
}
