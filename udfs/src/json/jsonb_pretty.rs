//! `jsonb_pretty(document)`: the document, a line for each of its members.

use datafusion::error::Result;

use super::function::{Answer, Compute, Definition, Parameter, Row};
use super::value::{Value, write_string};
use crate::FunctionError;

pub(super) static FUNCTION: Definition = Definition {
    name: "jsonb_pretty",
    parameters: &[Parameter::Document],
    answer: Answer::Text,
    compute: Compute::Text(pretty),
    ..Definition::STRICT
};

fn pretty(row: &Row<'_>, out: &mut String) -> Result<bool> {
    write(&Value::parse(row.required(0)?)?, 0, out)?;
    Ok(true)
}

fn write(value: &Value<'_>, level: usize, out: &mut String) -> Result<(), FunctionError> {
    let line = |level: usize, out: &mut String| {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', 4 * level));
    };
    match value {
        Value::Array(elements) => {
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                line(level + 1, out);
                write(element, level + 1, out)?;
            }
            line(level, out);
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (index, (key, value)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                line(level + 1, out);
                write_string(key, out);
                out.push_str(": ");
                write(value, level + 1, out)?;
            }
            line(level, out);
            out.push('}');
        }
        scalar => scalar.write(out)?,
    }
    Ok(())
}
