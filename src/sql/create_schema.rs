//! `CREATE SCHEMA [IF NOT EXISTS] name [AUTHORIZATION role]`, where without a name the role's is taken.

use std::fmt;

use super::cursor::{Parsed, Parser};
use super::name::Quoted;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSchema {
    /// The schema.
    pub name: String,
    /// The role that owns it; none for the one that makes it.
    pub owner: Option<String>,
    /// Whether an existing schema is fine.
    pub if_not_exists: bool,
}

impl CreateSchema {
    /// Parses the statement after `CREATE`.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["SCHEMA"])?;
        let if_not_exists = parser.take_if_not_exists(false)?;
        let is_named = parser.peek_word(0).as_deref() != Some("AUTHORIZATION");
        let named = is_named.then(|| parser.schema_name()).transpose()?;
        let owner = match parser.take_word("AUTHORIZATION") {
            true => Some(parser.identifier()?),
            false => None,
        };
        let Some(name) = named.or_else(|| owner.clone()) else {
            return parser.fail("the name of a schema");
        };
        Ok(Self {
            name,
            owner,
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
        write!(f, "CREATE SCHEMA {if_not_exists}{}", Quoted(&self.name))?;
        match &self.owner {
            Some(owner) => write!(f, " AUTHORIZATION {}", Quoted(owner)),
            None => Ok(()),
        }
    }
}
