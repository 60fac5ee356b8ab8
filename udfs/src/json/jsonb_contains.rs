//! `container @> part`: whether all of a document is in another.

use datafusion::error::Result;

use super::function::{Answer, Compute, Definition, Parameter, Row};
use super::number::Parts;
use super::value::Value;

pub(super) static FUNCTION: Definition = Definition {
    name: "jsonb_contains",
    parameters: &[Parameter::Document, Parameter::Document],
    answer: Answer::Boolean,
    compute: Compute::Boolean(|row| contains(row, [0, 1])),
    ..Definition::STRICT
};

/// The same, the other way round.
pub(super) static CONTAINED: Definition = Definition {
    name: "jsonb_contained",
    parameters: &[Parameter::Document, Parameter::Document],
    answer: Answer::Boolean,
    compute: Compute::Boolean(|row| contains(row, [1, 0])),
    ..Definition::STRICT
};

fn contains(row: &Row<'_>, places: [usize; 2]) -> Result<Option<bool>> {
    let container = Value::parse(row.required(places[0])?)?;
    let part = Value::parse(row.required(places[1])?)?;
    // An array has what a scalar is as an element: the one exception among containers of two kinds.
    Ok(Some(match (&container, &part) {
        (Value::Array(elements), part) if part.is_scalar() => {
            elements.iter().any(|element| is_equal(element, part))
        }
        (container, part) => is_within(container, part),
    }))
}

fn is_within(container: &Value<'_>, part: &Value<'_>) -> bool {
    match (container, part) {
        (Value::Object(_), Value::Object(members)) => members
            .iter()
            .all(|(key, value)| container.get(key).is_some_and(|own| is_within(own, value))),
        (Value::Array(own), Value::Array(wanted)) => wanted
            .iter()
            .all(|wanted| own.iter().any(|element| is_within(element, wanted))),
        (container, part) => container.is_scalar() && is_equal(container, part),
    }
}

/// Whether two values are the same; numbers are by their value.
pub(super) fn is_equal(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::String(left), Value::String(right)) => left == right,
        (Value::Number(left), Value::Number(right)) => {
            left == right
                || match (Parts::of(left), Parts::of(right)) {
                    (Ok(left), Ok(right)) => {
                        left.is_negative == right.is_negative
                            && left.point == right.point
                            && left.digits.trim_end_matches('0')
                                == right.digits.trim_end_matches('0')
                    }
                    _ => false,
                }
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| is_equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| left.0 == right.0 && is_equal(&left.1, &right.1))
        }
        _ => false,
    }
}
