//! Casts to `numeric` that Arrow does otherwise than PostgreSQL.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Decimal256Array, StringArray};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, Float64Type, i256};
use arrow::error::ArrowError;
use datafusion::common::internal_err;
use datafusion::error::{DataFusionError, Result};

use super::numeric::{power, quotient};
use super::range::{arithmetic_error, out_of_range};
use super::text::double_precision;
use crate::FunctionError;

/// The significant digits of a `double precision` that its numeric has: DBL_DIG of C.
const DOUBLE_DIGITS: usize = 15;
/// Those of a `real`: FLT_DIG.
const SINGLE_DIGITS: usize = 6;

/// Casts floats by way of their decimal digits, so that 2.675 is 2.68 to two of them.
///
/// # Errors
/// 22003 for a number that the type cannot hold, and for what is no number.
pub(super) fn of_floats(from: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let digits = match from.data_type() {
        DataType::Float64 => DOUBLE_DIGITS,
        _ => SINGLE_DIGITS,
    };
    let floats = cast(from, &DataType::Float64)?;
    let floats = floats.as_primitive::<Float64Type>();
    let read = |scale: i8| {
        let mut values = Vec::with_capacity(floats.len());
        for value in floats {
            values.push(
                value
                    .map(|value| of_float(value, digits, scale, to))
                    .transpose()?,
            );
        }
        Ok::<Vec<Option<i256>>, DataFusionError>(values)
    };
    Ok(match to {
        DataType::Decimal128(precision, scale) => {
            let mut values = Vec::with_capacity(floats.len());
            for value in read(*scale)? {
                let narrow = |value: i256| value.to_i128().ok_or_else(|| out_of_range(to));
                values.push(value.map(narrow).transpose()?);
            }
            let values =
                Decimal128Array::from(values).with_precision_and_scale(*precision, *scale)?;
            let fits = values.validate_decimal_precision(*precision);
            fits.map_err(|_| out_of_range(to))?;
            Arc::new(values)
        }
        DataType::Decimal256(precision, scale) => {
            let values = Decimal256Array::from(read(*scale)?)
                .with_precision_and_scale(*precision, *scale)?;
            let fits = values.validate_decimal_precision(*precision);
            fits.map_err(|_| out_of_range(to))?;
            Arc::new(values)
        }
        other => return internal_err!("{other} is no numeric"),
    })
}

/// A float in units of the last digit of a numeric of this scale.
fn of_float(value: f64, digits: usize, scale: i8, to: &DataType) -> Result<i256> {
    if !value.is_finite() {
        return Err(no_such_numeric(&double_precision(value)).into());
    }
    let shown = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = shown.split_once('e').unwrap_or((&shown, "0"));
    let mantissa: i128 = mantissa.replace('.', "").parse().unwrap_or(0);
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let places = i32::try_from(digits).unwrap_or(0) - 1;
    let shift = exponent - places + i32::from(scale);
    let mantissa = i256::from_i128(mantissa);
    let result = match i8::try_from(shift) {
        _ if mantissa == i256::ZERO => Ok(mantissa),
        Ok(shift) if shift >= 0 => power(shift).and_then(|power| {
            mantissa
                .checked_mul(power)
                .ok_or_else(|| ArrowError::ArithmeticOverflow(String::new()))
        }),
        Ok(shift) if shift >= -76 => power(shift).and_then(|power| quotient(mantissa, power)),
        _ if shift < 0 => Ok(i256::ZERO),
        _ => Err(ArrowError::ArithmeticOverflow(String::new())),
    };
    result.map_err(|error| arithmetic_error(error, to))
}

/// What becomes of more digits after the point than a numeric has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digits {
    /// They are refused.
    Kept,
    /// They are rounded away.
    Rounded,
}

/// The widest shift of a point that is spelled out: no numeric has as many digits.
const FARTHEST: i32 = 100;

/// A number with an exponent as one without; what is no such number, as it is.
pub(super) fn spelled_out(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim();
    let unsigned = trimmed.trim_start_matches(['+', '-']);
    let sign = &trimmed[..trimmed.len() - unsigned.len()];
    let Some((mantissa, exponent)) = unsigned.split_once(['e', 'E']) else {
        return Cow::Borrowed(text);
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let is_number =
        sign.len() < 2 && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let (true, Ok(exponent)) = (is_number, exponent.parse::<i32>()) else {
        return Cow::Borrowed(text);
    };
    let exponent = exponent.clamp(-FARTHEST, FARTHEST);
    let point = i32::try_from(whole.len())
        .unwrap_or(i32::MAX)
        .saturating_add(exponent);
    let zeros = |count: usize| "0".repeat(count);
    Cow::Owned(match usize::try_from(point) {
        Err(_) => format!("{sign}0.{}{digits}", zeros(point.unsigned_abs() as usize)),
        Ok(point) if point < digits.len() => {
            let (whole, fraction) = digits.split_at(point);
            format!("{sign}{whole}.{fraction}")
        }
        Ok(point) => format!("{sign}{digits}{}", zeros(point - digits.len())),
    })
}

/// Casts texts to numerics.
///
/// # Errors
/// 22P02 for a text that is no number, 22003 for one that the type cannot hold.
pub(super) fn of_texts(from: &ArrayRef, to: &DataType, digits: Digits) -> Result<ArrayRef> {
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let texts = cast(from, &DataType::Utf8)?;
    let texts = texts.as_string::<i32>().iter();
    let texts: StringArray = texts.map(|text| text.map(spelled_out)).collect();
    let scale = match to {
        DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) => {
            usize::from(scale.unsigned_abs())
        }
        other => return internal_err!("{other} is no numeric"),
    };
    for text in texts.iter().flatten().filter(|_| digits == Digits::Kept) {
        let (_, fraction) = text.trim().split_once('.').unwrap_or_default();
        let kept = fraction.trim_end_matches('0');
        if kept.len() > scale && kept.bytes().all(|digit| digit.is_ascii_digit()) {
            let message = format!("\"{text}\" has more than {scale} digits after the point");
            return Err(FunctionError::out_of_range(message)
                .with_hint("Cast it to numeric(p, s) to round it.")
                .into());
        }
    }
    cast_with_options(&texts, to, &options).map_err(|error| {
        match texts.iter().flatten().find(|text| is_no_number(text)) {
            Some(text) => no_such_numeric(text).into(),
            None => DataFusionError::from(error),
        }
    })
}

/// Whether a text is what PostgreSQL's numeric may be beside numbers.
fn is_no_number(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text);
    text == "nan" || matches!(unsigned, "inf" | "infinity")
}

fn no_such_numeric(text: &str) -> FunctionError {
    FunctionError::unsupported(format!(
        "a numeric that is {} is not supported",
        text.trim()
    ))
    .with_hint("Keep such values as double precision, or as NULL.")
}
