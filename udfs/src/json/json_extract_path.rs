//! `document #> path`, `document #>> path`, `json_extract_path(document, step, ...)`: the part of a
//! document that a path of keys and indexes leads to.

use std::borrow::Cow;

use datafusion::error::Result;

use super::function::{Answer, Compute, Definition, Parameter, Row};
use super::get::{Key, Step, as_text, find, members};
use super::kind::JsonKind;
use super::scan::{Scanned, Scanner, check};

pub(super) static OPERATOR: Definition = Definition {
    name: "json_get_path",
    parameters: &[Parameter::Document, Parameter::Texts],
    answer: Answer::Same,
    compute: Compute::Text(|row, out| extract(row, &row.texts(1)?, false, out)),
    ..Definition::STRICT
};

pub(super) static OPERATOR_TEXT: Definition = Definition {
    name: "json_get_path_text",
    parameters: &[Parameter::Document, Parameter::Texts],
    answer: Answer::Text,
    compute: Compute::Text(|row, out| extract(row, &row.texts(1)?, true, out)),
    ..Definition::STRICT
};

macro_rules! variadic {
    ($static:ident, $name:literal, $answer:expr, $is_text:literal) => {
        pub(super) static $static: Definition = Definition {
            name: $name,
            parameters: &[Parameter::Document, Parameter::Text],
            required: 1,
            is_variadic: true,
            answer: $answer,
            compute: Compute::Text(|row, out| extract(row, &steps(row)?, $is_text, out)),
            ..Definition::STRICT
        };
    };
}

variadic!(JSON, "json_extract_path", Answer::Same, false);
variadic!(JSON_TEXT, "json_extract_path_text", Answer::Text, true);
variadic!(
    JSONB,
    "jsonb_extract_path",
    Answer::Json(JsonKind::Jsonb),
    false
);
variadic!(JSONB_TEXT, "jsonb_extract_path_text", Answer::Text, true);

fn steps(row: &Row<'_>) -> Result<Vec<Option<String>>> {
    (1..row.count())
        .map(|index| Ok(row.text(index)?.map(str::to_owned)))
        .collect()
}

/// Appends the part, whether there is one.
fn extract(
    row: &Row<'_>,
    path: &[Option<String>],
    is_text: bool,
    out: &mut String,
) -> Result<bool> {
    let kind = row.kind(0);
    let mut part = row.required(0)?;
    if path.is_empty() {
        check(part)?;
        part = part.trim_matches([' ', '\n', '\t', '\r']);
    }
    match part_at(part, path, kind)? {
        Some(found) => part = found,
        None => return Ok(false),
    }
    let text = if is_text {
        as_text(part)?
    } else {
        Some(Cow::Borrowed(part))
    };
    match text {
        Some(text) => out.push_str(&text),
        None => return Ok(false),
    }
    Ok(true)
}

/// The part that a path leads to.
fn part_at<'a>(part: &'a str, path: &[Option<String>], kind: JsonKind) -> Scanned<Option<&'a str>> {
    let Some((name, rest)) = path.split_first() else {
        return Ok(Some(part));
    };
    let Some(name) = name else {
        return Ok(None);
    };
    let step = match Scanner::new(part).peek() {
        Some(b'[') => match index(name) {
            Some(index) => Step::Index(index),
            None => return Ok(None),
        },
        // Of several members with one key PostgreSQL follows each, and the last one that leads
        // anywhere counts.
        Some(b'{') if kind == JsonKind::Json && !rest.is_empty() => {
            let mut found = None;
            for (_, value) in members(part)?
                .unwrap_or_default()
                .into_iter()
                .filter(|(key, _)| key == name)
            {
                found = part_at(value, rest, kind)?.or(found);
            }
            return Ok(found);
        }
        _ => Step::Key(Key::new(name)),
    };
    match find(part, &step, kind)? {
        Some(found) => part_at(found, rest, kind),
        None => Ok(None),
    }
}

/// A step as an index of an array, as C's `strtoint` reads it.
pub(super) fn index(name: &str) -> Option<i64> {
    let name = name.trim_start();
    let index = name.strip_prefix('+').unwrap_or(name).parse::<i32>().ok()?;
    Some(i64::from(index))
}
