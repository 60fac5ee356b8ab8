//! `CHECKPOINT`.

use std::fmt;

use super::cursor::{Parsed, Parser};

/// The statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint;

impl Checkpoint {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["CHECKPOINT"])?;
        Ok(Self)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CHECKPOINT")
    }
}
