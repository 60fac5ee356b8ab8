//! `jsonb_path_query(document, path [, variables [, silent]])` and its like: what a path finds in a
//! document.

use datafusion::error::Result;

use super::function::{Answer, Compute, Definition, Parameter, Row, Rows};
use super::kind::JsonKind;
use super::path::{Evaluation, Item, PathError, parse};
use super::value::Value;
use crate::FunctionError;
use crate::error::DetailedError;

const PARAMETERS: &[Parameter] = &[
    Parameter::Document,
    Parameter::Path,
    Parameter::Document,
    Parameter::Boolean,
];
const ROWS: Answer = Answer::Rows(&[""]);
const JSONB: Answer = Answer::Json(JsonKind::Jsonb);

/// The two forms of a function: without and with the session's time zone.
macro_rules! declare {
    ($plain:ident, $plain_name:literal, $zoned:ident, $zoned_name:literal, $answer:expr, $compute:ident, $function:ident) => {
        pub(super) static $plain: Definition = Definition {
            name: $plain_name,
            parameters: PARAMETERS,
            required: 2,
            answer: $answer,
    compute: declare!(@ $compute, $function, false),
            ..Definition::STRICT
        };
        pub(super) static $zoned: Definition = Definition {
            name: $zoned_name,
            parameters: PARAMETERS,
            required: 2,
            answer: $answer,
    compute: declare!(@ $compute, $function, true),
            ..Definition::STRICT
        };
    };
    (@ Boolean, $function:ident, $zones:literal) => {
        Compute::Boolean(|row| $function(row, $zones, is_silent(row)))
    };
    (@ Text, $function:ident, $zones:literal) => {
        Compute::Text(|row, out| $function(row, $zones, out))
    };
    (@ Rows, $function:ident, $zones:literal) => {
        Compute::Rows(|row, rows| $function(row, $zones, rows))
    };
}

declare!(
    EXISTS,
    "jsonb_path_exists",
    EXISTS_TZ,
    "jsonb_path_exists_tz",
    Answer::Boolean,
    Boolean,
    exists
);
declare!(
    MATCH,
    "jsonb_path_match",
    MATCH_TZ,
    "jsonb_path_match_tz",
    Answer::Boolean,
    Boolean,
    matches
);
declare!(
    QUERY,
    "jsonb_path_query",
    QUERY_TZ,
    "jsonb_path_query_tz",
    ROWS,
    Rows,
    query
);
declare!(
    ARRAY,
    "jsonb_path_query_array",
    ARRAY_TZ,
    "jsonb_path_query_array_tz",
    JSONB,
    Text,
    array
);
declare!(
    FIRST,
    "jsonb_path_query_first",
    FIRST_TZ,
    "jsonb_path_query_first_tz",
    JSONB,
    Text,
    first
);

/// `document @? path`
pub(super) static EXISTS_OPERATOR: Definition = Definition {
    name: "jsonb_path_exists_opr",
    parameters: &[Parameter::Document, Parameter::Path],
    answer: Answer::Boolean,
    compute: Compute::Boolean(|row| exists(row, false, true)),
    ..Definition::STRICT
};

/// `document @@ path`
pub(super) static MATCH_OPERATOR: Definition = Definition {
    name: "jsonb_path_match_opr",
    parameters: &[Parameter::Document, Parameter::Path],
    answer: Answer::Boolean,
    compute: Compute::Boolean(|row| matches(row, false, true)),
    ..Definition::STRICT
};

fn is_silent(row: &Row<'_>) -> bool {
    row.boolean(3).unwrap_or(false)
}

/// What a path has found, given on: and what ended it, where nothing is silent about that.
fn found<T>(
    row: &Row<'_>,
    has_zones: bool,
    give: impl FnOnce(&[Item<'_>], Option<PathError>, bool) -> Result<T>,
) -> Result<T> {
    let path = parse(row.required(1)?)?;
    let document = Value::parse(row.required(0)?)?;
    let variables = match row.count() > 2 {
        true => Some(Value::parse(row.required(2)?)?),
        false => None,
    };
    if let Some(given) = &variables
        && !matches!(given, Value::Object(_))
    {
        return Err(DetailedError {
            error: FunctionError::invalid_argument("\"vars\" argument is not an object"),
            detail: "Jsonpath parameters should be encoded as key-value pairs of \"vars\" object."
                .to_owned(),
            context: None,
        }
        .into());
    }
    let is_lax = path.is_lax();
    let (items, followed) = Evaluation::run(&path, &document, variables.as_ref(), has_zones);
    match followed {
        Err(PathError::Hard(error)) => Err(error.into()),
        Err(error) => give(&items, Some(error), is_lax),
        Ok(()) => give(&items, None, is_lax),
    }
}

fn exists(row: &Row<'_>, has_zones: bool, is_silent: bool) -> Result<Option<bool>> {
    found(row, has_zones, |items, error, is_lax| match error {
        // In lax mode the first item is all that is looked for.
        _ if is_lax && !items.is_empty() => Ok(Some(true)),
        None => Ok(Some(!items.is_empty())),
        Some(_) if is_silent => Ok(None),
        Some(error) => Err(error.into_error().into()),
    })
}

fn matches(row: &Row<'_>, has_zones: bool, is_silent: bool) -> Result<Option<bool>> {
    found(row, has_zones, |items, error, _| {
        if let Some(error) = error {
            return match is_silent {
                true => Ok(None),
                false => Err(error.into_error().into()),
            };
        }
        match items {
            [item] if item.boolean().is_some() => Ok(item.boolean()),
            [item] if item.is_null() => Ok(None),
            _ if is_silent => Ok(None),
            _ => Err(FunctionError {
                sqlstate: "22038",
                message: "single boolean result is expected".to_owned(),
                hint: None,
            }
            .into()),
        }
    })
}

/// The items; where an error that nothing is told of ended the path, those before it.
fn items<T>(
    row: &Row<'_>,
    has_zones: bool,
    give: impl FnOnce(&[Item<'_>]) -> Result<T>,
) -> Result<T> {
    let is_silent = is_silent(row);
    found(row, has_zones, |items, error, _| match error {
        None => give(items),
        Some(_) if is_silent => give(items),
        Some(error) => Err(error.into_error().into()),
    })
}

fn query(row: &Row<'_>, has_zones: bool, rows: &mut Rows) -> Result<()> {
    items(row, has_zones, |items| {
        let mut text = String::new();
        for item in items {
            text.clear();
            item.write(&mut text)?;
            rows.push(&[Some(&text)]);
        }
        Ok(())
    })
}

fn array(row: &Row<'_>, has_zones: bool, out: &mut String) -> Result<bool> {
    items(row, has_zones, |items| {
        out.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            item.write(out)?;
        }
        out.push(']');
        Ok(true)
    })
}

fn first(row: &Row<'_>, has_zones: bool, out: &mut String) -> Result<bool> {
    items(row, has_zones, |items| match items.first() {
        Some(item) => {
            item.write(out)?;
            Ok(true)
        }
        None => Ok(false),
    })
}
