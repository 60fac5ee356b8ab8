//! `json_array_length(document)`: how many elements an array has.

use datafusion::error::Result;

use super::function::{Answer, Compute, Definition, Parameter, Row};
use super::get::{elements, type_of};
use crate::FunctionError;

macro_rules! declare {
    ($static:ident, $name:literal) => {
        pub(super) static $static: Definition = Definition {
            name: $name,
            parameters: &[Parameter::Document],
            answer: Answer::Integer,
            compute: Compute::Integer(length),
            ..Definition::STRICT
        };
    };
}

declare!(JSON, "json_array_length");
declare!(JSONB, "jsonb_array_length");

fn length(row: &Row<'_>) -> Result<Option<i32>> {
    let document = row.required(0)?;
    match elements(document)? {
        Some(elements) => Ok(Some(i32::try_from(elements.len()).unwrap_or(i32::MAX))),
        None => Err(FunctionError::invalid_argument(match type_of(document) {
            "object" => "cannot get array length of a non-array",
            _ => "cannot get array length of a scalar",
        })
        .into()),
    }
}
