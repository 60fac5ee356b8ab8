//! `to_json(value)`, `to_jsonb(value)`, `row_to_json(record [, pretty])` and `array_to_json(array [,
//! pretty])`: an SQL value as a document.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::Volatility;

use super::encoder::Encoder;
use super::function::{Answer, Arguments, Compute, Definition, Parameter};
use super::kind::JsonKind;
use super::value::canonical;

pub(super) static JSON: Definition = Definition {
    name: "to_json",
    parameters: &[Parameter::Any],
    answer: Answer::Json(JsonKind::Json),
    volatility: Volatility::Stable,
    compute: Compute::Whole(|arguments| encode(arguments, false)),
    ..Definition::STRICT
};

pub(super) static JSONB: Definition = Definition {
    name: "to_jsonb",
    parameters: &[Parameter::Any],
    answer: Answer::Json(JsonKind::Jsonb),
    volatility: Volatility::Stable,
    compute: Compute::Whole(|arguments| encode(arguments, true)),
    ..Definition::STRICT
};

pub(super) static ROW: Definition = Definition {
    name: "row_to_json",
    parameters: &[Parameter::Any, Parameter::Boolean],
    required: 1,
    answer: Answer::Json(JsonKind::Json),
    volatility: Volatility::Stable,
    compute: Compute::Whole(|arguments| encode(arguments, false)),
    ..Definition::STRICT
};

pub(super) static ARRAY: Definition = Definition {
    name: "array_to_json",
    parameters: &[Parameter::Any, Parameter::Boolean],
    required: 1,
    answer: Answer::Json(JsonKind::Json),
    volatility: Volatility::Stable,
    compute: Compute::Whole(|arguments| encode(arguments, false)),
    ..Definition::STRICT
};

fn encode(arguments: &Arguments<'_>, is_canonical: bool) -> Result<ArrayRef> {
    let columns = arguments.columns()?;
    let (Some(column), Some(field)) = (columns.first(), arguments.fields.first()) else {
        return exec_err!("a value is expected");
    };
    let encoder = Encoder::new(column, field, arguments.zone)?;
    let pretty = columns.get(1).and_then(|pretty| pretty.as_boolean_opt());
    let mut answers = StringBuilder::with_capacity(arguments.rows, 0);
    let mut text = String::new();
    for row in 0..arguments.rows {
        if encoder.is_null(row) || pretty.is_some_and(|pretty| pretty.is_null(row)) {
            answers.append_null();
            continue;
        }
        let line = match pretty {
            Some(pretty) if pretty.value(row) => "\n ",
            _ => "",
        };
        text.clear();
        encoder.write(row, line, &mut text);
        if is_canonical {
            answers.append_value(canonical(&text)?);
        } else {
            answers.append_value(&text);
        }
    }
    Ok(Arc::new(answers.finish()))
}
