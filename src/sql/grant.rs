//! `GRANT | REVOKE [GRANT OPTION FOR] privilege [(columns)], ... ON [TABLE | SEQUENCE | SCHEMA | DATABASE | FUNCTION | TYPE | DOMAIN | ALL TABLES IN SCHEMA
//! | ALL SEQUENCES IN SCHEMA | ALL FUNCTIONS IN SCHEMA] name, ... TO | FROM role, ... [WITH GRANT OPTION]`, and of roles
//! `GRANT | REVOKE [ADMIN OPTION FOR] role, ... TO | FROM role, ... [WITH ADMIN OPTION]`.

use std::fmt;

use datafusion::sql::sqlparser::tokenizer::Token;

use super::create_role::{role_name, role_names, write_roles};
use super::cursor::{Parsed, Parser};
use super::drop_function::FunctionName;
use super::name::{ObjectName, Quoted};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// Whether privileges are taken away.
    pub revokes: bool,
    /// Whether it is about the option to give them on: in a `REVOKE` about that alone.
    pub option: bool,
    /// What is given.
    pub what: Granted,
    /// Who gets it, or loses it; `public` for all roles.
    pub roles: Vec<String>,
    /// Who gives it, where that is said.
    pub granted_by: Option<String>,
    /// Whether what was given on goes too.
    pub cascade: bool,
}

/// What is given.
#[derive(Clone, Debug, PartialEq)]
pub enum Granted {
    /// Memberships of these roles.
    Roles(Vec<String>),
    /// Privileges on objects.
    Privileges {
        /// Them; empty for `ALL`.
        privileges: Vec<PrivilegeName>,
        /// The columns that `ALL` is of; empty for all.
        columns: Vec<String>,
        /// On what.
        on: On,
    },
}

/// A privilege as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivilegeName {
    /// Its name, in upper case.
    pub name: String,
    /// The columns that it is of; empty for all.
    pub columns: Vec<String>,
}

/// What privileges are on.
#[derive(Clone, Debug, PartialEq)]
pub enum On {
    /// Tables, views and the like; sequences too.
    Tables(Vec<ObjectName>),
    /// Sequences.
    Sequences(Vec<ObjectName>),
    /// Schemas.
    Schemas(Vec<String>),
    /// Databases.
    Databases(Vec<String>),
    /// All tables, views and the like of these schemas.
    AllTables(Vec<String>),
    /// All sequences of these schemas.
    AllSequences(Vec<String>),
    /// Functions.
    Functions(Vec<FunctionName>),
    /// All functions of these schemas.
    AllFunctions(Vec<String>),
    /// Types.
    Types(Vec<ObjectName>),
    /// Domains.
    Domains(Vec<ObjectName>),
}

impl Grant {
    /// Parses either statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        let revokes = parser.take_word("REVOKE");
        if !revokes {
            parser.expect_words(&["GRANT"])?;
        }
        let for_option = revokes
            && (parser.take_words(&["GRANT", "OPTION", "FOR"])
                || parser.take_words(&["ADMIN", "OPTION", "FOR"]));
        let (mut names, all) = parse_privileges(parser)?;
        let what = if all.is_some() || parser.peek_word(0).as_deref() == Some("ON") {
            parser.expect_words(&["ON"])?;
            for name in &mut names {
                name.name.make_ascii_uppercase();
            }
            Granted::Privileges {
                privileges: names,
                columns: all.unwrap_or_default(),
                on: On::parse(parser)?,
            }
        } else {
            Granted::Roles(names.into_iter().map(|name| name.name).collect())
        };
        parser.expect_words(&[if revokes { "FROM" } else { "TO" }])?;
        let _ = parser.take_word("GROUP");
        let roles = role_names(parser)?;
        let with_option = !revokes
            && (parser.take_words(&["WITH", "GRANT", "OPTION"])
                || parser.take_words(&["WITH", "ADMIN", "OPTION"]));
        let granted_by = match parser.take_words(&["GRANTED", "BY"]) {
            true => Some(role_name(parser)?),
            false => None,
        };
        let cascade = revokes && parser.take_word("CASCADE");
        let _ = revokes && !cascade && parser.take_word("RESTRICT");
        Ok(Self {
            revokes,
            option: for_option || with_option,
            what,
            roles,
            granted_by,
            cascade,
        })
    }
}

/// Parses privileges, or names of roles, each with columns; or `ALL`, with the columns that it is of.
pub(super) fn parse_privileges(
    parser: &mut Parser,
) -> Parsed<(Vec<PrivilegeName>, Option<Vec<String>>)> {
    let mut names = Vec::new();
    if parser.take_word("ALL") {
        let _ = parser.take_word("PRIVILEGES");
        return Ok((names, Some(parser.optional_columns()?)));
    }
    loop {
        let name = match parser.peek_word(0) {
            // Words of the language that no role could be named by.
            Some(word) if PRIVILEGES.contains(&word.as_str()) => {
                parser.expect_words(&[word.as_str()])?;
                word
            }
            _ => role_name(parser)?,
        };
        let columns = parser.optional_columns()?;
        names.push(PrivilegeName { name, columns });
        if !parser.consume_token(&Token::Comma) {
            return Ok((names, None));
        }
    }
}

