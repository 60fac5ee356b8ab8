//! Limits on a statement's size that the parser itself does not keep.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::cursor::{Failure, Parsed};
use crate::error::{Error, SqlState};

/// How many operators one expression may chain, and how many queries one UNION.
///
/// A chain `a OR b OR c ...` becomes a tree as deep as it is long, which is walked, copied and
/// freed by recursion: its length must be limited as nesting is.
pub const MAX_CHAIN: usize = 1_000;

/// Refuses statements with longer chains.
pub fn check(tokens: &[TokenWithSpan]) -> Parsed<()> {
    // How many operators came before the parentheses that are open, and in the innermost.
    let mut outer = Vec::new();
    let mut operators = 0_usize;
    let mut unions = 0_usize;
    for token in tokens {
        match &token.token {
            Token::LParen | Token::LBracket => {
                outer.push(operators);
                operators = 0;
            }
            Token::RParen | Token::RBracket => operators = outer.pop().unwrap_or(0) + 1,
            Token::Comma => operators = 0,
            Token::SemiColon => {
                operators = 0;
                unions = 0;
            }
            Token::Word(word) => match word.keyword {
                Keyword::SELECT
                | Keyword::FROM
                | Keyword::WHERE
                | Keyword::GROUP
                | Keyword::HAVING
                | Keyword::ORDER
                | Keyword::ON
                | Keyword::WHEN
                | Keyword::THEN
                | Keyword::ELSE => operators = 0,
                Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::JOIN => {
                    unions += 1;
                }
                Keyword::AND
                | Keyword::OR
                | Keyword::XOR
                | Keyword::IS
                | Keyword::IN
                | Keyword::LIKE
                | Keyword::ILIKE
                | Keyword::SIMILAR
                | Keyword::BETWEEN
                | Keyword::COLLATE
                | Keyword::OVERLAPS
                | Keyword::NOTNULL
                | Keyword::AT => operators += 1,
                _ => {}
            },
            Token::Whitespace(_)
            | Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::Placeholder(_)
            | Token::Period => {}
            _ => operators += 1,
        }
        if operators > MAX_CHAIN || unions > MAX_CHAIN {
            let error = Error::new(
                SqlState::STATEMENT_TOO_COMPLEX,
                format!("the statement chains more than {MAX_CHAIN} operators"),
            )
            .with_hint("Compare with a list (IN), or join a table of values.");
            return Err(Failure::Told(error, Some(token.span.start)));
        }
    }
    Ok(())
}
