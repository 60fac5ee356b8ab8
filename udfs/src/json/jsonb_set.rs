//! `jsonb_set(document, path, value [, create_if_missing])`, `jsonb_set_lax`, `jsonb_insert(document,
//! path, value [, insert_after])` and `document #- path`: a document that is another at one place.

use std::borrow::Cow;

use datafusion::error::Result;

use super::function::{Answer, Compute, Definition, Parameter, Row};
use super::json_extract_path::index;
use super::kind::JsonKind;
use super::value::{Value, compare_keys};
use crate::FunctionError;
use crate::error::DetailedError;

const JSONB: Answer = Answer::Json(JsonKind::Jsonb);

pub(super) static SET: Definition = Definition {
    name: "jsonb_set",
    parameters: &[
        Parameter::Document,
        Parameter::Texts,
        Parameter::Document,
        Parameter::Boolean,
    ],
    required: 3,
    answer: JSONB,
    compute: Compute::Text(|row, out| {
        let value = Value::parse(row.required(2)?)?;
        let creates = row.boolean(3).unwrap_or(true);
        change(row, Change::Set { value, creates }, out)
    }),
    ..Definition::STRICT
};

pub(super) static SET_LAX: Definition = Definition {
    name: "jsonb_set_lax",
    parameters: &[
        Parameter::Document,
        Parameter::Texts,
        Parameter::Document,
        Parameter::Boolean,
        Parameter::Text,
    ],
    required: 3,
    answer: JSONB,
    is_strict: false,
    compute: Compute::Text(set_lax),
    ..Definition::STRICT
};

pub(super) static INSERT: Definition = Definition {
    name: "jsonb_insert",
    parameters: &[
        Parameter::Document,
        Parameter::Texts,
        Parameter::Document,
        Parameter::Boolean,
    ],
    required: 3,
    answer: JSONB,
    compute: Compute::Text(|row, out| {
        let value = Value::parse(row.required(2)?)?;
        let is_after = row.boolean(3).unwrap_or(false);
        change(row, Change::Insert { value, is_after }, out)
    }),
    ..Definition::STRICT
};

pub(super) static DELETE: Definition = Definition {
    name: "jsonb_delete_path",
    parameters: &[Parameter::Document, Parameter::Texts],
    answer: JSONB,
    compute: Compute::Text(|row, out| change(row, Change::Delete, out)),
    ..Definition::STRICT
};

