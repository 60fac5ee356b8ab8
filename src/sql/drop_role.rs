//! `DROP ROLE | USER | GROUP [IF EXISTS] name, ...`.

use std::fmt;

use super::create_role::{role_names, write_roles};
use super::cursor::{Parsed, Parser};

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropRole {
    /// The roles.
    pub names: Vec<String>,
    /// Whether one that is missing is fine.
    pub if_exists: bool,
}

impl DropRole {
    /// Parses the statement after `DROP`.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        for word in ["ROLE", "USER", "GROUP"] {
            if parser.take_word(word) {
                break;
            }
        }
        let if_exists = parser.take_words(&["IF", "EXISTS"]);
        let names = role_names(parser)?;
        Ok(Self { names, if_exists })
    }
}

impl fmt::Display for DropRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let if_exists = if self.if_exists { "IF EXISTS " } else { "" };
        write!(f, "DROP ROLE {if_exists}{}", write_roles(&self.names))
    }
}
