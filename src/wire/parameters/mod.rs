//! Parameters of a Bind message as values, from text and from binary.

mod array;
mod binary;
mod numeric;
mod record;
#[cfg(test)]
mod tests;
mod text;

use arrow::array::ArrayRef;
use arrow::array::timezone::Tz;
use arrow::datatypes::{DataType, Field};
use bytes::Bytes;
use datafusion::scalar::ScalarValue;
use tributary_udfs::composites::given_as;

use super::client_encoding::Encoding;
use super::message::Format;
use super::reader::utf8;
use super::types::{PostgresType, scalar_type};
use crate::error::{Error, Result, SqlState};

/// [`decode`] of a parameter that the client gives with a statement: a `numeric` of no certain precision
/// keeps all its digits.
///
/// # Errors
/// Those of [`decode`].
pub(super) fn decode_given(
    value: Option<&Bytes>,
    oid: u32,
    format: Format,
    target: &DataType,
    time_zone: Option<Tz>,
) -> Result<ScalarValue> {
    let is_open = oid == PostgresType::NUMERIC.oid
        && scalar_type(PostgresType::NUMERIC).is_some_and(|open| open == *target);
    match value {
        Some(value) if is_open => match format {
            Format::Text => text::decode(utf8(value)?, PostgresType::NUMERIC, time_zone),
            Format::Binary => binary::decode(value, PostgresType::NUMERIC),
        },
        value => decode(value, oid, format, target, time_zone),
    }
}

/// A value in binary, in UTF-8 where it is a text.
///
/// # Errors
/// 22P05 for what is none in the encoding.
pub(super) fn in_utf8(encoding: &Encoding, oid: u32, value: &Bytes) -> Result<Bytes> {
    let texts = [
        PostgresType::TEXT,
        PostgresType::VARCHAR,
        PostgresType::BPCHAR,
        PostgresType::NAME,
        PostgresType::JSON,
    ];
    match texts.iter().any(|text| text.oid == oid) {
        true => Ok(Bytes::from(encoding.read(value)?.into_owned())),
        false => Ok(value.clone()),
    }
}

/// Decodes a parameter of the type `oid` and makes it a value of `target`.
///
/// # Errors
/// 22P02 and 22P03 for what is no value of the type, 22003 for what does not fit it.
pub(super) fn decode(
    value: Option<&Bytes>,
    oid: u32,
    format: Format,
    target: &DataType,
    time_zone: Option<Tz>,
) -> Result<ScalarValue> {
    let Some(value) = value else {
        return Ok(ScalarValue::try_from(target)?);
    };
    // An array of a type that users have made has texts.
    let own = matches!(target, DataType::List(_)) && PostgresType::from_oid(oid).is_none();
    let element = PostgresType::from_array_oid(oid).or(own.then_some(PostgresType::TEXT));
    let decoded = match (element, format) {
        (Some(element), Format::Text) => {
            let target = element_type(element, target)?;
            array::from_text(utf8(value)?, element.oid, &target, time_zone)?
        }
        (Some(element), Format::Binary) => {
            let target = element_type(element, target)?;
            array::from_binary(value, &target, time_zone)?
        }
        (None, Format::Text) => {
            let known = PostgresType::from_oid(oid).unwrap_or(PostgresType::TEXT);
            text::decode(utf8(value)?, known, time_zone)?
        }
        // No text begins with a zero, as the number of a record's fields does.
        (None, Format::Binary) if is_own(oid) && value.first() == Some(&0) => {
            ScalarValue::Utf8(Some(record::text(value)?))
        }
        (None, Format::Binary) => {
            let known = PostgresType::from_oid(oid).unwrap_or(PostgresType::TEXT);
            binary::decode(value, known)?
        }
    };
    if decoded.data_type() == *target {
        Ok(decoded)
    } else {
        Ok(decoded.cast_to(target)?)
    }
}

/// Values in binary as a column of this field; rows of composite types as their texts.
///
/// # Errors
/// The row at fault, with 22P03 for what is no value of the type or 22003 for what does not fit it.
pub fn column_from_binary<'a>(
    values: impl Iterator<Item = Option<&'a Bytes>>,
    field: &Field,
) -> std::result::Result<ArrayRef, (usize, Error)> {
    let oid = PostgresType::of_field(field).oid;
    let wanted = given_as(field.data_type());
    let decoded = values.enumerate().map(|(row, value)| {
        decode(value, oid, Format::Binary, &wanted, None).map_err(|error| (row, error))
    });
    let decoded = decoded.collect::<std::result::Result<Vec<_>, _>>()?;
    ScalarValue::iter_to_array(decoded).map_err(|error| (0, error.into()))
}

/// Whether users have made the type of this number.
fn is_own(oid: u32) -> bool {
    PostgresType::from_oid(oid).is_none() && PostgresType::from_array_oid(oid).is_none()
}

/// The type of the elements: as the statement wants them, or as they come.
fn element_type(element: PostgresType, target: &DataType) -> Result<DataType> {
    match target {
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _) => Ok(field.data_type().clone()),
        _ => scalar_type(element)
            .ok_or_else(|| Error::unsupported(format!("an array of type {}", element.oid))),
    }
}

/// What PostgreSQL says of text that is no value of a type.
fn invalid_text(type_name: &str, text: &str) -> Error {
    Error::new(
        SqlState::INVALID_TEXT_REPRESENTATION,
        format!("invalid input syntax for type {type_name}: \"{text}\""),
    )
}

/// What PostgreSQL says of text that is a number beyond a type.
fn out_of_range(type_name: &str, text: &str) -> Error {
    Error::new(
        SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
        format!("value \"{text}\" is out of range for type {type_name}"),
    )
}

/// What PostgreSQL says of bytes that are no value of a type.
fn invalid_binary() -> Error {
    Error::new(
        SqlState::INVALID_BINARY_REPRESENTATION,
        "incorrect binary data format",
    )
}