/// What becomes of the place that a path leads to.
enum Change<'a> {
    Set { value: Value<'a>, creates: bool },
    Insert { value: Value<'a>, is_after: bool },
    Delete,
}

fn set_lax(row: &Row<'_>, out: &mut String) -> Result<bool> {
    if row.is_null(0) || row.is_null(1) || row.count() > 3 && row.is_null(3) {
        return Ok(false);
    }
    let creates = row.boolean(3).unwrap_or(true);
    let treatment = match row.count() > 4 {
        true => row.text(4)?,
        false => Some("use_json_null"),
    };
    const TREATMENTS: [&str; 4] = [
        "raise_exception",
        "use_json_null",
        "delete_key",
        "return_target",
    ];
    let Some(treatment) = treatment.filter(|given| TREATMENTS.contains(given)) else {
        return Err(FunctionError::invalid_argument(
            "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"",
        )
        .into());
    };
    if let Some(value) = row.text(2)? {
        let value = Value::parse(value)?;
        return change(row, Change::Set { value, creates }, out);
    }
    match treatment {
        "raise_exception" => Err(DetailedError {
            error: FunctionError {
                sqlstate: "22004",
                message: "JSON value must not be null".to_owned(),
                hint: Some("To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.".to_owned()),
            },
            detail: "Exception was raised because null_value_treatment is \"raise_exception\".".to_owned(),
            context: None,
        }
        .into()),
        "delete_key" => change(row, Change::Delete, out),
        "return_target" => {
            out.push_str(row.required(0)?);
            Ok(true)
        }
        _ => {
            let value = Value::Null;
            change(row, Change::Set { value, creates }, out)
        }
    }
}

fn change(row: &Row<'_>, change: Change<'_>, out: &mut String) -> Result<bool> {
    let mut document = Value::parse(row.required(0)?)?;
    let path = row.texts(1)?;
    if document.is_scalar() {
        let message = match change {
            Change::Delete => "cannot delete path in scalar",
            _ => "cannot set path in scalar",
        };
        return Err(FunctionError::invalid_argument(message).into());
    }
    let is_empty = match &document {
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    let adds = matches!(
        change,
        Change::Insert { .. } | Change::Set { creates: true, .. }
    );
    if !path.is_empty() && (adds || !is_empty) {
        apply(&mut document, &path, 0, &change)?;
    }
    document.write(out)?;
    Ok(true)
}

fn apply<'a>(
    document: &mut Value<'a>,
    path: &[Option<String>],
    level: usize,
    change: &Change<'a>,
) -> Result<(), FunctionError> {
    let Some(step) = path.get(level) else {
        return Ok(());
    };
    let Some(step) = step else {
        return Err(FunctionError {
            sqlstate: "22004",
            message: format!("path element at position {} is null", level + 1),
            hint: None,
        });
    };
    let is_last = level + 1 == path.len();
    match document {
        Value::Object(members) => {
            let found = members.binary_search_by(|(own, _)| compare_keys(own, step));
            match (found, change) {
                (Ok(place), _) if !is_last => {
                    if let Some((_, value)) = members.get_mut(place) {
                        apply(value, path, level + 1, change)?;
                    }
                }
                (Ok(_), Change::Insert { .. }) => {
                    return Err(FunctionError {
                        sqlstate: "22023",
                        message: "cannot replace existing key".to_owned(),
                        hint: Some(
                            "Try using the function jsonb_set to replace key value.".to_owned(),
                        ),
                    });
                }
                (Ok(place), Change::Delete) => {
                    members.remove(place);
                }
                (Ok(place), Change::Set { value, .. }) => {
                    if let Some(member) = members.get_mut(place) {
                        member.1 = value.clone();
                    }
                }
                (
                    Err(place),
                    Change::Set {
                        value,
                        creates: true,
                    }
                    | Change::Insert { value, .. },
                ) if is_last => members.insert(place, (Cow::Owned(step.clone()), value.clone())),
                (Err(_), _) => {}
            }
        }
        Value::Array(elements) => {
            let Some(index) = index(step) else {
                return Err(FunctionError {
                    sqlstate: "22P02",
                    message: format!(
                        "path element at position {} is not an integer: \"{step}\"",
                        level + 1
                    ),
                    hint: None,
                });
            };
            let length = i64::try_from(elements.len()).unwrap_or(i64::MAX);
            let place = if index < 0 { length + index } else { index };
            let found = usize::try_from(place)
                .ok()
                .filter(|place| *place < elements.len());
            match (found, change) {
                (Some(place), _) if !is_last => {
                    if let Some(element) = elements.get_mut(place) {
                        apply(element, path, level + 1, change)?;
                    }
                }
                (Some(place), Change::Delete) => {
                    elements.remove(place);
                }
                (Some(place), Change::Set { value, .. }) => {
                    if let Some(element) = elements.get_mut(place) {
                        *element = value.clone();
                    }
                }
                (Some(place), Change::Insert { value, is_after }) => {
                    elements.insert(place + usize::from(*is_after), value.clone());
                }
                (
                    None,
                    Change::Set {
                        value,
                        creates: true,
                    }
                    | Change::Insert { value, .. },
                ) if is_last => {
                    let end = if place < 0 { 0 } else { elements.len() };
                    elements.insert(end, value.clone());
                }
                (None, _) => {}
            }
        }
        _ => {}
    }
    Ok(())
}
