//! `REASSIGN OWNED BY role, ... TO role` and `DROP OWNED BY role, ... [CASCADE | RESTRICT]`.

use std::fmt;

use super::create_role::{role_name, role_names, write_roles};
use super::cursor::{Parsed, Parser};
use super::name::Quoted;

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// The roles.
    pub roles: Vec<String>,
    /// What becomes of what they own.
    pub action: OwnedAction,
}

/// What becomes of what roles own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnedAction {
    /// Another role owns it.
    Reassign(String),
    /// It goes, and what was granted to them.
    Drop {
        /// Whether what stands on it goes too.
        cascade: bool,
    },
}

impl Owned {
    /// Parses `REASSIGN OWNED BY ... TO ...`.
    pub(super) fn parse_reassign(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["REASSIGN", "OWNED", "BY"])?;
        let roles = role_names(parser)?;
        parser.expect_words(&["TO"])?;
        let action = OwnedAction::Reassign(role_name(parser)?);
        Ok(Self { roles, action })
    }

    /// Parses `OWNED BY ...` after `DROP`.
    pub(super) fn parse_drop(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["OWNED", "BY"])?;
        let roles = role_names(parser)?;
        let cascade = parser.take_word("CASCADE");
        let _ = !cascade && parser.take_word("RESTRICT");
        let action = OwnedAction::Drop { cascade };
        Ok(Self { roles, action })
    }
}

impl fmt::Display for Owned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roles = write_roles(&self.roles);
        match &self.action {
            OwnedAction::Reassign(to) => {
                write!(f, "REASSIGN OWNED BY {roles} TO {}", Quoted(to))
            }
            OwnedAction::Drop { cascade } => {
                let cascade = if *cascade { " CASCADE" } else { "" };
                write!(f, "DROP OWNED BY {roles}{cascade}")
            }
        }
    }
}
