//! `chr` and `unistr`: characters by their numbers.

use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::row_function::{Form, Row, Type, form, text};
use crate::FunctionError;

use Type::{BigInt, Text};

pub(super) const CHR: &[Form] = &[form(&[BigInt], Text, chr)];
pub(super) const UNISTR: &[Form] = &[form(&[Text], Text, unistr)];

fn invalid(message: &str) -> FunctionError {
    FunctionError {
        sqlstate: "42601",
        message: message.to_owned(),
        hint: Some(
            "Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.".to_owned(),
        ),
    }
}

/// The character of a number, which is not 0: no text has that.
fn chr(row: &Row<'_>) -> Result<ScalarValue> {
    let number = row.integer(0);
    let refused = match u32::try_from(number) {
        Err(_) if number < 0 => "character number must be positive".to_owned(),
        Ok(0) => "null character not permitted".to_owned(),
        Ok(known @ ..=0x10_FFFF) => match char::from_u32(known) {
            Some(character) => return Ok(text(character)),
            None => format!("requested character not valid for encoding: {number}"),
        },
        _ => format!("requested character too large for encoding: {number}"),
    };
    Err(FunctionError {
        sqlstate: "54000",
        message: refused,
        hint: None,
    }
    .into())
}

/// Reads `\XXXX`, `\+XXXXXX`, `\uXXXX` and `\UXXXXXXXX`, of which two may be a surrogate pair.
fn unistr(row: &Row<'_>) -> Result<ScalarValue> {
    let mut answer = String::new();
    let mut rest = row.text(0).chars().peekable();
    let mut high = None;
    while let Some(character) = rest.next() {
        if character != '\\' || rest.peek() == Some(&'\\') {
            if character == '\\' {
                rest.next();
            }
            if high.is_some() {
                return Err(invalid("invalid Unicode surrogate pair").into());
            }
            answer.push(character);
            continue;
        }
        let count = match rest.peek() {
            Some('+') => 6,
            Some('u') => 4,
            Some('U') => 8,
            _ => 0,
        };
        if count > 0 {
            rest.next();
        }
        let digits: String = rest.by_ref().take(count.max(4)).collect();
        let number = (digits.len() == count.max(4))
            .then(|| u32::from_str_radix(&digits, 16).ok())
            .flatten()
            .ok_or_else(|| invalid("invalid Unicode escape"))?;
        let whole = match (high.take(), number) {
            (None, 0xD800..=0xDBFF) => {
                high = Some(number);
                continue;
            }
            (Some(high), 0xDC00..=0xDFFF) => 0x1_0000 + ((high - 0xD800) << 10) + (number - 0xDC00),
            (Some(_), _) | (None, 0xDC00..=0xDFFF) => {
                return Err(invalid("invalid Unicode surrogate pair").into());
            }
            (None, number) => number,
        };
        let character = char::from_u32(whole).filter(|character| *character != '\0');
        answer.push(character.ok_or_else(|| {
            FunctionError::invalid_argument(format!("invalid Unicode code point: {whole:04X}"))
        })?);
    }
    match high {
        Some(_) => Err(invalid("invalid Unicode surrogate pair").into()),
        None => Ok(text(answer)),
    }
}
