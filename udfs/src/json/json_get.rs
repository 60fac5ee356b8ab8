//! `document -> key`, `document -> index`, `document ->> key`, `document ->> index`: a part of a
//! document, as a document or as text.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion::scalar::ScalarValue;

use super::function::{Answer, Arguments, Compute, Definition, Parameter};
use super::get::{Key, Step, as_text, find};
use super::kind::JsonKind;

pub(super) static PART: Definition = Definition {
    name: "json_get",
    parameters: &[Parameter::Document, Parameter::Selector],
    answer: Answer::Same,
    compute: Compute::Whole(|arguments| get(arguments, false)),
    ..Definition::STRICT
};

pub(super) static TEXT: Definition = Definition {
    name: "json_get_text",
    parameters: &[Parameter::Document, Parameter::Selector],
    answer: Answer::Text,
    compute: Compute::Whole(|arguments| get(arguments, true)),
    ..Definition::STRICT
};

fn is_scalar(document: &str) -> bool {
    !matches!(document.as_bytes().first(), Some(b'{' | b'['))
}

fn get(arguments: &Arguments<'_>, is_text: bool) -> Result<ArrayRef> {
    let [documents, selector] = arguments.values else {
        return exec_err!("a part of a document is asked for by one key");
    };
    let kind = arguments
        .fields
        .first()
        .and_then(|field| JsonKind::of_field(field))
        .unwrap_or(JsonKind::Json);
    let documents = documents.to_array(arguments.rows)?;
    let documents = documents.as_string::<i32>();
    let mut answers = StringBuilder::with_capacity(arguments.rows, 0);
    let mut append = |row: usize, step: Option<&Step>| -> Result<()> {
        let part = match step.filter(|_| documents.is_valid(row)) {
            // A scalar of `jsonb` is kept as an array of one element, which this operator shows.
            Some(Step::Index(0 | -1))
                if kind == JsonKind::Jsonb && is_scalar(documents.value(row)) =>
            {
                Some(documents.value(row))
            }
            Some(step) => find(documents.value(row), step, kind)?,
            None => None,
        };
        match part {
            Some(part) if is_text => answers.append_option(as_text(part)?),
            part => answers.append_option(part),
        }
        Ok(())
    };
    match selector {
        ColumnarValue::Scalar(value) => {
            let step = match value {
                ScalarValue::Utf8(Some(key)) => Some(Step::Key(Key::new(key))),
                ScalarValue::Int64(Some(index)) => Some(Step::Index(*index)),
                _ => None,
            };
            for row in 0..arguments.rows {
                append(row, step.as_ref())?;
            }
        }
        ColumnarValue::Array(selectors) => {
            for row in 0..arguments.rows {
                let step = if selectors.is_null(row) {
                    None
                } else if *selectors.data_type() == DataType::Int64 {
                    Some(Step::Index(
                        selectors.as_primitive::<Int64Type>().value(row),
                    ))
                } else {
                    Some(Step::Key(Key::new(selectors.as_string::<i32>().value(row))))
                };
                append(row, step.as_ref())?;
            }
        }
    }
    Ok(Arc::new(answers.finish()))
}
