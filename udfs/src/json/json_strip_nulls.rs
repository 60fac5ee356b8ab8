//! `json_strip_nulls(document)`: the document without the members of objects that are null.

use datafusion::error::Result;

use super::function::{Answer, Compute, Definition, Parameter, Row};
use super::kind::JsonKind;
use super::scan::{Scanned, Scanner, check_depth};
use super::value::{Value, write_string};

pub(super) static JSON: Definition = Definition {
    name: "json_strip_nulls",
    parameters: &[Parameter::Document],
    answer: Answer::Json(JsonKind::Json),
    compute: Compute::Text(|row, out| {
        let mut scanner = Scanner::new(row.required(0)?);
        copy(&mut scanner, 0, out)?;
        scanner.end()?;
        Ok(true)
    }),
    ..Definition::STRICT
};

pub(super) static JSONB: Definition = Definition {
    name: "jsonb_strip_nulls",
    parameters: &[Parameter::Document],
    answer: Answer::Json(JsonKind::Jsonb),
    compute: Compute::Text(strip_value),
    ..Definition::STRICT
};

fn strip_value(row: &Row<'_>, out: &mut String) -> Result<bool> {
    let mut value = Value::parse(row.required(0)?)?;
    strip(&mut value);
    value.write(out)?;
    Ok(true)
}

fn strip(value: &mut Value<'_>) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(strip),
        Value::Object(members) => {
            members.retain(|(_, value)| !matches!(value, Value::Null));
            members.iter_mut().for_each(|(_, value)| strip(value));
        }
        _ => {}
    }
}

/// Copies a document in the order that it has, without blanks.
fn copy(scanner: &mut Scanner<'_>, depth: usize, out: &mut String) -> Scanned<()> {
    match scanner.peek() {
        Some(b'{') => {
            check_depth(depth)?;
            scanner.advance();
            out.push('{');
            let start = out.len();
            if scanner.peek() == Some(b'}') {
                scanner.advance();
            } else {
                let mut is_first = true;
                loop {
                    let key = scanner.key(is_first)?.unescaped()?;
                    if scanner.peek() == Some(b'n') {
                        scanner.scalar()?;
                    } else {
                        if out.len() > start {
                            out.push(',');
                        }
                        write_string(&key, out);
                        out.push(':');
                        copy(scanner, depth + 1, out)?;
                    }
                    is_first = false;
                    if !scanner.next_member()? {
                        break;
                    }
                }
            }
            out.push('}');
        }
        Some(b'[') => {
            check_depth(depth)?;
            scanner.advance();
            out.push('[');
            if scanner.peek() == Some(b']') {
                scanner.advance();
            } else {
                loop {
                    copy(scanner, depth + 1, out)?;
                    if !scanner.next_element()? {
                        break;
                    }
                    out.push(',');
                }
            }
            out.push(']');
        }
        Some(b'"') => write_string(&scanner.string()?.unescaped()?, out),
        _ => out.push_str(scanner.scalar()?),
    }
    Ok(())
}
