//! `json_array_elements(document)` and `json_array_elements_text(document)`: the elements of an
//! array, a row each.

use datafusion::error::Result;

use super::function::{Answer, Compute, Definition, Parameter, Row, Rows};
use super::get::{as_text, elements, type_of};
use crate::FunctionError;

macro_rules! declare {
    ($static:ident, $name:literal, $is_text:literal) => {
        pub(super) static $static: Definition = Definition {
            name: $name,
            parameters: &[Parameter::Document],
            answer: Answer::Rows(&[""]),
            compute: Compute::Rows(|row, rows| list(row, rows, $name, $is_text)),
            ..Definition::STRICT
        };
    };
}

declare!(JSON, "json_array_elements", false);
declare!(JSONB, "jsonb_array_elements", false);
declare!(JSON_TEXT, "json_array_elements_text", true);
declare!(JSONB_TEXT, "jsonb_array_elements_text", true);

fn list(row: &Row<'_>, rows: &mut Rows, name: &str, is_text: bool) -> Result<()> {
    let document = row.required(0)?;
    let Some(elements) = elements(document)? else {
        return Err(FunctionError::invalid_argument(match type_of(document) {
            "object" if name.starts_with("json_") => format!("cannot call {name} on a non-array"),
            "object" => "cannot extract elements from an object".to_owned(),
            _ if name.starts_with("json_") => format!("cannot call {name} on a scalar"),
            _ => "cannot extract elements from a scalar".to_owned(),
        })
        .into());
    };
    for element in elements {
        if is_text {
            rows.push(&[as_text(element)?.as_deref()]);
        } else {
            rows.push(&[Some(element)]);
        }
    }
    Ok(())
}
