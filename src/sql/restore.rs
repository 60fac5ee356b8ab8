//! `RESTORE [TABLE] name TO VERSION AS OF number | TIMESTAMP AS OF 'time'`, as in Databricks: the table
//! holds again what it held then. That is a new version, so a restore can itself be undone.

use std::fmt;

use super::cursor::{Parsed, Parser};
use super::name::ObjectName;
use super::time_travel::{self, Version};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Restore {
    /// The table.
    pub name: ObjectName,
    /// What it is to hold again.
    pub version: Version,
}

impl Restore {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["RESTORE"])?;
        let _ = parser.take_word("TABLE");
        let name = parser.object_name()?;
        parser.expect_words(&["TO"])?;
        let is_number = if parser.take_words(&["VERSION", "AS", "OF"]) {
            true
        } else if parser.take_words(&["TIMESTAMP", "AS", "OF"]) {
            false
        } else {
            return parser.fail("VERSION AS OF or TIMESTAMP AS OF");
        };
        let place = parser.error_here(crate::error::Error::internal(""));
        let literal = parser.parse_expr()?;
        let version = match is_number {
            true => time_travel::read_number(&literal),
            false => time_travel::read_timestamp(&literal),
        };
        let version = version.map_err(|error| place.with_error(error))?;
        Ok(Self { name, version })
    }
}

impl fmt::Display for Restore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RESTORE TABLE {} TO {}", self.name, self.version)
    }
}
