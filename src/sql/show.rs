//! `SHOW name` and `SHOW ALL`.

use std::fmt;

use super::cursor::{Parsed, Parser};
use super::set::{Setting, parse_setting_name};

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Show {
    /// One setting, in lower case.
    Setting(String),
    /// Every setting.
    All,
}

impl Show {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["SHOW"])?;
        let name = if parser.take_word("ALL") {
            return Ok(Self::All);
        } else if parser.take_words(&["TIME", "ZONE"]) {
            "timezone".to_owned()
        } else if parser.take_words(&["TRANSACTION", "ISOLATION", "LEVEL"]) {
            "transaction_isolation".to_owned()
        } else if parser.take_words(&["SESSION", "AUTHORIZATION"]) {
            "session_authorization".to_owned()
        } else {
            parse_setting_name(parser)?
        };
        Ok(Self::Setting(name))
    }
}

impl fmt::Display for Show {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(name) => write!(f, "SHOW {}", Setting(name)),
            Self::All => f.write_str("SHOW ALL"),
        }
    }
}
