//! `DISCARD ALL | PLANS | SEQUENCES | TEMP | TEMPORARY`.

use std::fmt;

use super::cursor::{Parsed, Parser};

/// The statement: what of the session is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discard {
    /// All that tells the session from a new one.
    All,
    /// Cached plans.
    Plans,
    /// Cached values of sequences.
    Sequences,
    /// Temporary tables.
    Temp,
}

impl Discard {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["DISCARD"])?;
        let word = parser.peek_word(0);
        let what = match word.as_deref() {
            Some("ALL") => Self::All,
            Some("PLANS") => Self::Plans,
            Some("SEQUENCES") => Self::Sequences,
            Some("TEMP" | "TEMPORARY") => Self::Temp,
            _ => return parser.fail("ALL, PLANS, SEQUENCES or TEMP"),
        };
        parser.advance_token();
        Ok(what)
    }
}

impl fmt::Display for Discard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "DISCARD ALL",
            Self::Plans => "DISCARD PLANS",
            Self::Sequences => "DISCARD SEQUENCES",
            Self::Temp => "DISCARD TEMP",
        })
    }
}
