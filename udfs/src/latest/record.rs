//! Records: structs of the columns of a row.

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::datatypes::DataType;
use datafusion::error::Result;

use super::comparable::{plain, plain_type};
use crate::FunctionError;
use crate::wording::type_name;

/// An error unless the first argument is a record.
pub(super) fn check_record(name: &'static str, given: &[DataType]) -> Result<(), FunctionError> {
    match given.first() {
        Some(DataType::Struct(_) | DataType::Null) | None => Ok(()),
        Some(other) => Err(FunctionError::no_such_form(format!(
            "{name} takes a struct as argument 1, not {}",
            type_name(other)
        ))
        .with_hint(
            "Make one of the columns to keep, as in named_struct('street', street, 'city', city).",
        )),
    }
}

/// How many fields of each record are not NULL; none where the record is NULL itself.
pub(super) fn known_fields(records: &ArrayRef) -> Result<Int64Array> {
    let records = plain(records, &plain_type(records.data_type()))?;
    let Some(records) = records.as_struct_opt() else {
        return Ok(Int64Array::from(vec![0; records.len()]));
    };
    let mut known = vec![0; records.len()];
    for field in records.columns() {
        let nulls = field.logical_nulls();
        for (row, known) in known.iter_mut().enumerate() {
            *known += i64::from(nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)));
        }
    }
    Ok(Int64Array::new(known.into(), records.nulls().cloned()))
}
