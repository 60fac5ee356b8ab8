//! `document - key`, `document - index`, `document - keys`: the document without members.

use datafusion::error::Result;

use super::function::{Answer, Compute, Definition, Parameter, Row};
use super::kind::JsonKind;
use super::value::Value;
use crate::FunctionError;

pub(super) static FUNCTION: Definition = Definition {
    name: "jsonb_delete",
    parameters: &[Parameter::Document, Parameter::Selector],
    answer: Answer::Json(JsonKind::Jsonb),
    compute: Compute::Text(delete),
    ..Definition::STRICT
};

fn delete(row: &Row<'_>, out: &mut String) -> Result<bool> {
    let mut document = Value::parse(row.required(0)?)?;
    if let Some(index) = row.integer(1) {
        delete_index(&mut document, index)?;
    } else if row.is_list(1) {
        let keys: Vec<String> = row.texts(1)?.into_iter().flatten().collect();
        delete_keys(&mut document, &|key| keys.iter().any(|other| other == key))?;
    } else {
        let wanted = row.required(1)?;
        delete_keys(&mut document, &|key| key == wanted)?;
    }
    document.write(out)?;
    Ok(true)
}

fn delete_keys(
    document: &mut Value<'_>,
    is_wanted: &dyn Fn(&str) -> bool,
) -> Result<(), FunctionError> {
    match document {
        Value::Object(members) => members.retain(|(key, _)| !is_wanted(key)),
        Value::Array(elements) => {
            elements.retain(|element| !matches!(element, Value::String(text) if is_wanted(text)))
        }
        _ => return Err(FunctionError::invalid_argument("cannot delete from scalar")),
    }
    Ok(())
}

fn delete_index(document: &mut Value<'_>, index: i64) -> Result<(), FunctionError> {
    match document {
        Value::Array(elements) => {
            if let Some(place) = place(elements.len(), index) {
                elements.remove(place);
            }
            Ok(())
        }
        Value::Object(_) => Err(FunctionError::invalid_argument(
            "cannot delete from object using integer index",
        )),
        _ => Err(FunctionError::invalid_argument("cannot delete from scalar")),
    }
}

/// The place of an index in an array of this length, where it has one.
pub(super) fn place(length: usize, index: i64) -> Option<usize> {
    let own = i64::try_from(length).ok()?;
    let place = if index < 0 {
        own.checked_add(index)?
    } else {
        index
    };
    usize::try_from(place).ok().filter(|place| *place < length)
}
