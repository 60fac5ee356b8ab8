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

/// A byte of ASCII. PostgreSQL shows a zero as nothing.
fn shown(byte: u8) -> Result<String, FunctionError> {
    match byte {
        0 => Ok(String::new()),
        byte if byte.is_ascii() => Ok(char::from(byte).to_string()),
        _ => Err(not_ascii()),
    }
}

fn of_number(number: i64) -> Result<String, FunctionError> {
    let byte =
        i8::try_from(number).map_err(|_| FunctionError::out_of_range("\"char\" out of range"))?;
    shown(u8::try_from(byte).map_err(|_| not_ascii())?)
}

fn of_text(text: &str) -> Result<String, FunctionError> {
    if let Some(byte) = octal(text) {
        return shown(byte);
    }
    match text.chars().next() {
        Some(first) if !first.is_ascii() => Err(not_ascii()),
        first => Ok(first.map(String::from).unwrap_or_default()),
    }
}

/// The byte of `\101`, as PostgreSQL writes those that are not printed.
fn octal(text: &str) -> Option<u8> {
    let digits = text.strip_prefix('\\')?;
    let is_octal = digits.len() == 3 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
    let number = u16::from_str_radix(digits, 8).ok().filter(|_| is_octal)?;
    u8::try_from(number & 0xff).ok()
}

fn not_ascii() -> FunctionError {
    FunctionError::unsupported("a \"char\" that is not ASCII is not supported")
        .with_hint("Cast to text, or to char(1) for the first character.")
}
