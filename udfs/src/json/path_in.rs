//! A text as `jsonpath`.

use datafusion::error::Result;

use super::function::{Answer, Compute, Definition, Parameter};
use super::kind::JsonKind;
use super::path;

pub(super) static FUNCTION: Definition = Definition {
    name: "jsonpath_in",
    parameters: &[Parameter::Text],
    answer: Answer::Json(JsonKind::Path),
    compute: Compute::Text(|row, out| {
        out.push_str(&canonical(row.required(0)?)?);
        Ok(true)
    }),
    ..Definition::STRICT
};

/// The one text that a path has.
pub(super) fn canonical(text: &str) -> Result<String> {
    Ok(path::parse(text)?.to_text())
}
