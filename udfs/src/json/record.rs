//! Documents as records.

use datafusion::error::Result;

use super::function::{Answer, Compute, Definition, Parameter, Row};
use super::get::{as_text, elements, type_of};
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

/// An array of a document as the text of an SQL array.
pub(super) static ARRAY_TEXT: Definition = Definition {
    name: "tributary_array_text",
    parameters: &[Parameter::Document],
    answer: Answer::Text,
    compute: Compute::Text(array_text),
    ..Definition::STRICT
};

fn array_text(row: &Row<'_>, out: &mut String) -> Result<bool> {
    let document = row.required(0)?;
    if type_of(document) == "null" {
        return Ok(false);
    }
    // The text of an SQL array in a string is one as it is.
    if type_of(document) == "string" {
        out.push_str(as_text(document)?.as_deref().unwrap_or_default());
        return Ok(true);
    }
    let Some(elements) = elements(document)? else {
        return Err(FunctionError {
            sqlstate: "22P02",
            message: "expected JSON array".to_owned(),
            hint: None,
        }
        .into());
    };
    out.push('{');
    for (index, element) in elements.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        match as_text(element)? {
            None => out.push_str("NULL"),
            Some(text) => {
                out.push('"');
                for character in text.chars() {
                    if matches!(character, '"' | '\\') {
                        out.push('\\');
                    }
                    out.push(character);
                }
                out.push('"');
            }
        }
    }
    out.push('}');
    Ok(true)
}
