//! `LISTEN channel`.

use std::fmt;

use super::cursor::{Parsed, Parser};
use super::name::Quoted;

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// The channel.
    pub channel: String,
}

impl Listen {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["LISTEN"])?;
        Ok(Self {
            channel: parser.identifier()?,
        })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LISTEN {}", Quoted(&self.channel))
    }
}
