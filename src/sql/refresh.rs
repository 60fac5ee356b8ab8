//! `REFRESH MATERIALIZED VIEW name [FULL]`.

use std::fmt;

use super::cursor::{Parsed, Parser};
use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Refresh {
    /// The materialized view.
    pub name: ObjectName,
    /// Whether everything is read again.
    pub full: bool,
}

impl Refresh {
    /// Parses the statement. `CONCURRENTLY` and `WITH DATA` of Postgres change nothing: readers
    /// are never blocked, and a refresh always fills.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["REFRESH", "MATERIALIZED", "VIEW"])?;
        let _ = parser.take_word("CONCURRENTLY");
        let name = parser.object_name()?;
        let full = parser.take_word("FULL");
        if !parser.take_words(&["WITH", "DATA"]) && parser.peek_word(0).as_deref() == Some("WITH") {
            return parser.unsupported_here("REFRESH MATERIALIZED VIEW WITH NO DATA");
        }
        Ok(Self { name, full })
    }
}

impl fmt::Display for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let full = if self.full { " FULL" } else { "" };
        write!(f, "REFRESH MATERIALIZED VIEW {}{full}", self.name)
    }
}
