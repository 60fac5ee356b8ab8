//! `UNLISTEN channel | *`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::name::Quoted;

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlisten {
    /// The channel; `None` for all of them.
    pub channel: Option<String>,
}

impl Unlisten {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["UNLISTEN"])?;
        let channel = match parser.consume_token(&Token::Mul) {
            true => None,
            false => Some(parser.identifier()?),
        };
        Ok(Self { channel })
    }
}

impl fmt::Display for Unlisten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.channel {
            Some(channel) => write!(f, "UNLISTEN {}", Quoted(channel)),
            None => f.write_str("UNLISTEN *"),
        }
    }
}
