//! `jsonb_set_element(document, value, place, ...)`: what `SET document[place][...] = value` assigns. Places are keys
//! and indexes; what a document does not have up to there is made.

use std::borrow::Cow;

use datafusion::error::Result;

use super::function::{Answer, Compute, Definition, Parameter, Row};
use super::json_extract_path::index;
use super::kind::JsonKind;
use super::value::{Value, compare_keys};
use crate::FunctionError;
use crate::error::DetailedError;

/// The most elements that an assignment makes an array have.
const MAX_ELEMENTS: usize = 1 << 24;

pub(super) static FUNCTION: Definition = Definition {
    name: "jsonb_set_element",
    parameters: &[
        Parameter::Document,
        Parameter::Document,
        Parameter::Selector,
    ],
    required: 3,
    is_variadic: true,
    answer: Answer::Json(JsonKind::Jsonb),
    is_strict: false,
    compute: Compute::Text(assign),
    ..Definition::STRICT
};

fn assign(row: &Row<'_>, out: &mut String) -> Result<bool> {
    let mut path = Vec::new();
    for place in 2..row.count() {
        if row.is_null(place) {
            return Err(FunctionError {
                sqlstate: "22004",
                message: "jsonb subscript in assignment must not be null".to_owned(),
                hint: None,
            }
            .into());
        }
        path.push(match row.integer(place) {
            Some(index) => Cow::Owned(index.to_string()),
            None => Cow::Borrowed(row.required(place)?),
        });
    }
    let value = match row.text(1)? {
        Some(value) => Value::parse(value)?,
        None => Value::Null,
    };
    let mut document = match row.text(0)? {
        Some(document) => Value::parse(document)?,
        None if row.integer(2).is_some() => Value::Array(Vec::new()),
        None => Value::Object(Vec::new()),
    };
    put(&mut document, &path, 1, value)?;
    document.write(out)?;
    Ok(true)
}

/// Puts a value where a path leads to, of which the first step is at this position.
fn put<'a>(
    document: &mut Value<'a>,
    path: &[Cow<'a, str>],
    position: usize,
    value: Value<'a>,
) -> Result<()> {
    let Some((step, rest)) = path.split_first() else {
        *document = value;
        return Ok(());
    };
    let found = match document {
        Value::Object(members) => {
            match members.binary_search_by(|(own, _)| compare_keys(own, step)) {
                Ok(found) => members.get_mut(found).map(|(_, member)| member),
                Err(place) => {
                    members.insert(place, (step.clone(), made(rest, value)?));
                    return Ok(());
                }
            }
        }
        Value::Array(elements) => {
            let place = place(elements.len(), step, position)?;
            if place >= elements.len() {
                elements.resize(bounded(place)?, Value::Null);
                elements.push(made(rest, value)?);
                return Ok(());
            }
            elements.get_mut(place)
        }
        _ => None,
    };
    match found {
        Some(found) => put(found, rest, position + 1, value),
        None => Err(DetailedError {
            error: FunctionError::invalid_argument("cannot replace existing key"),
            detail: "The path assumes key is a composite object, but it is a scalar value."
                .to_owned(),
            context: None,
        }
        .into()),
    }
}

/// Where a step leads to in an array of this length, or behind it.
fn place(length: usize, step: &str, position: usize) -> Result<usize, FunctionError> {
    let Some(index) = index(step) else {
        return Err(FunctionError {
            sqlstate: "22P02",
            message: format!("path element at position {position} is not an integer: \"{step}\""),
            hint: None,
        });
    };
    let from_end = i64::try_from(length)
        .unwrap_or(i64::MAX)
        .saturating_add(index);
    let place = if index < 0 { from_end } else { index };
    usize::try_from(place).map_err(|_| {
        FunctionError::invalid_argument(format!(
            "path element at position {position} is out of range: {index}"
        ))
    })
}

/// A document that has nothing but a value where a path leads to: in an array, where a step is an index.
fn made<'a>(path: &[Cow<'a, str>], value: Value<'a>) -> Result<Value<'a>, FunctionError> {
    let Some((step, rest)) = path.split_first() else {
        return Ok(value);
    };
    let part = made(rest, value)?;
    let Some(index) = index(step) else {
        return Ok(Value::Object(vec![(step.clone(), part)]));
    };
    let before = bounded(usize::try_from(index).unwrap_or_default())?;
    let mut elements = vec![Value::Null; before];
    elements.push(part);
    Ok(Value::Array(elements))
}

fn bounded(elements: usize) -> Result<usize, FunctionError> {
    if elements < MAX_ELEMENTS {
        return Ok(elements);
    }
    Err(FunctionError {
        sqlstate: "54000",
        message: format!(
            "number of jsonb array elements exceeds the maximum allowed ({MAX_ELEMENTS})"
        ),
        hint: None,
    })
}
