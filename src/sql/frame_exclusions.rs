//! `EXCLUDE` behind the bounds of a window's frame, which sqlparser does not know.

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Whitespace};

use super::cursor::{Failure, Parsed};
use crate::error::Error;

/// The words that the bounds of a frame end with.
const BOUNDS: [&str; 3] = ["ROW", "PRECEDING", "FOLLOWING"];

/// Leaves out `EXCLUDE NO OTHERS`, which leaves no row out.
///
/// # Errors
/// 0A000 for `EXCLUDE CURRENT ROW`, `EXCLUDE GROUP` and `EXCLUDE TIES`.
pub(super) fn leave_out(tokens: &mut [TokenWithSpan]) -> Parsed<()> {
    if !tokens.iter().any(|token| is(Some(&token.token), "EXCLUDE")) {
        return Ok(());
    }
    let solid = tokens.iter().enumerate();
    let solid = solid.filter(|(_, token)| !matches!(token.token, Token::Whitespace(_)));
    let solid: Vec<usize> = solid.map(|(place, _)| place).collect();
    for at in 1..solid.len() {
        let token = |at: usize| solid.get(at).map(|place| &tokens[*place].token);
        let is_behind_bounds = BOUNDS.iter().any(|word| is(token(at - 1), word));
        if !is_behind_bounds || !is(token(at), "EXCLUDE") {
            continue;
        }
        let ends = |at: usize| token(at) == Some(&Token::RParen);
        let left_out = if is(token(at + 1), "CURRENT") && is(token(at + 2), "ROW") && ends(at + 3) {
            "CURRENT ROW"
        } else if is(token(at + 1), "GROUP") && ends(at + 2) {
            "GROUP"
        } else if is(token(at + 1), "TIES") && ends(at + 2) {
            "TIES"
        } else if is(token(at + 1), "NO") && is(token(at + 2), "OTHERS") && ends(at + 3) {
            for place in &solid[at..at + 3] {
                tokens[*place].token = Token::Whitespace(Whitespace::Space);
            }
            continue;
        } else {
            continue;
        };
        let error = Error::unsupported(format!("EXCLUDE {left_out} in the frame of a window"))
            .with_hint(
                "Compute what is left out apart, and take it off what all rows of the frame give.",
            );
        return Err(Failure::Told(error, Some(tokens[solid[at]].span.start)));
    }
    Ok(())
}

/// Whether a token is a word, in any case and without quotes.
fn is(token: Option<&Token>, word: &str) -> bool {
    matches!(
        token,
        Some(Token::Word(own)) if own.quote_style.is_none() && own.value.eq_ignore_ascii_case(word)
    )
}
