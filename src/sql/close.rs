//! `CLOSE name | ALL`.

use std::fmt;

use super::cursor::{Parsed, Parser};
use super::name::Quoted;

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// The cursor; `None` for all of them.
    pub cursor: Option<String>,
}

impl Close {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["CLOSE"])?;
        let cursor = match parser.take_word("ALL") {
            true => None,
            false => Some(parser.identifier()?),
        };
        Ok(Self { cursor })
    }
}

impl fmt::Display for Close {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cursor {
            Some(name) => write!(f, "CLOSE {}", Quoted(name)),
            None => f.write_str("CLOSE ALL"),
        }
    }
}
