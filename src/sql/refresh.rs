//! `REFRESH MATERIALIZED VIEW | MODEL name [FULL]`.

use std::fmt;

use super::cursor::{Parsed, Parser};
use super::drop::DropKind;
use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Refresh {
    /// What kind of object: a materialized view or a model.
    pub kind: DropKind,
    /// The object.
    pub name: ObjectName,
    /// Whether everything is read again, and a model trained again.
    pub full: bool,
}

impl Refresh {
    /// Parses the statement. `CONCURRENTLY` and `WITH DATA` of Postgres change nothing: readers
    /// are never blocked, and a refresh always fills.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["REFRESH"])?;
        let kind = if parser.take_word("MODEL") {
            DropKind::Model
        } else {
            parser.expect_words(&["MATERIALIZED", "VIEW"])?;
            DropKind::MaterializedView
        };
        let _ = parser.take_word("CONCURRENTLY");
        let name = parser.object_name()?;
        let full = parser.take_word("FULL");
        if !parser.take_words(&["WITH", "DATA"]) && parser.peek_word(0).as_deref() == Some("WITH") {
            return parser.unsupported_here(format_args!("REFRESH {kind} WITH NO DATA"));
        }
        Ok(Self { kind, name, full })
    }
}

impl fmt::Display for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let full = if self.full { " FULL" } else { "" };
        write!(f, "REFRESH {} {}{full}", self.kind, self.name)
    }
}
