//! `json_over(base, document)` and `json_over_each(base, documents)`: an object with the members of another one where it
//! has none of their keys, as `json_populate_record` fills a row; of each object of an array.

use datafusion::error::Result;

use super::function::{Answer, Compute, Definition, Parameter};
use super::get::{elements, members};
use super::kind::JsonKind;
use super::value::write_string;

macro_rules! declare {
    ($static:ident, $name:literal, $write:expr) => {
        pub(super) static $static: Definition = Definition {
            name: $name,
            parameters: &[Parameter::Document, Parameter::Document],
            answer: Answer::Json(JsonKind::Json),
            is_strict: false,
            compute: Compute::Text(|row, out| match (row.text(0)?, row.text(1)?) {
                (Some(base), Some(document)) => $write(base, document, out).map(|()| true),
                (base, document) => {
                    let one = base.or(document);
                    out.push_str(one.unwrap_or_default());
                    Ok(one.is_some())
                }
            }),
            ..Definition::STRICT
        };
    };
}

declare!(ONE, "json_over", over);
declare!(EACH, "json_over_each", over_each);

/// What is no object stays as it is, for who reads it to refuse.
fn over(base: &str, document: &str, out: &mut String) -> Result<()> {
    let (Some(before), Some(own)) = (members(base)?, members(document)?) else {
        out.push_str(document);
        return Ok(());
    };
    out.push('{');
    // Of members with one key, the last is read.
    for (index, (key, value)) in before.iter().chain(&own).enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(key, out);
        out.push(':');
        out.push_str(value);
    }
    out.push('}');
    Ok(())
}

fn over_each(base: &str, documents: &str, out: &mut String) -> Result<()> {
    let Some(documents) = elements(documents)? else {
        out.push_str(documents);
        return Ok(());
    };
    out.push('[');
    for (index, document) in documents.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        over(base, document, out)?;
    }
    out.push(']');
    Ok(())
}
