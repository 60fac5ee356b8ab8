//! Parameters as text, in what PostgreSQL's input functions take.

use std::str::FromStr;
use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::array::{ArrayRef, StringArray};
use arrow::compute::kernels::cast_utils::string_to_datetime;
use arrow::datatypes::DataType;
use chrono::{DateTime, Offset, TimeZone, Utc};
use datafusion::error::DataFusionError;
use datafusion::scalar::ScalarValue;
use tributary_udfs::postgres::{CharacterLength, from_text, read_timestamp};
use tributary_udfs::{SessionTimeZone, told_moment};

use super::{invalid_text, numeric, out_of_range};
use crate::error::{Error, Result, SqlState};
use crate::wire::types::{PostgresType, scalar_type};

/// Reads a value of a type that is no array.
pub(super) fn decode(
    text: &str,
    postgres_type: PostgresType,
    time_zone: Option<Tz>,
) -> Result<ScalarValue> {
    Ok(match postgres_type {
        PostgresType::BOOL => ScalarValue::Boolean(Some(boolean(text)?)),
        PostgresType::INT2 => ScalarValue::Int16(Some(integer(text, "smallint")?)),
        PostgresType::INT4 => ScalarValue::Int32(Some(integer(text, "integer")?)),
        PostgresType::INT8 => ScalarValue::Int64(Some(integer(text, "bigint")?)),
        PostgresType::OID => ScalarValue::Int64(Some(i64::from(integer::<u32>(text, "oid")?))),
        PostgresType::FLOAT4 => ScalarValue::Float32(Some(single(text)?)),
        PostgresType::FLOAT8 => ScalarValue::Float64(Some(double(text)?)),
        PostgresType::NUMERIC => numeric::from_text(text)?,
        PostgresType::BYTEA => ScalarValue::Binary(Some(bytea(text)?)),
        PostgresType::TIMESTAMPTZ => timestamptz(text, time_zone)?,
        PostgresType::DATE
        | PostgresType::TIME
        | PostgresType::TIMESTAMP
        | PostgresType::INTERVAL => temporal(text, postgres_type)?,
        PostgresType::UUID => {
            let uuid = CharacterLength::UUID.fit(text);
            let uuid = uuid.map_err(DataFusionError::from)?;
            ScalarValue::Utf8(Some(uuid.into_owned()))
        }
        _ => ScalarValue::Utf8(Some(text.to_owned())),
    })
}

/// Any unambiguous beginning of the words will do.
fn boolean(text: &str) -> Result<bool> {
    let word = text.trim().to_ascii_lowercase();
    let begins = |whole: &str, least: usize| word.len() >= least && whole.starts_with(&word);
    if begins("true", 1) || begins("yes", 1) || word == "on" || word == "1" {
        Ok(true)
    } else if begins("false", 1) || begins("no", 1) || begins("off", 2) || word == "0" {
        Ok(false)
    } else {
        Err(invalid_text("boolean", text))
    }
}

fn integer<T: FromStr<Err = std::num::ParseIntError>>(text: &str, type_name: &str) -> Result<T> {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    text.trim()
        .parse()
        .map_err(|error: std::num::ParseIntError| match error.kind() {
            PosOverflow | NegOverflow => out_of_range(type_name, text),
            _ => invalid_text(type_name, text),
        })
}

fn single(text: &str) -> Result<f32> {
    let value: f32 = text
        .trim()
        .parse()
        .map_err(|_| invalid_text("real", text))?;
    if value.is_infinite() && !names_infinity(text) {
        return Err(out_of_range("real", text));
    }
    Ok(value)
}

fn double(text: &str) -> Result<f64> {
    let value: f64 = text
        .trim()
        .parse()
        .map_err(|_| invalid_text("double precision", text))?;
    if value.is_infinite() && !names_infinity(text) {
        return Err(out_of_range("double precision", text));
    }
    Ok(value)
}

fn names_infinity(text: &str) -> bool {
    text.bytes().any(|byte| byte.eq_ignore_ascii_case(&b'i'))
}

/// Reads the hexadecimal format, and the escape format with its octal numbers.
fn bytea(text: &str) -> Result<Vec<u8>> {
    if let Some(digits) = text.strip_prefix("\\x") {
        return hexadecimal(digits).ok_or_else(|| {
            Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                "invalid hexadecimal data",
            )
        });
    }
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    loop {
        match rest {
            [] => return Ok(bytes),
            [b'\\', b'\\', tail @ ..] => {
                bytes.push(b'\\');
                rest = tail;
            }
            [
                b'\\',
                high @ b'0'..=b'3',
                middle @ b'0'..=b'7',
                low @ b'0'..=b'7',
                tail @ ..,
            ] => {
                bytes.push((high - b'0') << 6 | (middle - b'0') << 3 | (low - b'0'));
                rest = tail;
            }
            [b'\\', ..] => return Err(invalid_text("bytea", text)),
            [byte, tail @ ..] => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
}

fn hexadecimal(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let value = digit(pair[0])? << 4 | digit(pair[1])?;
            u8::try_from(value).ok()
        })
        .collect()
}

/// Reads a timestamp; where it names no zone, it is in the session's.
fn timestamptz(text: &str, time_zone: Option<Tz>) -> Result<ScalarValue> {
    let parsed = match time_zone {
        Some(zone) => {
            string_to_datetime(&zone, text.trim()).map(|moment| moment.timestamp_micros())
        }
        None => string_to_datetime(&Utc, text.trim()).map(|moment| moment.timestamp_micros()),
    };
    let micros = parsed
        .ok()
        .or_else(|| short_timestamptz(text, time_zone))
        .ok_or_else(|| invalid_datetime("timestamp with time zone", text))?;
    Ok(ScalarValue::TimestampMicrosecond(
        Some(micros),
        Some("+00:00".into()),
    ))
}

/// The forms that Arrow does not read, such as one without seconds.
fn short_timestamptz(text: &str, time_zone: Option<Tz>) -> Option<i64> {
    let (local, offset) = read_timestamp(text)?;
    let offset = match (offset, time_zone) {
        (Some(offset), _) => offset,
        (None, None) => 0,
        (None, Some(zone)) => {
            let naive = DateTime::from_timestamp_micros(told_moment(local))?.naive_utc();
            let offset = zone.offset_from_local_datetime(&naive).latest()?;
            i64::from(offset.fix().local_minus_utc())
        }
    };
    local.checked_sub(offset * 1_000_000)
}

fn temporal(text: &str, postgres_type: PostgresType) -> Result<ScalarValue> {
    let data_type = scalar_type(postgres_type).unwrap_or(DataType::Utf8);
    let texts: ArrayRef = Arc::new(StringArray::from(vec![text]));
    let read = from_text(&texts, &data_type, &SessionTimeZone::default())?;
    Ok(ScalarValue::try_from_array(&read, 0)?)
}

fn invalid_datetime(type_name: &str, text: &str) -> Error {
    Error::new(
        SqlState::INVALID_DATETIME_FORMAT,
        format!("invalid input syntax for type {type_name}: \"{text}\""),
    )
}
