//! `unistr`: characters by their numbers.

use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::row_function::{Form, Row, Type, form, text};
use crate::FunctionError;

use Type::Text;

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
