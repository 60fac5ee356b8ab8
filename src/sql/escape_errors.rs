//! What is wrong with the escapes of a literal, `E'\u00g1'`, of which the tokenizer says no more than that it
//! cannot read it.

use std::iter::Peekable;
use std::str::Chars;

use crate::error::{Error, SqlState};

/// The error of the first escape that is none, in a text that begins with such a literal; none where all
/// are good.
pub(super) fn find(text: &str) -> Option<Error> {
    let (_, literal) = text.split_once('\'')?;
    let mut rest = literal.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\'' if rest.next_if_eq(&'\'').is_none() => return None,
            '\\' => {
                let error = match rest.next()? {
                    'u' => unicode(&mut rest, 4),
                    'U' => unicode(&mut rest, 8),
                    'x' => {
                        let digits = digits(&mut rest, 16, 2);
                        (!digits.is_empty()).then(|| byte(&digits, 16)).flatten()
                    }
                    first if first.is_digit(8) => {
                        let more = digits(&mut rest, 8, 2);
                        byte(&format!("{first}{more}"), 8)
                    }
                    _ => None,
                };
                if error.is_some() {
                    return error;
                }
            }
            _ => {}
        }
    }
    None
}

/// Up to so many digits.
fn digits(rest: &mut Peekable<Chars<'_>>, radix: u32, most: usize) -> String {
    let mut digits = String::new();
    while digits.len() < most
        && let Some(digit) = rest.next_if(|next| next.is_digit(radix))
    {
        digits.push(digit);
    }
    digits
}

fn unicode(rest: &mut Peekable<Chars<'_>>, length: usize) -> Option<Error> {
    let digits = digits(rest, 16, length);
    if digits.len() < length {
        let error = Error::new(SqlState::INVALID_ESCAPE_SEQUENCE, "invalid Unicode escape");
        return Some(error.with_hint("Unicode escapes must be \\uXXXX or \\UXXXXXXXX."));
    }
    let code = u32::from_str_radix(&digits, 16).ok();
    match code.and_then(char::from_u32) {
        Some(character) if character != '\0' => None,
        _ => Some(Error::new(
            SqlState::SYNTAX_ERROR,
            "invalid Unicode escape value",
        )),
    }
}

/// A byte that is no character of its own in UTF-8.
fn byte(digits: &str, radix: u32) -> Option<Error> {
    let byte = u32::from_str_radix(digits, radix).ok()? & 0xff;
    if (1..0x80).contains(&byte) {
        return None;
    }
    let message = format!("invalid byte sequence for encoding \"UTF8\": 0x{byte:02x}");
    Some(Error::new(SqlState::CHARACTER_NOT_IN_REPERTOIRE, message))
}
