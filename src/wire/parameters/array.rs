//! Array parameters of one dimension.

use arrow::array::timezone::Tz;
use arrow::datatypes::DataType;
use bytes::Bytes;
use datafusion::scalar::ScalarValue;

use super::{decode, invalid_binary};
use crate::error::{Error, Result, SqlState};
use crate::wire::message::Format;
use crate::wire::reader::BodyReader;

/// Reads `{a,"b c",NULL}`.
pub(super) fn from_text(
    text: &str,
    element_oid: u32,
    element_type: &DataType,
    time_zone: Option<Tz>,
) -> Result<ScalarValue> {
    let elements = split(text)?
        .into_iter()
        .map(|element| {
            let value = element.map(Bytes::from);
            decode(
                value.as_ref(),
                element_oid,
                Format::Text,
                element_type,
                time_zone,
            )
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(list(&elements, element_type))
}

/// Reads what array_send writes.
pub(super) fn from_binary(
    value: &Bytes,
    element_type: &DataType,
    time_zone: Option<Tz>,
) -> Result<ScalarValue> {
    let mut body = BodyReader::new(value.clone());
    let mut elements = Vec::new();
    let dimensions = body.int32()?;
    let _has_null = body.int32()?;
    let element_oid = body.int32()?.cast_unsigned();
    match dimensions {
        0 => {}
        1 => {
            let count = body.int32()?;
            let _lower_bound = body.int32()?;
            for _ in 0..count {
                let element = body.value()?;
                elements.push(decode(
                    element.as_ref(),
                    element_oid,
                    Format::Binary,
                    element_type,
                    time_zone,
                )?);
            }
        }
        _ => return Err(Error::unsupported("an array parameter of more dimensions")),
    }
    if body.remaining() > 0 {
        return Err(invalid_binary());
    }
    Ok(list(&elements, element_type))
}

fn list(elements: &[ScalarValue], element_type: &DataType) -> ScalarValue {
    ScalarValue::List(ScalarValue::new_list(elements, element_type, true))
}

/// The elements of an array literal; `None` is NULL.
fn split(text: &str) -> Result<Vec<Option<String>>> {
    let malformed = || {
        Error::new(
            SqlState::INVALID_TEXT_REPRESENTATION,
            format!("malformed array literal: \"{text}\""),
        )
    };
    let inner = text
        .trim()
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .ok_or_else(malformed)?;
    if inner.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut elements = Vec::new();
    let mut characters = inner.chars().peekable();
    loop {
        while characters
            .next_if(|character| character.is_ascii_whitespace())
            .is_some()
        {}
        let mut element = String::new();
        let is_quoted = characters.next_if_eq(&'"').is_some();
        if is_quoted {
            loop {
                match characters.next().ok_or_else(malformed)? {
                    '"' => break,
                    '\\' => element.push(characters.next().ok_or_else(malformed)?),
                    other => element.push(other),
                }
            }
            while characters
                .next_if(|character| character.is_ascii_whitespace())
                .is_some()
            {}
        } else {
            while let Some(character) = characters.next_if(|character| *character != ',') {
                match character {
                    '{' | '}' | '"' => {
                        return Err(if character == '{' {
                            Error::unsupported("an array parameter of more dimensions")
                        } else {
                            malformed()
                        });
                    }
                    '\\' => element.push(characters.next().ok_or_else(malformed)?),
                    other => element.push(other),
                }
            }
            element.truncate(element.trim_end().len());
            if element.is_empty() {
                return Err(malformed());
            }
        }
        let is_null = !is_quoted && element.eq_ignore_ascii_case("null");
        elements.push((!is_null).then_some(element));
        match characters.next() {
            Some(',') => {}
            Some(_) => return Err(malformed()),
            None => return Ok(elements),
        }
    }
}
