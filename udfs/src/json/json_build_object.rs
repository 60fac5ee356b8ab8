//! `json_build_object(key, value, ...)` and `json_build_array(value, ...)`: a document of values; and what these are of
//! the elements of an array, `json_build_array(VARIADIC names)`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use arrow::datatypes::{DataType, Field};
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
    (of $static:ident, $name:literal, $kind:expr, $write:expr) => {
        pub(super) static $static: Definition = Definition {
            name: $name,
            parameters: &[Parameter::Any],
            required: 1,
            answer: Answer::Json($kind),
            volatility: Volatility::Stable,
            compute: Compute::Whole(|arguments| build_of(arguments, $kind, $write)),
            ..Definition::STRICT
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
declare!(of JSON_OF, "json_build_object_of", JsonKind::Json, write_object);
declare!(of JSONB_OF, "jsonb_build_object_of", JsonKind::Jsonb, write_object);
declare!(of JSON_ARRAY_OF, "json_build_array_of", JsonKind::Json, write_array);
declare!(of JSONB_ARRAY_OF, "jsonb_build_array_of", JsonKind::Jsonb, write_array);

/// A value: a row of a column.
type Cell<'a> = (&'a Encoder, usize);

type Write = fn(&[Cell<'_>], &mut String) -> Result<(), FunctionError>;

fn build(arguments: &Arguments<'_>, kind: JsonKind, write: Write) -> Result<ArrayRef> {
    let columns = arguments.columns()?;
    let encoders = columns
        .iter()
        .zip(arguments.fields)
        .map(|(column, field)| Encoder::new(column, field, arguments.zone))
        .collect::<Result<Vec<_>>>()?;
    let rows = (0..arguments.rows).map(|row| {
        let cells = encoders.iter().map(|encoder| (encoder, row));
        Some(cells.collect())
    });
    documents(rows, kind, write)
}

/// Of the innermost elements of an array.
fn build_of(arguments: &Arguments<'_>, kind: JsonKind, write: Write) -> Result<ArrayRef> {
    let columns = arguments.columns()?;
    let (Some(column), Some(field)) = (columns.first(), arguments.fields.first()) else {
        return documents((0..arguments.rows).map(|_| None), kind, write);
    };
    let (mut elements, mut element) = (Arc::clone(column), Field::clone(field));
    // Where the elements of each row begin and end.
    let mut ranges: Vec<(usize, usize)> = (0..arguments.rows).map(|row| (row, row + 1)).collect();
    while let DataType::List(item) = element.data_type().clone() {
        let lists = elements.as_list::<i32>();
        let offsets = lists.value_offsets();
        let at = |place: usize| {
            let offset = offsets.get(place).copied().unwrap_or_default();
            usize::try_from(offset).unwrap_or_default()
        };
        for range in &mut ranges {
            *range = (at(range.0), at(range.1));
        }
        elements = Arc::clone(lists.values());
        element = Field::clone(&item);
    }
    if !matches!(column.data_type(), DataType::List(_) | DataType::Null) {
        return Err(FunctionError {
            sqlstate: "42804",
            message: "VARIADIC argument must be an array".to_owned(),
            hint: None,
        }
        .into());
    }
    let encoder = Encoder::new(&elements, &element, arguments.zone)?;
    let rows = ranges.into_iter().enumerate().map(|(row, (from, to))| {
        let cells = (from..to).map(|place| (&encoder, place));
        (!column.is_null(row)).then(|| cells.collect())
    });
    documents(rows, kind, write)
}

fn documents<'a>(
    rows: impl Iterator<Item = Option<Vec<Cell<'a>>>>,
    kind: JsonKind,
    write: Write,
) -> Result<ArrayRef> {
    let mut answers = StringBuilder::new();
    let mut text = String::new();
    for cells in rows {
        let Some(cells) = cells else {
            answers.append_null();
            continue;
        };
        text.clear();
        write(&cells, &mut text)?;
        match kind {
            JsonKind::Jsonb => answers.append_value(canonical(&text)?),
            _ => answers.append_value(&text),
        }
    }
    Ok(Arc::new(answers.finish()))
}

fn write_array(values: &[Cell<'_>], out: &mut String) -> Result<(), FunctionError> {
    out.push('[');
    for (index, (value, row)) in values.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        value.write(*row, "", out);
    }
    out.push(']');
    Ok(())
}

fn write_object(parts: &[Cell<'_>], out: &mut String) -> Result<(), FunctionError> {
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
        let [(key, row), (value, value_row)] = pair else {
            continue;
        };
        if index > 0 {
            out.push_str(", ");
        }
        if key.is_null(*row) {
            return Err(FunctionError::invalid_argument(format!(
                "argument {} cannot be null",
                2 * index + 1
            ))
            .with_hint("Object keys should be text."));
        }
        if !key.write_key(*row, out) {
            return Err(FunctionError::invalid_argument(
                "key value must be scalar, not array, composite, or json",
            ));
        }
        out.push_str(" : ");
        value.write(*value_row, "", out);
    }
    out.push('}');
    Ok(())
}
