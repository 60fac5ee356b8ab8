//! `ALTER ROLE | USER name [WITH] option ...`, `ALTER ROLE | USER | GROUP name RENAME TO name`, and
//! `ALTER ROLE | USER name [IN DATABASE name] SET setting = value | TO value | DEFAULT` or
//! `RESET setting | ALL`: what sessions of the role begin with. `ALTER GROUP name ADD | DROP USER name, ...`:
//! who its members are.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::create_role::{RoleOptions, role_name};
use super::cursor::{Parsed, Parser};
use super::name::{DATABASE, Quoted, listed};
use super::set::{Set, Setting, SettingValue};
use crate::error::{Error, SqlState};

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
    /// Its sessions begin with another value of a setting; none for that of all.
    Set(String, Option<String>),
    /// Its sessions begin as those of others.
    ResetAll,
    /// Others become members of it, or are none any more.
    Members {
        /// Whether they become members.
        adds: bool,
        /// The others.
        members: Vec<String>,
    },
}

impl AlterRole {
    /// Parses the statement after `ALTER`.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        let is_group = parser.take_word("GROUP");
        let _ = is_group || parser.take_word("ROLE") || parser.take_word("USER");
        let name = role_name(parser)?;
        let adds = is_group && parser.take_words(&["ADD", "USER"]);
        if adds || is_group && parser.take_words(&["DROP", "USER"]) {
            let mut members = vec![role_name(parser)?];
            while parser.consume_token(&Token::Comma) {
                members.push(role_name(parser)?);
            }
            let action = RoleAction::Members { adds, members };
            return Ok(Self { name, action });
        }
        if parser.take_words(&["RENAME", "TO"]) {
            let action = RoleAction::Rename(role_name(parser)?);
            return Ok(Self { name, action });
        }
        if let Some(action) = parse_setting(parser)? {
            return Ok(Self { name, action });
        }
        let _ = parser.take_word("WITH");
        let mut options = RoleOptions::default();
        while options.parse_one(parser)? {}
        let action = RoleAction::Options(Box::new(options));
        Ok(Self { name, action })
    }
}

/// Parses what becomes of the role's settings, in the one database that there is.
fn parse_setting(parser: &mut Parser) -> Parsed<Option<RoleAction>> {
    if parser.take_words(&["IN", "DATABASE"]) {
        let place = parser.error_here(Error::new(
            SqlState::INVALID_CATALOG_NAME,
            "no other database exists",
        ));
        if parser.identifier()? != DATABASE {
            let error = Error::new(SqlState::INVALID_CATALOG_NAME, "database does not exist")
                .with_hint(format!("The one database is \"{DATABASE}\"."));
            return Err(place.with_error(error));
        }
    }
    let set = match parser.peek_word(0).as_deref() {
        Some("SET") => Set::parse_set(parser)?,
        Some("RESET") => Set::parse_reset(parser)?,
        _ => return Ok(None),
    };
    match set {
        Set::Value {
            name,
            value,
            local: false,
        } => Ok(Some(RoleAction::Set(name, value))),
        Set::Reset { name } => Ok(Some(RoleAction::Set(name, None))),
        Set::ResetAll => Ok(Some(RoleAction::ResetAll)),
        _ => parser.unsupported_here("this setting of a role"),
    }
}

impl fmt::Display for AlterRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.action {
            RoleAction::Members { .. } => "GROUP",
            _ => "ROLE",
        };
        write!(f, "ALTER {kind} {}", Quoted(&self.name))?;
        match &self.action {
            RoleAction::Members { adds, members } => {
                let verb = if *adds { "ADD" } else { "DROP" };
                write!(f, " {verb} USER {}", listed(members))
            }
            RoleAction::Options(options) => options.fmt(f),
            RoleAction::Rename(name) => write!(f, " RENAME TO {}", Quoted(name)),
            RoleAction::Set(name, Some(value)) => write!(f, " {}", SettingValue(name, value)),
            RoleAction::Set(name, None) => write!(f, " RESET {}", Setting(name)),
            RoleAction::ResetAll => f.write_str(" RESET ALL"),
        }
    }
}
