//! `bytea` as text: `\x` and hexadecimal digits, or the older form with escapes.

use std::fmt::Write;

use crate::FunctionError;

/// Reads `bytea` from text as PostgreSQL's `byteain` does.
///
/// # Errors
/// 22023 for digits that are none, 22P02 for an escape that is none.
pub fn parse(text: &str) -> Result<Vec<u8>, FunctionError> {
    match text.strip_prefix("\\x") {
        Some(digits) => parse_hexadecimal(digits),
        None => parse_escaped(text),
    }
}

/// How bytes are written: PostgreSQL's `bytea_output`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ByteaOutput {
    /// In hexadecimal.
    #[default]
    Hex,
    /// Bytes that are printed as themselves, others as a backslash and three octal digits.
    Escape,
}

impl ByteaOutput {
    /// The one of this name.
    pub fn named(name: &str) -> Self {
        match name {
            "escape" => Self::Escape,
            _ => Self::Hex,
        }
    }
}

/// Shows bytes as PostgreSQL's `byteaout` does.
pub fn bytes_text(bytes: &[u8], output: ByteaOutput) -> String {
    match output {
        ByteaOutput::Hex => hexadecimal(bytes),
        ByteaOutput::Escape => escaped(bytes),
    }
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(*byte)),
            other => {
                let _ = write!(text, "\\{other:03o}");
            }
        }
    }
    text
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("\\x");
    for byte in bytes {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

pub(super) fn parse_hexadecimal(digits: &str) -> Result<Vec<u8>, FunctionError> {
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    let mut high = None;
    for character in digits.chars() {
        // White space may stand between bytes, not within one.
        if high.is_none() && matches!(character, ' ' | '\n' | '\t' | '\r') {
            continue;
        }
        let digit = character
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
            .ok_or_else(|| {
                FunctionError::invalid_argument(format!(
                    "invalid hexadecimal digit: \"{character}\""
                ))
            })?;
        match high.take() {
            None => high = Some(digit),
            Some(first) => bytes.push(first << 4 | digit),
        }
    }
    match high {
        None => Ok(bytes),
        Some(_) => Err(FunctionError::invalid_argument(
            "invalid hexadecimal data: odd number of digits",
        )),
    }
}

pub(super) fn parse_escaped(text: &str) -> Result<Vec<u8>, FunctionError> {
    let octal = |byte: &u8| (b'0'..=b'7').contains(byte).then(|| byte - b'0');
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        if *byte != b'\\' {
            bytes.push(*byte);
            rest = tail;
            continue;
        }
        match tail {
            [b'\\', tail @ ..] => {
                bytes.push(b'\\');
                rest = tail;
            }
            [first @ b'0'..=b'3', second, third, tail @ ..] => {
                let (Some(second), Some(third)) = (octal(second), octal(third)) else {
                    return Err(FunctionError::invalid_text("bytea"));
                };
                bytes.push((first - b'0') << 6 | second << 3 | third);
                rest = tail;
            }
            _ => return Err(FunctionError::invalid_text("bytea")),
        }
    }
    Ok(bytes)
}
