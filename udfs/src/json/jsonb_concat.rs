//! `left || right`: two objects as one, or the elements of both as an array.

use datafusion::error::Result;

use super::function::{Answer, Compute, Definition, Parameter, Row};
use super::kind::JsonKind;
use super::value::Value;

pub(super) static FUNCTION: Definition = Definition {
    name: "jsonb_concat",
    parameters: &[Parameter::Document, Parameter::Document],
    answer: Answer::Json(JsonKind::Jsonb),
    compute: Compute::Text(concat),
    ..Definition::STRICT
};

fn concat(row: &Row<'_>, out: &mut String) -> Result<bool> {
    let left = Value::parse(row.required(0)?)?;
    let right = Value::parse(row.required(1)?)?;
    let both = match (left, right) {
        (Value::Object(mut left), Value::Object(right)) => {
            left.extend(right);
            Value::object(left)
        }
        (Value::Array(mut left), Value::Array(right)) => {
            left.extend(right);
            Value::Array(left)
        }
        (Value::Array(mut left), right) => {
            left.push(right);
            Value::Array(left)
        }
        (left, Value::Array(mut right)) => {
            right.insert(0, left);
            Value::Array(right)
        }
        (left, right) => Value::Array(vec![left, right]),
    };
    both.write(out)?;
    Ok(true)
}