/// The privileges whose names are words of the language.
const PRIVILEGES: [&str; 12] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "TRUNCATE",
    "REFERENCES",
    "TRIGGER",
    "EXECUTE",
    "USAGE",
    "CREATE",
    "CONNECT",
    "TEMPORARY",
];

impl On {
    fn parse(parser: &mut Parser) -> Parsed<Self> {
        if parser.take_words(&["ALL", "TABLES", "IN", "SCHEMA"]) {
            return role_names(parser).map(Self::AllTables);
        }
        if parser.take_words(&["ALL", "SEQUENCES", "IN", "SCHEMA"]) {
            return role_names(parser).map(Self::AllSequences);
        }
        if parser.take_words(&["ALL", "FUNCTIONS", "IN", "SCHEMA"])
            || parser.take_words(&["ALL", "ROUTINES", "IN", "SCHEMA"])
        {
            return role_names(parser).map(Self::AllFunctions);
        }
        if parser.take_word("FUNCTION") || parser.take_word("ROUTINE") {
            return FunctionName::parse_list(parser).map(Self::Functions);
        }
        if parser.take_word("SCHEMA") {
            return role_names(parser).map(Self::Schemas);
        }
        if parser.take_word("DATABASE") {
            return role_names(parser).map(Self::Databases);
        }
        for unsupported in [
            "ALL",
            "FOREIGN",
            "LANGUAGE",
            "LARGE",
            "PARAMETER",
            "PROCEDURE",
            "TABLESPACE",
        ] {
            if parser.peek_word(0).as_deref() == Some(unsupported) {
                return parser.unsupported_here(format_args!("GRANT ON {unsupported}"));
            }
        }
        let kinds = ["SEQUENCE", "TYPE", "DOMAIN", "TABLE"];
        let said = kinds.into_iter().find(|word| parser.take_word(word));
        let mut names = vec![parser.object_name()?];
        while parser.consume_token(&Token::Comma) {
            names.push(parser.object_name()?);
        }
        Ok(match said {
            Some("SEQUENCE") => Self::Sequences(names),
            Some("TYPE") => Self::Types(names),
            Some("DOMAIN") => Self::Domains(names),
            _ => Self::Tables(names),
        })
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let option = match &self.what {
            Granted::Roles(_) => "ADMIN OPTION",
            Granted::Privileges { .. } => "GRANT OPTION",
        };
        f.write_str(if self.revokes { "REVOKE " } else { "GRANT " })?;
        if self.revokes && self.option {
            write!(f, "{option} FOR ")?;
        }
        self.what.fmt(f)?;
        let word = if self.revokes { "FROM" } else { "TO" };
        write!(f, " {word} {}", write_roles(&self.roles))?;
        if !self.revokes && self.option {
            write!(f, " WITH {option}")?;
        }
        if let Some(grantor) = &self.granted_by {
            write!(f, " GRANTED BY {}", Quoted(grantor))?;
        }
        match self.cascade {
            true => f.write_str(" CASCADE"),
            false => Ok(()),
        }
    }
}

impl fmt::Display for Granted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Roles(roles) => f.write_str(&write_roles(roles)),
            Self::Privileges {
                privileges,
                columns,
                on,
            } => {
                write_privileges(f, privileges, columns)?;
                write!(f, " ON {on}")
            }
        }
    }
}

/// Writes privileges, or `ALL` of some columns where there are none.
pub(super) fn write_privileges(
    f: &mut fmt::Formatter<'_>,
    privileges: &[PrivilegeName],
    columns: &[String],
) -> fmt::Result {
    let in_parentheses = |columns: &[String]| match columns {
        [] => String::new(),
        columns => format!(" ({})", write_roles(columns)),
    };
    let written = privileges
        .iter()
        .map(|privilege| format!("{}{}", privilege.name, in_parentheses(&privilege.columns)));
    let written: Vec<String> = written.collect();
    match written.is_empty() {
        true => write!(f, "ALL{}", in_parentheses(columns)),
        false => f.write_str(&written.join(", ")),
    }
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let objects = |names: &[ObjectName]| {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            names.join(", ")
        };
        match self {
            Self::Tables(names) => write!(f, "TABLE {}", objects(names)),
            Self::Sequences(names) => write!(f, "SEQUENCE {}", objects(names)),
            Self::Types(names) => write!(f, "TYPE {}", objects(names)),
            Self::Domains(names) => write!(f, "DOMAIN {}", objects(names)),
            Self::Functions(names) => {
                let names: Vec<String> = names.iter().map(ToString::to_string).collect();
                write!(f, "FUNCTION {}", names.join(", "))
            }
            Self::AllFunctions(names) => {
                write!(f, "ALL FUNCTIONS IN SCHEMA {}", write_roles(names))
            }
            Self::Schemas(names) => write!(f, "SCHEMA {}", write_roles(names)),
            Self::Databases(names) => write!(f, "DATABASE {}", write_roles(names)),
            Self::AllTables(names) => write!(f, "ALL TABLES IN SCHEMA {}", write_roles(names)),
            Self::AllSequences(names) => {
                write!(f, "ALL SEQUENCES IN SCHEMA {}", write_roles(names))
            }
        }
    }
}
