//! The order of `jsonb`: bytes that sort as PostgreSQL's `compareJsonbContainers` compares.
//!
//! null < string < number < boolean < array < object; of arrays and objects the one of fewer members
//! comes first, then their members are compared in order. A scalar document counts as an array of
//! one element that is before all others of one, and so an empty array is before every scalar.

use super::number::Parts;
use super::value::Value;
use crate::FunctionError;

const NULL: u8 = 1;
const STRING: u8 = 2;
const NUMBER: u8 = 3;
const BOOLEAN: u8 = 4;
const ARRAY: u8 = 5;
const OBJECT: u8 = 6;

/// Behind the last byte of a string, which has none that is zero.
const END: u8 = 0;

/// Appends bytes that compare as the document does with others.
pub(super) fn write_key(value: &Value<'_>, out: &mut Vec<u8>) -> Result<(), FunctionError> {
    if value.is_scalar() {
        out.push(ARRAY);
        out.extend(1_u32.to_be_bytes());
        out.push(0);
    }
    write_part(value, out)
}

fn write_part(value: &Value<'_>, out: &mut Vec<u8>) -> Result<(), FunctionError> {
    let count = |members: usize| u32::try_from(members).unwrap_or(u32::MAX).to_be_bytes();
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(value) => out.extend([BOOLEAN, u8::from(*value)]),
        Value::String(text) => {
            out.push(STRING);
            out.extend(text.as_bytes());
            out.push(END);
        }
        Value::Number(text) => {
            out.push(NUMBER);
            write_number(&Parts::of(text)?, out);
        }
        Value::Array(elements) => {
            out.push(ARRAY);
            out.extend(count(elements.len()));
            out.push(1);
            for element in elements {
                write_part(element, out)?;
            }
        }
        Value::Object(members) => {
            out.push(OBJECT);
            out.extend(count(members.len()));
            for (key, value) in members {
                out.push(STRING);
                out.extend(key.as_bytes());
                out.push(END);
                write_part(value, out)?;
            }
        }
    }
    Ok(())
}

/// The sign, the power of ten and the digits; of a negative number the complement of these.
fn write_number(number: &Parts<'_>, out: &mut Vec<u8>) {
    let digits = number.digits.trim_end_matches('0');
    if digits.is_empty() {
        return out.push(1);
    }
    out.push(if number.is_negative { 0 } else { 2 });
    let start = out.len();
    // The bit of the sign turned, so that negative powers come first.
    let power = i32::try_from(number.point).unwrap_or(i32::MAX) ^ i32::MIN;
    out.extend(power.to_be_bytes());
    out.extend(digits.as_bytes());
    out.push(END);
    if number.is_negative {
        for byte in out.iter_mut().skip(start) {
            *byte = !*byte;
        }
    }
}
