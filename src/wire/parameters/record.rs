//! Rows of composite types in binary, as the text that says the same.

use bytes::Bytes;
use datafusion::scalar::ScalarValue;
use tributary_udfs::SessionTimeZone;
use tributary_udfs::postgres::as_text;

use super::{array, binary, invalid_binary, is_own};
use crate::error::{Error, Result, SqlState};
use crate::wire::reader::{BodyReader, utf8};
use crate::wire::types::{PostgresType, scalar_type};

/// How deep rows may be in rows.
const DEPTH: usize = 32;

/// The text of what record_send has written.
///
/// # Errors
/// 22P03 for what it would not have written; 54001 for rows that are too deep in others.
pub(super) fn text(value: &Bytes) -> Result<String> {
    within(value, DEPTH).map_err(|error| match error.sqlstate() {
        SqlState::PROTOCOL_VIOLATION => invalid_binary(),
        _ => error,
    })
}

fn within(value: &Bytes, depth: usize) -> Result<String> {
    if depth == 0 {
        let message = format!("a row is in more than {DEPTH} others");
        return Err(Error::new(SqlState::STATEMENT_TOO_COMPLEX, message));
    }
    let mut body = BodyReader::new(value.clone());
    let count = body.int32()?;
    let mut text = String::from("(");
    for place in 0..count {
        if place > 0 {
            text.push(',');
        }
        let oid = body.int32()?.cast_unsigned();
        if let Some(value) = body.value()? {
            let field = field(oid, &value, depth)?;
            text.push('"');
            text.push_str(&field.replace('\\', "\\\\").replace('"', "\"\""));
            text.push('"');
        }
    }
    if body.remaining() > 0 {
        return Err(invalid_binary());
    }
    text.push(')');
    Ok(text)
}

/// The text of a field of the type of this number.
fn field(oid: u32, value: &Bytes, depth: usize) -> Result<String> {
    if is_own(oid) {
        return match value.first() {
            Some(0) => within(value, depth - 1),
            _ => utf8(value).map(str::to_owned),
        };
    }
    let elements = PostgresType::from_array_oid(oid).and_then(scalar_type);
    let value = match (elements, PostgresType::from_oid(oid)) {
        (Some(elements), _) => array::from_binary(value, &elements, None)?,
        (None, Some(known)) => binary::decode(value, known)?,
        (None, None) => return Err(invalid_binary()),
    };
    let texts = as_text(&value.to_array()?, &SessionTimeZone::default())?;
    let text = ScalarValue::try_from_array(&texts, 0)?;
    Ok(text.try_as_str().flatten().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What PostgreSQL sends of `ROW(7, 'a "b"', NULL::text)`.
    fn sent() -> Vec<u8> {
        let mut bytes = 3_i32.to_be_bytes().to_vec();
        for (oid, value) in [
            (23_i32, Some(&[0, 0, 0, 7][..])),
            (25, Some(&b"a \"b\""[..])),
            (25, None),
        ] {
            bytes.extend(oid.to_be_bytes());
            let length = value.map_or(-1, |value| value.len() as i32);
            bytes.extend(length.to_be_bytes());
            bytes.extend(value.unwrap_or_default());
        }
        bytes
    }

    #[test]
    fn rows_are_read_as_their_texts() {
        let bytes = Bytes::from(sent());
        assert_eq!(text(&bytes).unwrap(), "(\"7\",\"a \"\"b\"\"\",)");
    }

    #[test]
    fn bytes_that_are_no_row_are_refused() {
        let bytes = sent();
        for length in 0..bytes.len() {
            let cut = Bytes::copy_from_slice(&bytes[..length]);
            let error = text(&cut).unwrap_err();
            assert_eq!(error.sqlstate(), SqlState::INVALID_BINARY_REPRESENTATION);
        }
        // A row in a row, a hundred times.
        let mut deep = 0_i32.to_be_bytes().to_vec();
        for _ in 0..100 {
            let mut around = 1_i32.to_be_bytes().to_vec();
            around.extend(20_000_i32.to_be_bytes());
            around.extend((deep.len() as i32).to_be_bytes());
            around.extend(&deep);
            deep = around;
        }
        let error = text(&Bytes::from(deep)).unwrap_err();
        assert_eq!(error.sqlstate(), SqlState::STATEMENT_TOO_COMPLEX);
    }
}
