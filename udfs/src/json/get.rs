//! Finds a part of a document without reading the rest of it into memory.

use std::borrow::Cow;

use super::kind::JsonKind;
use super::scan::{Scanned, Scanner};
use super::value::write_string;

/// What is looked for.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A member of an object.
    Key(Key),
    /// An element of an array, from its end where it is negative.
    Index(i64),
}

/// A key, and how a document of `jsonb` writes it.
#[derive(Clone, Debug)]
pub(super) struct Key {
    plain: String,
    /// Without its quotation marks.
    written: String,
}

impl Key {
    pub(super) fn new(key: &str) -> Self {
        let mut quoted = String::with_capacity(key.len() + 2);
        write_string(key, &mut quoted);
        let written = quoted.get(1..quoted.len() - 1).unwrap_or_default();
        Self {
            plain: key.to_owned(),
            written: written.to_owned(),
        }
    }
}

/// The part of a document that a step leads to, as the document has it.
pub(super) fn find<'a>(text: &'a str, step: &Step, kind: JsonKind) -> Scanned<Option<&'a str>> {
    match (step, kind) {
        (Step::Key(key), JsonKind::Jsonb) => Ok(stored_member(text, key)),
        (Step::Key(key), _) => written_member(text, key),
        (Step::Index(index), JsonKind::Jsonb) => Ok(stored_element(text, *index)),
        (Step::Index(index), _) => written_element(text, *index),
    }
}

/// A member of a document in the form of `jsonb`: keys are there once, and escaped one way.
fn stored_member<'a>(text: &'a str, key: &Key) -> Option<&'a str> {
    let mut scanner = Scanner::new(text);
    if scanner.peek() != Some(b'{') {
        return None;
    }
    scanner.advance();
    while let Some(b'"' | b',') = scanner.peek() {
        if scanner.peek() == Some(b',') {
            scanner.advance();
            scanner.peek();
        }
        let start = scanner.place();
        scanner.skip();
        let own = scanner.slice(start + 1, scanner.place().saturating_sub(1));
        scanner.peek();
        scanner.advance();
        scanner.peek();
        let start = scanner.place();
        scanner.skip();
        if own == key.written {
            return Some(scanner.slice(start, scanner.place()));
        }
    }
    None
}

fn stored_element(text: &str, index: i64) -> Option<&str> {
    let elements = |wanted: Option<i64>| {
        let mut scanner = Scanner::new(text);
        if scanner.peek() != Some(b'[') {
            return (0, None);
        }
        scanner.advance();
        let mut count = 0;
        while scanner.peek().is_some_and(|byte| byte != b']') {
            if scanner.peek() == Some(b',') {
                scanner.advance();
                scanner.peek();
            }
            let start = scanner.place();
            scanner.skip();
            if wanted == Some(count) {
                return (count, Some(scanner.slice(start, scanner.place())));
            }
            count += 1;
        }
        (count, None)
    };
    if index >= 0 {
        return elements(Some(index)).1;
    }
    let (count, _) = elements(None);
    let wanted = count.checked_add(index).filter(|place| *place >= 0)?;
    elements(Some(wanted)).1
}

/// A member of any document; of several with one key the last. All of the document is looked at, so
/// that what is no JSON is no answer.
fn written_member<'a>(text: &'a str, key: &Key) -> Scanned<Option<&'a str>> {
    let mut scanner = Scanner::new(text);
    let mut found = None;
    if scanner.peek() != Some(b'{') {
        scanner.value()?;
        scanner.end()?;
        return Ok(None);
    }
    scanner.advance();
    if scanner.peek() == Some(b'}') {
        scanner.advance();
    } else {
        let mut is_first = true;
        loop {
            let own = scanner.key(is_first)?;
            let value = scanner.value()?;
            let is_wanted = match own.has_escapes {
                false => own.raw == key.plain,
                true => own.unescaped()? == key.plain,
            };
            if is_wanted {
                found = Some(value);
            }
            if !scanner.next_member()? {
                break;
            }
            is_first = false;
        }
    }
    scanner.end()?;
    Ok(found)
}

fn written_element(text: &str, index: i64) -> Scanned<Option<&str>> {
    let elements = elements(text)?.unwrap_or_default();
    let place = if index < 0 {
        i64::try_from(elements.len())
            .unwrap_or(i64::MAX)
            .checked_add(index)
    } else {
        Some(index)
    };
    let place = place.and_then(|place| usize::try_from(place).ok());
    Ok(place.and_then(|place| elements.get(place).copied()))
}

/// The elements of an array as the document has them; none of another value.
pub(super) fn elements(text: &str) -> Scanned<Option<Vec<&str>>> {
    let mut scanner = Scanner::new(text);
    if scanner.peek() != Some(b'[') {
        scanner.value()?;
        scanner.end()?;
        return Ok(None);
    }
    scanner.advance();
    let mut elements = Vec::new();
    if scanner.peek() == Some(b']') {
        scanner.advance();
    } else {
        loop {
            elements.push(scanner.value()?);
            if !scanner.next_element()? {
                break;
            }
        }
    }
    scanner.end()?;
    Ok(Some(elements))
}

/// A key, and the part of a document that it has.
pub(super) type Part<'a> = (Cow<'a, str>, &'a str);

/// The members of an object as the document has them, in its order; none of another value.
pub(super) fn members(text: &str) -> Scanned<Option<Vec<Part<'_>>>> {
    let mut scanner = Scanner::new(text);
    if scanner.peek() != Some(b'{') {
        scanner.value()?;
        scanner.end()?;
        return Ok(None);
    }
    scanner.advance();
    let mut members = Vec::new();
    if scanner.peek() == Some(b'}') {
        scanner.advance();
    } else {
        loop {
            let key = scanner.key(members.is_empty())?.unescaped()?;
            members.push((key, scanner.value()?));
            if !scanner.next_member()? {
                break;
            }
        }
    }
    scanner.end()?;
    Ok(Some(members))
}

/// A part of a document as text: a string without marks, null as none.
pub(super) fn as_text(part: &str) -> Scanned<Option<Cow<'_, str>>> {
    match part.as_bytes().first() {
        Some(b'"') => Scanner::new(part).string()?.unescaped().map(Some),
        Some(b'n') => Ok(None),
        _ => Ok(Some(Cow::Borrowed(part))),
    }
}

/// The type of a document: the name that `json_typeof` has for it.
pub(super) fn type_of(text: &str) -> &'static str {
    match text.trim_start().as_bytes().first() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b't' | b'f') => "boolean",
        Some(b'n') => "null",
        _ => "number",
    }
}
