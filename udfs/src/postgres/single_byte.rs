//! PostgreSQL's `"char"`: the first byte of a text, or the byte of a number.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringArray};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::error::Result;

use crate::FunctionError;

/// The key of a field's metadata that tells a cast to `"char"`, which is text here.
pub const SINGLE_BYTE: &str = "tributary.single_byte";

/// Casts texts and numbers.
///
/// # Errors
/// 22003 for a number beyond a byte; 0A000 for a byte that is no character of its own.
pub(super) fn of(from: &ArrayRef) -> Result<ArrayRef> {
    if !from.data_type().is_string() {
        let options = CastOptions {
            safe: false,
            ..CastOptions::default()
        };
        let numbers = cast_with_options(from, &DataType::Int64, &options)?;
        let numbers = numbers.as_primitive::<Int64Type>().iter();
        let characters = numbers.map(|number| number.map(of_number).transpose());
        return Ok(Arc::new(characters.collect::<Result<StringArray, _>>()?));
    }
    let texts = cast(from, &DataType::Utf8)?;
    let texts = texts.as_string::<i32>().iter();
    let characters = texts.map(|text| text.map(of_text).transpose());
    Ok(Arc::new(characters.collect::<Result<StringArray, _>>()?))
}

fn of_number(number: i64) -> Result<String, FunctionError> {
    let byte =
        i8::try_from(number).map_err(|_| FunctionError::out_of_range("\"char\" out of range"))?;
    match u8::try_from(byte) {
        // PostgreSQL shows a zero as nothing.
        Ok(0) => Ok(String::new()),
        Ok(byte) => Ok(char::from(byte).to_string()),
        Err(_) => Err(not_ascii()),
    }
}

fn of_text(text: &str) -> Result<String, FunctionError> {
    match text.chars().next() {
        Some(first) if !first.is_ascii() => Err(not_ascii()),
        first => Ok(first.map(String::from).unwrap_or_default()),
    }
}

fn not_ascii() -> FunctionError {
    FunctionError::unsupported("a \"char\" that is not ASCII is not supported")
        .with_hint("Cast to text, or to char(1) for the first character.")
}
