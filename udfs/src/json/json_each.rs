//! `json_each(document)`, `json_each_text(document)` and `json_object_keys(document)`: the members
//! of an object, a row each.

use datafusion::error::Result;

use super::function::{Answer, Compute, Definition, Parameter, Row, Rows};
use super::get::{as_text, members, type_of};
use crate::FunctionError;

const PAIRS: Answer = Answer::Rows(&["key", "value"]);
const KEYS: Answer = Answer::Rows(&[""]);

macro_rules! declare {
    ($static:ident, $name:literal, $answer:expr, $compute:expr) => {
        pub(super) static $static: Definition = Definition {
            name: $name,
            parameters: &[Parameter::Document],
            answer: $answer,
            compute: Compute::Rows($compute),
            ..Definition::STRICT
        };
    };
}

declare!(JSON, "json_each", PAIRS, |row, rows| each(
    row,
    rows,
    "json_each",
    false
));
declare!(JSONB, "jsonb_each", PAIRS, |row, rows| each(
    row,
    rows,
    "jsonb_each",
    false
));
declare!(JSON_TEXT, "json_each_text", PAIRS, |row, rows| each(
    row,
    rows,
    "json_each_text",
    true
));
declare!(JSONB_TEXT, "jsonb_each_text", PAIRS, |row, rows| each(
    row,
    rows,
    "jsonb_each_text",
    true
));
declare!(JSON_KEYS, "json_object_keys", KEYS, |row, rows| keys(
    row,
    rows,
    "json_object_keys"
));
declare!(JSONB_KEYS, "jsonb_object_keys", KEYS, |row, rows| keys(
    row,
    rows,
    "jsonb_object_keys"
));

fn each(row: &Row<'_>, rows: &mut Rows, name: &str, is_text: bool) -> Result<()> {
    let document = row.required(0)?;
    let Some(members) = members(document)? else {
        return Err(FunctionError::invalid_argument(match type_of(document) {
            "array" if name.starts_with("json_") => {
                "cannot deconstruct an array as an object".to_owned()
            }
            _ if name.starts_with("json_") => "cannot deconstruct a scalar".to_owned(),
            _ => format!("cannot call {name} on a non-object"),
        })
        .into());
    };
    for (key, value) in members {
        if is_text {
            rows.push(&[Some(&key), as_text(value)?.as_deref()]);
        } else {
            rows.push(&[Some(&key), Some(value)]);
        }
    }
    Ok(())
}

fn keys(row: &Row<'_>, rows: &mut Rows, name: &str) -> Result<()> {
    let document = row.required(0)?;
    let Some(members) = members(document)? else {
        let what = match type_of(document) {
            "array" => "an array",
            _ => "a scalar",
        };
        let message = format!("cannot call {name} on {what}");
        return Err(FunctionError::invalid_argument(message).into());
    };
    for (key, _) in members {
        rows.push(&[Some(&key)]);
    }
    Ok(())
}
