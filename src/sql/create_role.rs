//! `CREATE ROLE | USER | GROUP name [[WITH] option ...]`, with the options `[NO]SUPERUSER`,
//! `[NO]CREATEDB`, `[NO]CREATEROLE`, `[NO]INHERIT`, `[NO]LOGIN`, `[NO]REPLICATION`, `[NO]BYPASSRLS`,
//! `CONNECTION LIMIT n`, `[ENCRYPTED] PASSWORD 'text' | NULL`, `VALID UNTIL 'moment'`,
//! `SET name = value`, `IN ROLE name, ...`, `ROLE name, ...` and `ADMIN name, ...`.

use std::collections::BTreeMap;
use std::fmt;

use super::create_sequence::number;
use super::cursor::{Parsed, Parser};
use super::name::{ObjectName, Quoted};
use super::set::{Set, SettingValue};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateRole {
    /// The role, as a name without a schema.
    pub name: ObjectName,
    /// What it may do.
    pub options: RoleOptions,
    /// The roles that it becomes a member of.
    pub in_roles: Vec<String>,
    /// The roles that become its members.
    pub members: Vec<String>,
    /// The members that may give the membership on.
    pub admins: Vec<String>,
}

/// What is said of a role; what is not said is as Postgres has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleOptions {
    /// Whether it may do anything.
    pub superuser: Option<bool>,
    /// Whether it may make databases.
    pub createdb: Option<bool>,
    /// Whether it may make roles.
    pub createrole: Option<bool>,
    /// Whether it has the privileges of the roles that it is a member of.
    pub inherit: Option<bool>,
    /// Whether clients may connect as it.
    pub login: Option<bool>,
    /// Whether it may replicate.
    pub replication: Option<bool>,
    /// Whether policies of rows do not hold for it.
    pub bypassrls: Option<bool>,
    /// How many connections it may have; -1 for any number.
    pub connection_limit: Option<i64>,
    /// Its password, or the verifier of it; none within for none.
    pub password: Option<Option<String>>,
    /// Until when the password holds.
    pub valid_until: Option<String>,
    /// What its sessions begin with, by the names of settings in lower case.
    pub settings: BTreeMap<String, String>,
}

impl CreateRole {
    /// Parses the statement after `CREATE`.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        let is_user = parser.peek_word(0).as_deref() == Some("USER");
        for word in ["ROLE", "USER", "GROUP"] {
            if parser.take_word(word) {
                break;
            }
        }
        let mut create = Self {
            name: ObjectName {
                schema: None,
                name: role_name(parser)?,
            },
            options: RoleOptions {
                login: is_user.then_some(true),
                ..RoleOptions::default()
            },
            in_roles: Vec::new(),
            members: Vec::new(),
            admins: Vec::new(),
        };
        let _ = parser.take_word("WITH");
        loop {
            if parser.take_words(&["IN", "ROLE"]) || parser.take_words(&["IN", "GROUP"]) {
                create.in_roles.extend(role_names(parser)?);
            } else if parser.take_word("ROLE") || parser.take_word("USER") {
                create.members.extend(role_names(parser)?);
            } else if parser.take_word("ADMIN") {
                create.admins.extend(role_names(parser)?);
            } else if parser.take_word("SYSID") {
                number(parser)?;
            } else if !create.options.parse_one(parser)? {
                return Ok(create);
            }
        }
    }
}

/// The options that are on or off.
type Switch = (&'static str, fn(&mut RoleOptions) -> &mut Option<bool>);

const SWITCHES: [Switch; 7] = [
    ("SUPERUSER", |options| &mut options.superuser),
    ("CREATEDB", |options| &mut options.createdb),
    ("CREATEROLE", |options| &mut options.createrole),
    ("INHERIT", |options| &mut options.inherit),
    ("LOGIN", |options| &mut options.login),
    ("REPLICATION", |options| &mut options.replication),
    ("BYPASSRLS", |options| &mut options.bypassrls),
];

impl RoleOptions {
    /// Takes one option; whether there was one.
    pub(super) fn parse_one(&mut self, parser: &mut Parser) -> Parsed<bool> {
        for (word, option) in SWITCHES {
            if parser.take_word(word) {
                *option(self) = Some(true);
                return Ok(true);
            }
            if parser.take_word(&format!("NO{word}")) {
                *option(self) = Some(false);
                return Ok(true);
            }
        }
        if parser.take_words(&["CONNECTION", "LIMIT"]) {
            self.connection_limit = Some(number(parser)?);
        } else if parser.take_words(&["VALID", "UNTIL"]) {
            self.valid_until = Some(parser.string()?);
        } else if parser.take_word("PASSWORD") || parser.take_words(&["ENCRYPTED", "PASSWORD"]) {
            self.password = Some(match parser.take_word("NULL") {
                true => None,
                false => Some(parser.string()?),
            });
        } else if parser.peek_word(0).as_deref() == Some("SET") {
            match Set::parse_set(parser)? {
                Set::Value {
                    name,
                    value: Some(value),
                    local: false,
                } => self.settings.insert(name, value),
                _ => return parser.fail("a setting and its value"),
            };
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// These, and of others what these do not say.
    #[must_use]
    pub fn or(mut self, others: &Self) -> Self {
        let mut others = others.clone();
        for (_, option) in SWITCHES {
            let other = *option(&mut others);
            let own = option(&mut self);
            *own = own.or(other);
        }
        self.connection_limit = self.connection_limit.or(others.connection_limit);
        self.password = self.password.or(others.password);
        self.valid_until = self.valid_until.or(others.valid_until);
        for (name, value) in others.settings {
            self.settings.entry(name).or_insert(value);
        }
        self
    }
}

/// The name of a role that is spelled out.
pub(super) fn role_name(parser: &mut Parser) -> Parsed<String> {
    parser.identifier()
}

/// Names of roles.
pub(super) fn role_names(parser: &mut Parser) -> Parsed<Vec<String>> {
    let mut names = vec![role_name(parser)?];
    while parser.consume_token(&datafusion::sql::sqlparser::tokenizer::Token::Comma) {
        names.push(role_name(parser)?);
    }
    Ok(names)
}

/// Names of roles, with commas between them.
pub(super) fn write_roles(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| Quoted(name).to_string()).collect();
    names.join(", ")
}

impl fmt::Display for CreateRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CREATE ROLE {}{}", Quoted(&self.name.name), self.options)?;
        for (word, roles) in [
            ("IN ROLE", &self.in_roles),
            ("ROLE", &self.members),
            ("ADMIN", &self.admins),
        ] {
            if !roles.is_empty() {
                write!(f, " {word} {}", write_roles(roles))?;
            }
        }
        Ok(())
    }
}

/// Each option with a blank before it.
impl fmt::Display for RoleOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut options = self.clone();
        for (word, option) in SWITCHES {
            match option(&mut options) {
                Some(true) => write!(f, " {word}")?,
                Some(false) => write!(f, " NO{word}")?,
                None => {}
            }
        }
        if let Some(limit) = self.connection_limit {
            write!(f, " CONNECTION LIMIT {limit}")?;
        }
        match &self.password {
            Some(Some(password)) => write!(f, " PASSWORD '{}'", password.replace('\'', "''"))?,
            Some(None) => f.write_str(" PASSWORD NULL")?,
            None => {}
        }
        if let Some(until) = &self.valid_until {
            write!(f, " VALID UNTIL '{}'", until.replace('\'', "''"))?;
        }
        for (name, value) in &self.settings {
            write!(f, " {}", SettingValue(name, value))?;
        }
        Ok(())
    }
}
