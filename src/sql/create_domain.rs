//! `CREATE DOMAIN name [AS] type [COLLATE collation] [DEFAULT value] [[CONSTRAINT name] NOT NULL | NULL |
//! CHECK (condition)] ...`.

use std::fmt;

use datafusion::sql::sqlparser::ast::{ColumnOption, DataType, Expr};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::collation;
use super::create_type::number;
use super::cursor::{Parsed, Parser};
use super::name::{ObjectName, Quoted};
use super::shown::Shown;
use crate::error::{Error, Result, SqlState};

/// The name by which conditions have the value.
pub const VALUE: &str = "value";

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateDomain {
    /// The domain.
    pub name: ObjectName,
    /// The type that it is of, perhaps another domain.
    pub data_type: DataType,
    /// The collation of its texts, where one is named.
    pub collation: Option<ObjectName>,
    /// What a column of it has that is given no value.
    pub default: Option<Box<Expr>>,
    /// Whether NULL is none of its values.
    pub not_null: bool,
    /// What its values must satisfy.
    pub checks: Vec<DomainCheck>,
    /// The number of the type of its arrays, once it has one.
    pub array_oid: u32,
}

/// A condition that values of a domain must not make false.
#[derive(Clone, Debug, PartialEq)]
pub struct DomainCheck {
    /// Its name, given or made up as Postgres does.
    pub name: String,
    /// The condition, of a [`VALUE`].
    pub condition: Box<Expr>,
    /// Whether values of before need not satisfy it.
    pub is_unproven: bool,
}

/// A condition whose name may not be made up yet.
#[derive(Clone, Debug, PartialEq)]
pub struct DeclaredCheck {
    /// Its name, where it was given.
    pub name: Option<String>,
    /// The condition.
    pub condition: Box<Expr>,
    /// Whether values of before need not satisfy it.
    pub is_unproven: bool,
}

impl CreateDomain {
    /// Parses the statement after `CREATE`.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["DOMAIN"])?;
        let name = parser.object_name()?;
        let _ = parser.take_word("AS");
        let mut create = Self {
            name,
            data_type: parser.data_type()?,
            collation: None,
            default: None,
            not_null: false,
            checks: Vec::new(),
            array_oid: 0,
        };
        let mut is_null = None;
        loop {
            let place = parser.error_here(Error::internal(""));
            let told = |error| place.with_error(error);
            let syntax = |message: &str| told(Error::new(SqlState::SYNTAX_ERROR, message));
            if parser.take_word("COLLATE") {
                let collation = parser.object_name()?;
                if create.collation.is_some() {
                    return Err(syntax("multiple COLLATE clauses not allowed"));
                }
                if !matches!(create.data_type, DataType::Custom(..)) {
                    collation::check(&collation, &create.data_type).map_err(told)?;
                }
                create.collation = Some(collation);
            } else if parser.peek_word(0).as_deref() == Some("DEFAULT") {
                // As of a column: what follows it, as NOT NULL, is no part of the value.
                let Some(ColumnOption::Default(value)) = parser.parse_optional_column_option()?
                else {
                    return parser.fail("a value");
                };
                if create.default.is_some() {
                    return Err(syntax("multiple default expressions"));
                }
                create.default = Some(Box::new(value));
            } else if parser.take_word("ARRAYS") {
                create.array_oid = number(parser)?;
            } else {
                let name = match parser.take_word("CONSTRAINT") {
                    true => Some(parser.identifier()?),
                    false => None,
                };
                let null = match parser.take_words(&["NOT", "NULL"]) {
                    true => Some(false),
                    false => parser.take_word("NULL").then_some(true),
                };
                if let Some(null) = null {
                    if is_null.is_some_and(|before| before != null) {
                        return Err(syntax("conflicting NULL/NOT NULL constraints"));
                    }
                    is_null = Some(null);
                    create.not_null = !null;
                } else if let Some(declared) = DeclaredCheck::parse(parser, name.clone())? {
                    create.add(declared).map_err(told)?;
                } else if name.is_some() {
                    return parser.fail("NOT NULL, NULL or CHECK");
                } else {
                    return Ok(create);
                }
            }
        }
    }

    /// Adds a condition; answers its name.
    ///
    /// # Errors
    /// 42710 for a name that another one has.
    pub fn add(&mut self, declared: DeclaredCheck) -> Result<String> {
        let domain = &self.name.name;
        let name = match declared.name {
            Some(name) if self.check(&name).is_some() => {
                let message =
                    format!("constraint \"{name}\" for domain \"{domain}\" already exists");
                return Err(Error::new(SqlState::DUPLICATE_OBJECT, message));
            }
            Some(name) => name,
            None => {
                let first = format!("{domain}_check");
                let others = (1..).map(|number| format!("{domain}_check{number}"));
                let mut names = std::iter::once(first.clone()).chain(others);
                let free = names.find(|name| self.check(name).is_none());
                free.unwrap_or(first)
            }
        };
        self.checks.push(DomainCheck {
            name: name.clone(),
            condition: declared.condition,
            is_unproven: declared.is_unproven,
        });
        Ok(name)
    }

    /// The condition of a name.
    pub fn check(&self, name: &str) -> Option<&DomainCheck> {
        self.checks.iter().find(|check| check.name == name)
    }

    /// The expressions that it has: its default and its conditions.
    pub fn expressions_mut(&mut self) -> impl Iterator<Item = &mut Expr> {
        let checks = self.checks.iter_mut();
        let conditions = checks.map(|check| check.condition.as_mut());
        self.default.as_deref_mut().into_iter().chain(conditions)
    }
}

