//! `ALTER MATERIALIZED VIEW | DYNAMIC TABLE | MODEL [IF EXISTS] name SUSPEND | RESUME`.

use std::fmt;

use super::cursor::{Parsed, Parser};
use super::drop::DropKind;
use super::name::ObjectName;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Alter {
    /// What kind of object: a materialized view, which Snowflake calls a dynamic table, or a model.
    pub kind: DropKind,
    /// The object.
    pub name: ObjectName,
    /// Whether a missing object is fine.
    pub if_exists: bool,
    /// Whether the scheduler leaves it alone from now on.
    pub suspends: bool,
}

impl Alter {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["ALTER"])?;
        let kind = if parser.take_word("MODEL") {
            DropKind::Model
        } else if parser.take_words(&["MATERIALIZED", "VIEW"])
            || parser.take_words(&["DYNAMIC", "TABLE"])
        {
            DropKind::MaterializedView
        } else {
            return match parser.peek_word(0) {
                Some(word) => parser.unsupported_here(format_args!("ALTER {word}")),
                None => parser.fail("a kind of object"),
            };
        };
        let if_exists = parser.take_words(&["IF", "EXISTS"]);
        let name = parser.object_name()?;
        let suspends = match parser.peek_word(0).as_deref() {
            Some("SUSPEND") => true,
            Some("RESUME") => false,
            Some(word) => return parser.unsupported_here(format_args!("ALTER {kind} ... {word}")),
            None => return parser.fail("SUSPEND or RESUME"),
        };
        parser.advance_token();
        Ok(Self {
            kind,
            name,
            if_exists,
            suspends,
        })
    }
}

impl fmt::Display for Alter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let if_exists = if self.if_exists { "IF EXISTS " } else { "" };
        let action = if self.suspends { "SUSPEND" } else { "RESUME" };
        write!(f, "ALTER {} {if_exists}{} {action}", self.kind, self.name)
    }
}
