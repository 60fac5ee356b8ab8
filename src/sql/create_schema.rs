//! `CREATE SCHEMA [IF NOT EXISTS] name`.

use std::fmt;

use super::cursor::{Parsed, Parser};
use super::name::Quoted;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSchema {
    /// The schema.
    pub name: String,
    /// Whether an existing schema is fine.
    pub if_not_exists: bool,
}

impl CreateSchema {
    /// Parses the statement after `CREATE`.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["SCHEMA"])?;
        let if_not_exists = parser.take_if_not_exists(false)?;
        if parser.peek_word(0).as_deref() == Some("AUTHORIZATION") {
            return parser.unsupported_here("CREATE SCHEMA AUTHORIZATION");
        }
        let name = parser.schema_name()?;
        if parser.peek_word(0).as_deref() == Some("AUTHORIZATION") {
            return parser.unsupported_here("CREATE SCHEMA AUTHORIZATION");
        }
        Ok(Self {
            name,
            if_not_exists,
        })
    }
}

impl fmt::Display for CreateSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let if_not_exists = if self.if_not_exists {
            "IF NOT EXISTS "
        } else {
            ""
        };
        write!(f, "CREATE SCHEMA {if_not_exists}{}", Quoted(&self.name))
    }
}
