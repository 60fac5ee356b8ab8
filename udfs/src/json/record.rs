//! Documents as records.

use datafusion::error::Result;

use super::function::{Answer, Compute, Definition, Parameter, Row, Rows};
use super::get::{elements, type_of};
use super::scan::check;
use crate::FunctionError;

/// A document as the one row of a list.
pub(super) static ONE: Definition = Definition {
    name: "tributary_record",
    parameters: &[Parameter::Document],
    answer: Answer::Rows(&[""]),
    is_strict: false,
    compute: Compute::Rows(|row, rows| {
        if let Some(document) = row.text(0)? {
            check(document)?;
            if type_of(document) != "object" {
                let what = match type_of(document) {
                    "array" => "an array",
                    _ => "a scalar",
                };
                let message = format!("cannot call json_to_record on {what}");
                return Err(FunctionError::invalid_argument(message).into());
            }
        }
        rows.push(&[row.text(0)?]);
        Ok(())
    }),
    ..Definition::STRICT
};

macro_rules! declare {
    ($static:ident, $name:literal, $called:literal) => {
        pub(super) static $static: Definition = Definition {
            name: $name,
            parameters: &[Parameter::Document],
            answer: Answer::Rows(&[""]),
            compute: Compute::Rows(|row, rows| list(row, rows, $called)),
            ..Definition::STRICT
        };
    };
}

declare!(JSON_LIST, "json_records", "json_to_recordset");
declare!(JSONB_LIST, "jsonb_records", "jsonb_to_recordset");

/// The objects of an array, a row each.
fn list(row: &Row<'_>, rows: &mut Rows, called: &str) -> Result<()> {
    let document = row.required(0)?;
    let Some(elements) = elements(document)? else {
        let what = match type_of(document) {
            _ if called.starts_with("jsonb_") => "a non-array",
            "object" => "an object",
            _ => "a scalar",
        };
        let message = format!("cannot call {called} on {what}");
        return Err(FunctionError::invalid_argument(message).into());
    };
    for element in elements {
        if type_of(element) != "object" {
            let message = format!("argument of {called} must be an array of objects");
            return Err(FunctionError::invalid_argument(message).into());
        }
        rows.push(&[Some(element)]);
    }
    Ok(())
}
