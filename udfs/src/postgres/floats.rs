//! Casts to floats, which Arrow lets become infinite.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::error::Result;

use super::range::out_of_range;
use crate::FunctionError;

/// Texts that are numbers without end, without their sign, in lower case.
const INFINITIES: [&str; 2] = ["inf", "infinity"];

/// Casts texts, and numbers to narrower floats.
///
/// # Errors
/// 22003 for a number that the type cannot hold, 22P02 for a text that is none.
pub(super) fn to_float(from: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let converted = cast_with_options(from, to, &options)?;
    let wide = cast(&converted, &DataType::Float64)?;
    let wide = wide.as_primitive::<Float64Type>();
    if !wide.iter().flatten().any(f64::is_infinite) {
        return Ok(converted);
    }
    let mut infinite =
        (0..wide.len()).filter(|row| wide.is_valid(*row) && wide.value(*row).is_infinite());
    if from.data_type().is_string() {
        let texts = cast(from, &DataType::Utf8)?;
        let texts = texts.as_string::<i32>();
        for text in infinite.map(|row| texts.value(row)) {
            let number = text.trim().trim_start_matches(['+', '-']);
            if !INFINITIES.contains(&number.to_ascii_lowercase().as_str()) {
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
        // A numeric is never infinite itself.
        return match infinite.next() {
            Some(_) => Err(out_of_range(to).into()),
            None => Ok(converted),
        };
    };
    for row in infinite {
        if given.value(row).is_finite() {
            return Err(out_of_range(to).into());
        }
    }
    Ok(converted)
}
