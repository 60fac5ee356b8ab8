//! `OPTIMIZE [TABLE] name`, as in Databricks: small files, and files that have lost rows, become few
//! large ones. The server does the same by itself where it pays; readers and writers go on meanwhile.

use std::fmt;

use super::cursor::{Parsed, Parser};
use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimize {
    /// The table, materialized view or model.
    pub name: ObjectName,
}

impl Optimize {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["OPTIMIZE"])?;
        let _ = parser.take_word("TABLE");
        let name = parser.object_name()?;
        if matches!(
            parser.peek_word(0).as_deref(),
            Some("ZORDER" | "WHERE" | "FULL")
        ) {
            return parser.unsupported_here("a clause of OPTIMIZE");
        }
        Ok(Self { name })
    }
}

impl fmt::Display for Optimize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OPTIMIZE {}", self.name)
    }
}
