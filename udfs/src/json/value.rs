//! A document as a tree, and the one text that `jsonb` has for it.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::number;
use super::scan::{RawString, Scanned, Scanner, check_depth};
use crate::FunctionError;

/// A value of JSON. The texts are those of the document, as far as they are in it.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    /// As JSON writes it.
    Number(Cow<'a, str>),
    String(Cow<'a, str>),
    Array(Vec<Value<'a>>),
    /// Sorted by key, each there once.
    Object(Vec<Member<'a>>),
}

/// A key and its value.
pub(super) type Member<'a> = (Cow<'a, str>, Value<'a>);

/// The order of keys: by length, then by bytes.
pub(super) fn compare_keys(left: &str, right: &str) -> Ordering {
    left.len()
        .cmp(&right.len())
        .then_with(|| left.as_bytes().cmp(right.as_bytes()))
}

impl<'a> Value<'a> {
    /// Reads a document.
    pub(super) fn parse(text: &'a str) -> Scanned<Self> {
        let mut scanner = Scanner::new(text);
        let value = Self::read(&mut scanner, 0)?;
        scanner.end()?;
        Ok(value)
    }

    fn read(scanner: &mut Scanner<'a>, depth: usize) -> Scanned<Self> {
        match scanner.peek() {
            Some(b'"') => Ok(Self::String(scanner.string()?.unescaped()?)),
            Some(b'{') => Self::read_object(scanner, depth),
            Some(b'[') => Self::read_array(scanner, depth),
            _ => Ok(match scanner.scalar()? {
                "null" => Self::Null,
                "true" => Self::Bool(true),
                "false" => Self::Bool(false),
                number => Self::Number(Cow::Borrowed(number)),
            }),
        }
    }

    fn read_array(scanner: &mut Scanner<'a>, depth: usize) -> Scanned<Self> {
        check_depth(depth)?;
        scanner.advance();
        let mut elements = Vec::new();
        if scanner.peek() == Some(b']') {
            scanner.advance();
            return Ok(Self::Array(elements));
        }
        loop {
            elements.push(Self::read(scanner, depth + 1)?);
            if !scanner.next_element()? {
                return Ok(Self::Array(elements));
            }
        }
    }

    fn read_object(scanner: &mut Scanner<'a>, depth: usize) -> Scanned<Self> {
        check_depth(depth)?;
        scanner.advance();
        let mut members = Vec::new();
        if scanner.peek() == Some(b'}') {
            scanner.advance();
            return Ok(Self::Object(members));
        }
        loop {
            let key: RawString<'a> = scanner.key(members.is_empty())?;
            let value = Self::read(scanner, depth + 1)?;
            members.push((key.unescaped()?, value));
            if !scanner.next_member()? {
                return Ok(Self::object(members));
            }
        }
    }

    /// An object of these members; of those with one key the last.
    pub(super) fn object(mut members: Vec<Member<'a>>) -> Self {
        let is_sorted = members
            .windows(2)
            .all(|pair| compare_keys(&pair[0].0, &pair[1].0) == Ordering::Less);
        if !is_sorted {
            // The sort keeps the order of equals, so that the last of them comes first when reversed.
            members.reverse();
            members.sort_by(|left, right| compare_keys(&left.0, &right.0));
            members.dedup_by(|later, first| later.0 == first.0);
        }
        Self::Object(members)
    }

    /// The same value, of whatever length of life.
    pub(super) fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Number(text) => Value::Number(Cow::Owned(text.into_owned())),
            Self::String(text) => Value::String(Cow::Owned(text.into_owned())),
            Self::Array(elements) => {
                Value::Array(elements.into_iter().map(Value::into_owned).collect())
            }
            Self::Object(members) => Value::Object(
                members
                    .into_iter()
                    .map(|(key, value)| (Cow::Owned(key.into_owned()), value.into_owned()))
                    .collect(),
            ),
        }
    }

    /// What `jsonb_typeof` says of it.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }

    /// Whether it is no array and no object.
    pub(super) fn is_scalar(&self) -> bool {
        !matches!(self, Self::Array(_) | Self::Object(_))
    }

    /// The member of an object with this key.
    pub(super) fn get(&self, key: &str) -> Option<&Value<'a>> {
        let Self::Object(members) = self else {
            return None;
        };
        let place = members.binary_search_by(|(own, _)| compare_keys(own, key));
        place.ok().and_then(|place| Some(&members.get(place)?.1))
    }

    /// Appends the text that `jsonb` has for it.
    pub(super) fn write(&self, out: &mut String) -> Result<(), FunctionError> {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(text) => number::write(text, out)?,
            Self::String(text) => write_string(text, out),
            Self::Array(elements) => {
                out.push('[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    element.write(out)?;
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    write_string(key, out);
                    out.push_str(": ");
                    value.write(out)?;
                }
                out.push('}');
            }
        }
        Ok(())
    }
}

/// Appends a text as a JSON string, as PostgreSQL's `escape_json` does.
pub(super) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut start = 0;
    for (place, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..=0x1f => {
                out.push_str(text.get(start..place).unwrap_or_default());
                out.push_str(&format!("\\u{byte:04x}"));
                start = place + 1;
                continue;
            }
            _ => continue,
        };
        out.push_str(text.get(start..place).unwrap_or_default());
        out.push_str(escape);
        start = place + 1;
    }
    out.push_str(text.get(start..).unwrap_or_default());
    out.push('"');
}

/// The text of `jsonb` for a document.
pub(super) fn canonical(text: &str) -> datafusion::error::Result<String> {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    Value::parse(text)?.write(&mut out)?;
    Ok(out)
}
