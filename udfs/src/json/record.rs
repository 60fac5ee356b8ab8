//! Documents as records.

use super::function::{Answer, Compute, Definition, Parameter};
use super::get::type_of;
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
