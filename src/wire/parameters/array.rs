//! Array parameters of one dimension.

use arrow::array::timezone::Tz;
use arrow::datatypes::DataType;
use bytes::Bytes;
use datafusion::error::DataFusionError;
use datafusion::scalar::ScalarValue;
use tributary_udfs::postgres::array_elements;

use super::{decode, invalid_binary};
use crate::error::{Error, Result};
use crate::wire::message::Format;
use crate::wire::reader::BodyReader;

/// Reads `{a,"b c",NULL}`.
pub(super) fn from_text(
    text: &str,
    element_oid: u32,
    element_type: &DataType,
    time_zone: Option<Tz>,
) -> Result<ScalarValue> {
    let elements = array_elements(text)
        .map_err(DataFusionError::from)?
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
