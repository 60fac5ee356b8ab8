//! Casts to floats, which Arrow lets become infinite, and the one NaN that PostgreSQL knows.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float32Array, Float64Array};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::error::Result;

use super::nearest_floats::nearest_floats;
use super::range::{out_of_range, underflow};
use crate::FunctionError;

/// Texts that are numbers without end, without their sign, in lower case.
const INFINITIES: [&str; 2] = ["inf", "infinity"];

/// Floats with one NaN, which equals itself as in PostgreSQL. Arrow tells apart those of other signs and
/// payloads, which processors give: `inf - inf` is one with a sign.
#[must_use]
pub fn one_nan(values: &ArrayRef) -> ArrayRef {
    match values.data_type() {
        DataType::Float32 => {
            let floats = values.as_primitive::<Float32Type>();
            let is_other = |it: &f32| it.is_nan() && it.to_bits() != f32::NAN.to_bits();
            if !floats.values().iter().any(is_other) {
                return Arc::clone(values);
            }
            let one = |value: f32| if value.is_nan() { f32::NAN } else { value };
            Arc::new(floats.unary::<_, Float32Type>(one) as Float32Array)
        }
        DataType::Float64 => {
            let floats = values.as_primitive::<Float64Type>();
            let is_other = |it: &f64| it.is_nan() && it.to_bits() != f64::NAN.to_bits();
            if !floats.values().iter().any(is_other) {
                return Arc::clone(values);
            }
            let one = |value: f64| if value.is_nan() { f64::NAN } else { value };
            Arc::new(floats.unary::<_, Float64Type>(one) as Float64Array)
        }
        _ => Arc::clone(values),
    }
}

/// Casts texts, and numbers to narrower floats.
///
/// # Errors
/// 22003 for a number that the type cannot hold, 22P02 for a text that is none.
pub(super) fn to_float(from: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    if from.data_type().is_decimal() {
        return nearest_floats(from, to);
    }
    let converted = one_nan(&cast_with_options(from, to, &options)?);
    let wide = cast(&converted, &DataType::Float64)?;
    let wide = wide.as_primitive::<Float64Type>();
    let is_suspect = |value: f64| value.is_infinite() || value == 0.0;
    if !wide.iter().flatten().any(is_suspect) {
        return Ok(converted);
    }
    let mut suspects =
        (0..wide.len()).filter(|row| wide.is_valid(*row) && is_suspect(wide.value(*row)));
    if from.data_type().is_string() {
        let texts = cast(from, &DataType::Utf8)?;
        let texts = texts.as_string::<i32>();
        for row in suspects {
            let text = texts.value(row);
            let number = text.trim().trim_start_matches(['+', '-']);
            let is_lost = match wide.value(row) == 0.0 {
                true => is_not_zero(number),
                false => !INFINITIES.contains(&number.to_ascii_lowercase().as_str()),
            };
            if is_lost {
                let name = match to {
                    DataType::Float32 => "real",
                    _ => "double precision",
                };
                let message = format!("\"{text}\" is out of range for type {name}");
                return Err(FunctionError::out_of_range(message).into());
            }
        }
        return Ok(converted);
    }
    let Some(given) = from.as_primitive_opt::<Float64Type>() else {
        // What is no float is never infinite itself.
        return match suspects.any(|row| wide.value(row).is_infinite()) {
            true => Err(out_of_range(to).into()),
            false => Ok(converted),
        };
    };
    for row in suspects {
        let (given, became) = (given.value(row), wide.value(row));
        if given.is_finite() && became.is_infinite() {
            return Err(out_of_range(to).into());
        }
        if given != 0.0 && became == 0.0 {
            return Err(underflow().into());
        }
    }
    Ok(converted)
}

/// Whether the digits of a number are those of another number than zero.
fn is_not_zero(number: &str) -> bool {
    let digits = number.split(['e', 'E']).next().unwrap_or_default();
    digits.bytes().any(|digit| matches!(digit, b'1'..=b'9'))
}
