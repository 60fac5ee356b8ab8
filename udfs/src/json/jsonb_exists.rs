//! `document ? key`, `document ?| keys`, `document ?& keys`: whether texts are keys of an object, or
//! strings of an array.

use datafusion::error::Result;

use super::function::{Answer, Compute, Definition, Parameter, Row};
use super::value::Value;

pub(super) static ONE: Definition = Definition {
    name: "jsonb_exists",
    parameters: &[Parameter::Document, Parameter::Text],
    answer: Answer::Boolean,
    compute: Compute::Boolean(|row| {
        let document = Value::parse(row.required(0)?)?;
        Ok(Some(exists(&document, row.required(1)?)))
    }),
    ..Definition::STRICT
};

pub(super) static ANY: Definition = Definition {
    name: "jsonb_exists_any",
    parameters: &[Parameter::Document, Parameter::Texts],
    answer: Answer::Boolean,
    compute: Compute::Boolean(|row| {
        let document = Value::parse(row.required(0)?)?;
        let keys = keys(row)?;
        Ok(Some(keys.iter().any(|key| exists(&document, key))))
    }),
    ..Definition::STRICT
};

pub(super) static ALL: Definition = Definition {
    name: "jsonb_exists_all",
    parameters: &[Parameter::Document, Parameter::Texts],
    answer: Answer::Boolean,
    compute: Compute::Boolean(|row| {
        let document = Value::parse(row.required(0)?)?;
        let keys = keys(row)?;
        Ok(Some(keys.iter().all(|key| exists(&document, key))))
    }),
    ..Definition::STRICT
};

/// The keys asked for; those that are NULL are not.
fn keys(row: &Row<'_>) -> Result<Vec<String>> {
    Ok(row.texts(1)?.into_iter().flatten().collect())
}

fn exists(document: &Value<'_>, key: &str) -> bool {
    match document {
        Value::Object(_) => document.get(key).is_some(),
        Value::Array(elements) => elements
            .iter()
            .any(|element| matches!(element, Value::String(text) if text == key)),
        Value::String(text) => text == key,
        _ => false,
    }
}
