//! `DEALLOCATE [PREPARE] name | ALL`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::name::Quoted;

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deallocate {
    /// The prepared statement to forget; `None` for all of them.
    pub name: Option<String>,
}

impl Deallocate {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["DEALLOCATE"])?;
        // A statement may be called `prepare`.
        let is_name = matches!(
            parser.peek_nth_token_ref(1).token,
            Token::EOF | Token::SemiColon
        );
        if !is_name {
            parser.expect_words(&["PREPARE"])?;
        }
        let name = match parser.take_word("ALL") {
            true => None,
            false => Some(parser.identifier()?),
        };
        Ok(Self { name })
    }
}

impl fmt::Display for Deallocate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "DEALLOCATE {}", Quoted(name)),
            None => f.write_str("DEALLOCATE ALL"),
        }
    }
}
