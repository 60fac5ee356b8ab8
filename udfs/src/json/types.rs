//! What casts from and to `json`, `jsonb` and `jsonpath` compute, and the order of `jsonb`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder};
use datafusion::common::exec_err;
use datafusion::error::Result;

use super::function::{Answer, Arguments, Compute, Definition, Parameter, Row};
use super::kind::JsonKind;
use super::order;
use super::scan;
use super::value::{Value, canonical};
use crate::FunctionError;

/// A text as `json`.
pub(super) static JSON_IN: Definition = Definition {
    name: "json_in",
    parameters: &[Parameter::Text],
    answer: Answer::Json(JsonKind::Json),
    compute: Compute::Text(|row, out| {
        let text = row.required(0)?;
        scan::check(text)?;
        out.push_str(text);
        Ok(true)
    }),
    ..Definition::STRICT
};

/// A text as `jsonb`.
pub(super) static JSONB_IN: Definition = Definition {
    name: "jsonb_in",
    parameters: &[Parameter::Text],
    answer: Answer::Json(JsonKind::Jsonb),
    compute: Compute::Text(|row, out| {
        out.push_str(&canonical(row.required(0)?)?);
        Ok(true)
    }),
    ..Definition::STRICT
};

macro_rules! declared {
    ($static:ident, $name:literal, $answer:expr) => {
        /// The same text as another type.
        pub(super) static $static: Definition = Definition {
            name: $name,
            parameters: &[Parameter::Text],
            answer: $answer,
            compute: Compute::Whole(same),
            ..Definition::STRICT
        };
    };
}

declared!(AS_JSON, "tributary_as_json", Answer::Json(JsonKind::Json));
declared!(
    AS_JSONB,
    "tributary_as_jsonb",
    Answer::Json(JsonKind::Jsonb)
);
declared!(
    AS_PATH,
    "tributary_as_jsonpath",
    Answer::Json(JsonKind::Path)
);
declared!(AS_TEXT, "tributary_as_text", Answer::Text);

fn same(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    match arguments.columns()?.pop() {
        Some(column) => Ok(column),
        None => exec_err!("a value is expected"),
    }
}

macro_rules! number {
    ($static:ident, $name:literal, $type:literal) => {
        /// The text of a number, for a cast to this type.
        pub(super) static $static: Definition = Definition {
            name: $name,
            parameters: &[Parameter::Document],
            answer: Answer::Text,
            compute: Compute::Text(|row, out| as_number(row, $type, out)),
            ..Definition::STRICT
        };
    };
}

number!(AS_SMALLINT, "jsonb_int2", "smallint");
number!(AS_INTEGER, "jsonb_int4", "integer");
number!(AS_BIGINT, "jsonb_int8", "bigint");
number!(AS_REAL, "jsonb_float4", "real");
number!(AS_DOUBLE, "jsonb_float8", "double precision");
number!(AS_NUMERIC, "jsonb_numeric", "numeric");

fn as_number(row: &Row<'_>, wanted: &str, out: &mut String) -> Result<bool> {
    match Value::parse(row.required(0)?)? {
        Value::Number(number) => {
            out.push_str(&number);
            Ok(true)
        }
        other => Err(no_cast(&other, wanted).into()),
    }
}

/// A document as `boolean`.
pub(super) static AS_BOOLEAN: Definition = Definition {
    name: "jsonb_bool",
    parameters: &[Parameter::Document],
    answer: Answer::Boolean,
    compute: Compute::Boolean(|row| match Value::parse(row.required(0)?)? {
        Value::Bool(value) => Ok(Some(value)),
        other => Err(no_cast(&other, "boolean").into()),
    }),
    ..Definition::STRICT
};

fn no_cast(value: &Value<'_>, wanted: &str) -> FunctionError {
    let own = match value {
        Value::Number(_) => "numeric",
        other => other.type_name(),
    };
    FunctionError::invalid_argument(format!("cannot cast jsonb {own} to type {wanted}"))
}

/// Bytes that compare as documents do.
pub(super) static SORT_KEY: Definition = Definition {
    name: "jsonb_sort_key",
    parameters: &[Parameter::Document],
    answer: Answer::Bytes,
    compute: Compute::Whole(sort_keys),
    ..Definition::STRICT
};

fn sort_keys(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    match arguments.columns()?.first() {
        Some(documents) => sort_keys_of(documents),
        None => exec_err!("documents are expected"),
    }
}

/// The bytes of documents that compare as these do.
pub(crate) fn sort_keys_of(documents: &ArrayRef) -> Result<ArrayRef> {
    let Some(documents) = documents.as_string_opt::<i32>() else {
        return exec_err!("documents are expected");
    };
    let mut keys = BinaryBuilder::with_capacity(documents.len(), 0);
    let mut key = Vec::new();
    for document in documents {
        match document {
            None => keys.append_null(),
            Some(document) => {
                key.clear();
                order::write_key(&Value::parse(document)?, &mut key)?;
                keys.append_value(&key);
            }
        }
    }
    Ok(Arc::new(keys.finish()))
}

/// Texts as values of a type of JSON.
///
/// # Errors
/// The first text that is no value of the type.
pub fn read_texts(texts: &ArrayRef, kind: JsonKind) -> Result<ArrayRef> {
    let Some(texts) = texts.as_string_opt::<i32>() else {
        return exec_err!("texts are expected");
    };
    let read = |text: &str| match kind {
        JsonKind::Json => {
            scan::check(text)?;
            Ok(text.to_owned())
        }
        JsonKind::Jsonb => canonical(text),
        JsonKind::Path => super::path_in::canonical(text),
    };
    let mut values = arrow::array::StringBuilder::with_capacity(texts.len(), 0);
    for text in texts {
        values.append_option(text.map(read).transpose()?);
    }
    Ok(Arc::new(values.finish()))
}
