//! `ALTER DEFAULT PRIVILEGES [FOR ROLE role, ...] [IN SCHEMA schema, ...]
//! GRANT privilege, ... ON TABLES | SEQUENCES | FUNCTIONS | SCHEMAS | TYPES TO role, ... [WITH GRANT OPTION]
//! | REVOKE [GRANT OPTION FOR] privilege, ... ON ... FROM role, ... [CASCADE | RESTRICT]`.

use std::fmt;

use super::create_role::{role_names, write_roles};
use super::cursor::{Parsed, Parser};
use super::grant::{PrivilegeName, parse_privileges, write_privileges};
use crate::error::{Error, SqlState};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterDefaultPrivileges {
    /// Who makes the objects; empty for who says it.
    pub for_roles: Vec<String>,
    /// The schemas that they are in; empty for any.
    pub schemas: Vec<String>,
    /// Whether privileges are taken away.
    pub revokes: bool,
    /// Whether it is about the option to give them on: in a `REVOKE` about that alone.
    pub option: bool,
    /// The privileges; empty for `ALL`.
    pub privileges: Vec<PrivilegeName>,
    /// Which objects.
    pub on: DefaultsOn,
    /// Who gets it, or loses it; `public` for all roles.
    pub roles: Vec<String>,
    /// Whether what was given on goes too.
    pub cascade: bool,
}

/// Which objects default privileges are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultsOn {
    /// Tables, views and the like.
    Tables,
    /// Sequences.
    Sequences,
    /// Functions.
    Functions,
    /// Schemas.
    Schemas,
    /// Types.
    Types,
}

impl AlterDefaultPrivileges {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["ALTER", "DEFAULT", "PRIVILEGES"])?;
        let (mut for_roles, mut schemas) = (Vec::new(), Vec::new());
        loop {
            let place = parser.error_here(Error::new(
                SqlState::SYNTAX_ERROR,
                "conflicting or redundant options",
            ));
            let names =
                if parser.take_words(&["FOR", "ROLE"]) || parser.take_words(&["FOR", "USER"]) {
                    &mut for_roles
                } else if parser.take_words(&["IN", "SCHEMA"]) {
                    &mut schemas
                } else {
                    break;
                };
            if !names.is_empty() {
                return Err(place);
            }
            *names = role_names(parser)?;
        }
        let revokes = parser.take_word("REVOKE");
        if !revokes && !parser.take_word("GRANT") {
            return parser.fail("GRANT or REVOKE");
        }
        let for_option = revokes && parser.take_words(&["GRANT", "OPTION", "FOR"]);
        let (mut privileges, all) = parse_privileges(parser)?;
        let has_columns = |it: &PrivilegeName| !it.columns.is_empty();
        if all.is_some_and(|columns| !columns.is_empty()) || privileges.iter().any(has_columns) {
            return Err(Error::new(
                SqlState::INVALID_GRANT_OPERATION,
                "default privileges cannot be set for columns",
            )
            .into());
        }
        for privilege in &mut privileges {
            privilege.name.make_ascii_uppercase();
        }
        parser.expect_words(&["ON"])?;
        let on = DefaultsOn::parse(parser)?;
        parser.expect_words(&[if revokes { "FROM" } else { "TO" }])?;
        let _ = parser.take_word("GROUP");
        let roles = role_names(parser)?;
        let with_option = !revokes && parser.take_words(&["WITH", "GRANT", "OPTION"]);
        let cascade = revokes && parser.take_word("CASCADE");
        let _ = revokes && !cascade && parser.take_word("RESTRICT");
        Ok(Self {
            for_roles,
            schemas,
            revokes,
            option: for_option || with_option,
            privileges,
            on,
            roles,
            cascade,
        })
    }
}

impl DefaultsOn {
    fn parse(parser: &mut Parser) -> Parsed<Self> {
        if parser.take_word("TABLES") {
            Ok(Self::Tables)
        } else if parser.take_word("SEQUENCES") {
            Ok(Self::Sequences)
        } else if parser.take_word("FUNCTIONS") || parser.take_word("ROUTINES") {
            Ok(Self::Functions)
        } else if parser.take_word("SCHEMAS") {
            Ok(Self::Schemas)
        } else if parser.take_word("TYPES") {
            Ok(Self::Types)
        } else {
            parser.fail("TABLES, SEQUENCES, FUNCTIONS, SCHEMAS or TYPES")
        }
    }
}

impl fmt::Display for AlterDefaultPrivileges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ALTER DEFAULT PRIVILEGES")?;
        for (clause, names) in [("FOR ROLE", &self.for_roles), ("IN SCHEMA", &self.schemas)] {
            if !names.is_empty() {
                write!(f, " {clause} {}", write_roles(names))?;
            }
        }
        f.write_str(if self.revokes { " REVOKE " } else { " GRANT " })?;
        if self.revokes && self.option {
            f.write_str("GRANT OPTION FOR ")?;
        }
        write_privileges(f, &self.privileges, &[])?;
        let word = if self.revokes { "FROM" } else { "TO" };
        write!(f, " ON {} {word} {}", self.on, write_roles(&self.roles))?;
        if !self.revokes && self.option {
            f.write_str(" WITH GRANT OPTION")?;
        }
        match self.cascade {
            true => f.write_str(" CASCADE"),
            false => Ok(()),
        }
    }
}

impl fmt::Display for DefaultsOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tables => "TABLES",
            Self::Sequences => "SEQUENCES",
            Self::Functions => "FUNCTIONS",
            Self::Schemas => "SCHEMAS",
            Self::Types => "TYPES",
        })
    }
}