impl DeclaredCheck {
    /// Parses `CHECK (condition) [NOT VALID]`; `None` where no condition stands.
    pub(super) fn parse(parser: &mut Parser, name: Option<String>) -> Parsed<Option<Self>> {
        let word = parser.peek_word(0).unwrap_or_default();
        let refused = match word.as_str() {
            "CHECK" => None,
            "UNIQUE" => Some("unique"),
            "PRIMARY" => Some("primary key"),
            "REFERENCES" | "FOREIGN" => Some("foreign key"),
            "EXCLUDE" => Some("exclusion"),
            _ => return Ok(None),
        };
        if let Some(refused) = refused {
            let message = format!("{refused} constraints not possible for domains");
            return Err(parser.error_here(Error::new(SqlState::SYNTAX_ERROR, message)));
        }
        parser.expect_words(&["CHECK"])?;
        parser.expect_token(&Token::LParen)?;
        let condition = Box::new(parser.parse_expr()?);
        parser.expect_token(&Token::RParen)?;
        let is_unproven = parser.take_words(&["NOT", "VALID"]);
        Ok(Some(Self {
            name,
            condition,
            is_unproven,
        }))
    }
}

impl fmt::Display for CreateDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CREATE DOMAIN {} AS {}", self.name, self.data_type)?;
        if let Some(collation) = &self.collation {
            write!(f, " COLLATE {collation}")?;
        }
        if let Some(default) = &self.default {
            write!(f, " DEFAULT {}", Shown(default.as_ref()))?;
        }
        if self.not_null {
            f.write_str(" NOT NULL")?;
        }
        for check in &self.checks {
            write!(f, " {check}")?;
        }
        match self.array_oid {
            0 => Ok(()),
            oid => write!(f, " ARRAYS {oid}"),
        }
    }
}

impl fmt::Display for DomainCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Some(self.name.as_str());
        write_check(f, name, &self.condition, self.is_unproven)
    }
}

impl fmt::Display for DeclaredCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_check(f, self.name.as_deref(), &self.condition, self.is_unproven)
    }
}

fn write_check(
    f: &mut fmt::Formatter<'_>,
    name: Option<&str>,
    condition: &Expr,
    is_unproven: bool,
) -> fmt::Result {
    if let Some(name) = name {
        write!(f, "CONSTRAINT {} ", Quoted(name))?;
    }
    let not_valid = if is_unproven { " NOT VALID" } else { "" };
    write!(f, "CHECK ({}){not_valid}", Shown(condition))
}
