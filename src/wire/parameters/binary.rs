//! Parameters in binary, as PostgreSQL's send functions write them.

use arrow::datatypes::IntervalMonthDayNano;
use bytes::Bytes;
use datafusion::scalar::ScalarValue;
use uuid::Uuid;

use super::{invalid_binary, numeric};
use crate::error::{Error, Result, SqlState};
use crate::wire::reader::{BodyReader, utf8};
use crate::wire::types::PostgresType;

/// Days from 1970-01-01 to 2000-01-01, from which PostgreSQL counts.
const EPOCH_DAYS: i32 = 10_957;
/// The same in microseconds.
const EPOCH_MICROS: i64 = 10_957 * 86_400_000_000;
/// The one version of the binary format of `jsonb`.
const JSONB_VERSION: u8 = 1;

/// Reads a value of a type that is no array.
pub(super) fn decode(value: &Bytes, postgres_type: PostgresType) -> Result<ScalarValue> {
    let mut body = BodyReader::new(value.clone());
    let decoded = read(&mut body, postgres_type).map_err(|error| {
        if error.sqlstate() == SqlState::PROTOCOL_VIOLATION {
            invalid_binary()
        } else {
            error
        }
    })?;
    if body.remaining() > 0 {
        return Err(invalid_binary());
    }
    Ok(decoded)
}

fn read(body: &mut BodyReader, postgres_type: PostgresType) -> Result<ScalarValue> {
    Ok(match postgres_type {
        PostgresType::BOOL => ScalarValue::Boolean(Some(body.byte()? != 0)),
        PostgresType::INT2 => ScalarValue::Int16(Some(body.int16()?)),
        PostgresType::INT4 => ScalarValue::Int32(Some(body.int32()?)),
        PostgresType::INT8 => ScalarValue::Int64(Some(body.int64()?)),
        PostgresType::OID => ScalarValue::Int64(Some(i64::from(body.int32()?.cast_unsigned()))),
        PostgresType::FLOAT4 => {
            ScalarValue::Float32(Some(f32::from_bits(body.int32()?.cast_unsigned())))
        }
        PostgresType::FLOAT8 => {
            ScalarValue::Float64(Some(f64::from_bits(body.int64()?.cast_unsigned())))
        }
        PostgresType::NUMERIC => numeric::from_binary(body)?,
        PostgresType::BYTEA => ScalarValue::Binary(Some(body.take_rest().to_vec())),
        PostgresType::DATE => ScalarValue::Date32(Some(
            body.int32()?
                .checked_add(EPOCH_DAYS)
                .ok_or_else(|| out_of_range("date"))?,
        )),
        PostgresType::TIME => ScalarValue::Time64Microsecond(Some(body.int64()?)),
        PostgresType::TIMESTAMP => ScalarValue::TimestampMicrosecond(Some(micros(body)?), None),
        PostgresType::TIMESTAMPTZ => {
            ScalarValue::TimestampMicrosecond(Some(micros(body)?), Some("+00:00".into()))
        }
        PostgresType::INTERVAL => interval(body)?,
        PostgresType::UUID => {
            let bytes = body.bytes(16)?;
            let uuid = Uuid::from_slice(&bytes).map_err(|_| invalid_binary())?;
            ScalarValue::Utf8(Some(uuid.to_string()))
        }
        PostgresType::JSONB | PostgresType::JSONPATH => {
            if body.byte()? != JSONB_VERSION {
                return Err(invalid_binary());
            }
            text(body)?
        }
        _ => text(body)?,
    })
}

fn text(body: &mut BodyReader) -> Result<ScalarValue> {
    let bytes = body.take_rest();
    Ok(ScalarValue::Utf8(Some(utf8(&bytes)?.to_owned())))
}

fn micros(body: &mut BodyReader) -> Result<i64> {
    body.int64()?
        .checked_add(EPOCH_MICROS)
        .ok_or_else(|| out_of_range("timestamp"))
}

fn interval(body: &mut BodyReader) -> Result<ScalarValue> {
    let nanos = body
        .int64()?
        .checked_mul(1_000)
        .ok_or_else(|| out_of_range("interval"))?;
    let days = body.int32()?;
    let months = body.int32()?;
    let value = IntervalMonthDayNano::new(months, days, nanos);
    Ok(ScalarValue::IntervalMonthDayNano(Some(value)))
}

fn out_of_range(what: &str) -> Error {
    Error::new(
        SqlState::DATETIME_FIELD_OVERFLOW,
        format!("{what} out of range"),
    )
}
