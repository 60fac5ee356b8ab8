//! Numbers and parameters that letters follow without a blank, `123abc` and `$1a`, which PostgreSQL 15
//! refuses: `1and` or `10x` would be read as a number and an alias, and mostly is a slip.

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use super::cursor::{Failure, Parsed};
use crate::error::{Error, SqlState};

/// The marks of `0x1F` beside its digits; `x'1F'` has one more.
const HEXADECIMAL_PREFIX: usize = 2;

/// Refuses them.
///
/// # Errors
/// 42601 for the first one.
pub(super) fn refuse(tokens: &[TokenWithSpan]) -> Parsed<()> {
    for (place, token) in tokens.iter().enumerate() {
        let behind = match tokens.get(place + 1).map(|next| &next.token) {
            Some(Token::Word(Word {
                value,
                quote_style: None,
                ..
            })) => value.as_str(),
            _ => "",
        };
        let (what, written) = match &token.token {
            Token::Number(digits, is_long) if *is_long || !behind.is_empty() => {
                let long = if *is_long { "L" } else { "" };
                ("numeric literal", format!("{digits}{long}{behind}"))
            }
            Token::HexStringLiteral(digits) if is_number(token, digits) => {
                ("numeric literal", format!("0x{digits}{behind}"))
            }
            Token::Placeholder(name) if has_junk(name) => ("parameter", name.clone()),
            _ => continue,
        };
        let message = format!("trailing junk after {what} at or near \"{written}\"");
        let error = Error::new(SqlState::SYNTAX_ERROR, message);
        return Err(Failure::Told(error, Some(token.span.start)));
    }
    Ok(())
}

/// Whether digits are those of `0x1F`, not of `x'1F'`.
fn is_number(token: &TokenWithSpan, digits: &str) -> bool {
    let (start, end) = (token.span.start, token.span.end);
    let length = end.column.saturating_sub(start.column);
    start.line == end.line && usize::try_from(length) == Ok(digits.len() + HEXADECIMAL_PREFIX)
}

/// `$1a`
fn has_junk(name: &str) -> bool {
    let number = name.strip_prefix('$').unwrap_or_default();
    number.starts_with(|first: char| first.is_ascii_digit())
        && !number.bytes().all(|digit| digit.is_ascii_digit())
}
