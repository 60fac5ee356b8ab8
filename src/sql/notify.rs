//! `NOTIFY channel [, 'payload']`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::name::Quoted;
use super::options::Literal;

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notify {
    /// The channel.
    pub channel: String,
    /// What is told; empty where nothing is.
    pub payload: String,
}

impl Notify {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["NOTIFY"])?;
        let channel = parser.identifier()?;
        let payload = match parser.consume_token(&Token::Comma) {
            true => parser.string()?,
            false => String::new(),
        };
        Ok(Self { channel, payload })
    }
}

impl fmt::Display for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NOTIFY {}", Quoted(&self.channel))?;
        match self.payload.as_str() {
            "" => Ok(()),
            payload => write!(f, ", {}", Literal(payload)),
        }
    }
}
