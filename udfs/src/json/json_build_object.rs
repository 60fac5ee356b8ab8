//! `json_build_object(key, value, ...)` and `json_build_array(value, ...)`: a document of values.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use datafusion::error::Result;
use datafusion::logical_expr::Volatility;

use super::encoder::Encoder;
use super::function::{Answer, Arguments, Compute, Definition, Parameter};
use super::kind::JsonKind;
use super::value::canonical;
use crate::FunctionError;

macro_rules! declare {
    ($static:ident, $name:literal, $kind:expr, $write:expr) => {
        pub(super) static $static: Definition = Definition {
            name: $name,
            parameters: &[Parameter::Any],
            required: 0,
            is_variadic: true,
            answer: Answer::Json($kind),
            is_strict: false,
            volatility: Volatility::Stable,
            compute: Compute::Whole(|arguments| build(arguments, $kind, $write)),
        };
    };
}

declare!(JSON, "json_build_object", JsonKind::Json, write_object);
declare!(JSONB, "jsonb_build_object", JsonKind::Jsonb, write_object);
declare!(JSON_ARRAY, "json_build_array", JsonKind::Json, write_array);
declare!(
    JSONB_ARRAY,
    "jsonb_build_array",
    JsonKind::Jsonb,
    write_array
);

fn build(
    arguments: &Arguments<'_>,
    kind: JsonKind,
    write: fn(&[Encoder], usize, &mut String) -> Result<(), FunctionError>,
) -> Result<ArrayRef> {
    let columns = arguments.columns()?;
    let encoders = columns
        .iter()
        .zip(arguments.fields)
        .map(|(column, field)| Encoder::new(column, field, arguments.zone))
        .collect::<Result<Vec<_>>>()?;
    let mut answers = StringBuilder::with_capacity(arguments.rows, 0);
    let mut text = String::new();
    for row in 0..arguments.rows {
        text.clear();
        write(&encoders, row, &mut text)?;
        match kind {
            JsonKind::Jsonb => answers.append_value(canonical(&text)?),
            _ => answers.append_value(&text),
        }
    }
    Ok(Arc::new(answers.finish()))
}

fn write_array(values: &[Encoder], row: usize, out: &mut String) -> Result<(), FunctionError> {
    out.push('[');
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        value.write(row, "", out);
    }
    out.push(']');
    Ok(())
}

fn write_object(parts: &[Encoder], row: usize, out: &mut String) -> Result<(), FunctionError> {
    if !parts.len().is_multiple_of(2) {
        return Err(FunctionError::invalid_argument(
            "argument list must have even number of elements",
        )
        .with_hint(
            "The arguments of json_build_object() must consist of alternating keys and values.",
        ));
    }
    out.push('{');
    for (index, pair) in parts.chunks(2).enumerate() {
        let [key, value] = pair else { continue };
        if index > 0 {
            out.push_str(", ");
        }
        if key.is_null(row) {
            return Err(FunctionError::invalid_argument(format!(
                "argument {} cannot be null",
                2 * index + 1
            ))
            .with_hint("Object keys should be text."));
        }
        if !key.write_key(row, out) {
            return Err(FunctionError::invalid_argument(
                "key value must be scalar, not array, composite, or json",
            ));
        }
        out.push_str(" : ");
        value.write(row, "", out);
    }
    out.push('}');
    Ok(())
}
