//! `ALTER ROLE | USER name [WITH] option ...` and `ALTER ROLE | USER | GROUP name RENAME TO name`.

use std::fmt;

use super::create_role::{RoleOptions, role_name};
use super::cursor::{Parsed, Parser};
use super::name::Quoted;

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlterRole {
    /// The role; none for the one that asks.
    pub name: String,
    /// What becomes of it.
    pub action: RoleAction,
}

/// What becomes of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleAction {
    /// It may do other things.
    Options(Box<RoleOptions>),
    /// It gets another name.
    Rename(String),
}

impl AlterRole {
    /// Parses the statement after `ALTER`.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        for word in ["ROLE", "USER", "GROUP"] {
            if parser.take_word(word) {
                break;
            }
        }
        let name = role_name(parser)?;
        if parser.take_words(&["RENAME", "TO"]) {
            let action = RoleAction::Rename(role_name(parser)?);
            return Ok(Self { name, action });
        }
        for word in ["SET", "RESET", "IN"] {
            if parser.peek_word(0).as_deref() == Some(word) {
                return parser.unsupported_here("a setting of a role");
            }
        }
        let _ = parser.take_word("WITH");
        let mut options = RoleOptions::default();
        while options.parse_one(parser)? {}
        let action = RoleAction::Options(Box::new(options));
        Ok(Self { name, action })
    }
}

impl fmt::Display for AlterRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ALTER ROLE {}", Quoted(&self.name))?;
        match &self.action {
            RoleAction::Options(options) => options.fmt(f),
            RoleAction::Rename(name) => write!(f, " RENAME TO {}", Quoted(name)),
        }
    }
}
