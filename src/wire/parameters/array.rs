//! Array parameters, of as many dimensions as the statement's type has.

use arrow::array::timezone::Tz;
use arrow::datatypes::DataType;
use bytes::Bytes;
use datafusion::error::DataFusionError;
use datafusion::scalar::ScalarValue;
use tributary_udfs::postgres::{array_elements, array_of_dimensions};

use super::{decode, invalid_binary};
use crate::error::{Error, Result};
use crate::wire::message::Format;
use crate::wire::reader::BodyReader;

/// The most dimensions of an array: MAXDIM of PostgreSQL.
const DIMENSIONS: usize = 6;

/// Reads `{a,"b c",NULL}`, and `{{1,2},{3,4}}` where elements are arrays.
pub(super) fn from_text(
    text: &str,
    element_oid: u32,
    element_type: &DataType,
    time_zone: Option<Tz>,
) -> Result<ScalarValue> {
    let (lengths, elements) = match element_type {
        DataType::List(_) => array_of_dimensions(text).map_err(DataFusionError::from)?,
        _ => {
            let elements = array_elements(text).map_err(DataFusionError::from)?;
            (vec![elements.len()], elements)
        }
    };
    let innermost = innermost(element_type);
    let elements = elements
        .into_iter()
        .map(|element| {
            let value = element.map(Bytes::from);
            decode(
                value.as_ref(),
                element_oid,
                Format::Text,
                innermost,
                time_zone,
            )
        })
        .collect::<Result<Vec<_>>>()?;
    shaped(elements, &lengths, element_type)
}

/// Reads what array_send writes.
pub(super) fn from_binary(
    value: &Bytes,
    element_type: &DataType,
    time_zone: Option<Tz>,
) -> Result<ScalarValue> {
    let mut body = BodyReader::new(value.clone());
    let dimensions = usize::try_from(body.int32()?).map_err(|_| invalid_binary())?;
    let _has_null = body.int32()?;
    let element_oid = body.int32()?.cast_unsigned();
    if dimensions > DIMENSIONS {
        return Err(invalid_binary());
    }
    let mut lengths = Vec::with_capacity(dimensions);
    for _ in 0..dimensions {
        lengths.push(usize::try_from(body.int32()?).map_err(|_| invalid_binary())?);
        let _lower_bound = body.int32()?;
    }
    let product = |all: usize, length: &usize| all.checked_mul(*length);
    let count = lengths.iter().try_fold(dimensions.min(1), product);
    let innermost = innermost(element_type);
    let mut elements = Vec::new();
    for _ in 0..count.ok_or_else(invalid_binary)? {
        let element = body.value()?;
        elements.push(decode(
            element.as_ref(),
            element_oid,
            Format::Binary,
            innermost,
            time_zone,
        )?);
    }
    if body.remaining() > 0 {
        return Err(invalid_binary());
    }
    shaped(elements, &lengths, element_type)
}

/// The type of what is no array any more.
fn innermost(element_type: &DataType) -> &DataType {
    match element_type {
        DataType::List(item) => innermost(item.data_type()),
        other => other,
    }
}

/// An array of such lengths in its dimensions, whose elements these are.
fn shaped(
    elements: Vec<ScalarValue>,
    lengths: &[usize],
    element_type: &DataType,
) -> Result<ScalarValue> {
    if elements.is_empty() {
        return Ok(list(&[], element_type));
    }
    let mut types = vec![element_type];
    while let Some(DataType::List(item)) = types.last() {
        types.push(item.data_type());
    }
    let (given, wanted) = (lengths.len(), types.len());
    if given != wanted {
        return Err(Error::unsupported(format!(
            "an array parameter of {given} dimensions where the type has {wanted}"
        )));
    }
    let mut parts = elements;
    for (length, data_type) in lengths.iter().zip(types).skip(1).rev() {
        // Where there are elements, no dimension is without.
        let arrays = parts.chunks((*length).max(1));
        parts = arrays.map(|part| list(part, data_type)).collect();
    }
    Ok(list(&parts, element_type))
}

fn list(elements: &[ScalarValue], element_type: &DataType) -> ScalarValue {
    ScalarValue::List(ScalarValue::new_list(elements, element_type, true))
}
