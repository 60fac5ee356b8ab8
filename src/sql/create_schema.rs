//! `CREATE SCHEMA [IF NOT EXISTS] name [AUTHORIZATION role] [element ...]`, where without a name the role's is taken.
//! An element is a statement that creates a sequence, a table, a view or an index in the schema, or `GRANT`.

use std::fmt;

use super::Statement;
use super::cursor::{Failure, Parsed, Parser};
use super::grant::Grant;
use super::name::{ObjectName, Quoted};
use super::parser::parse_create;
use crate::error::{Error, Result, SqlState};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSchema {
    /// The schema.
    pub name: String,
    /// The role that owns it; none for the one that makes it.
    pub owner: Option<String>,
    /// Whether an existing schema is fine.
    pub if_not_exists: bool,
    /// What is created in it, in an order in which what stands on others comes later.
    pub elements: Vec<Statement>,
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
        let mut elements = Vec::new();
        while let Some(word @ ("CREATE" | "GRANT")) = parser.peek_word(0).as_deref() {
            let place = parser.peek_token_ref().span.start;
            let told = |error| Failure::Told(error, Some(place));
            if if_not_exists {
                let what = "CREATE SCHEMA IF NOT EXISTS with elements";
                return Err(told(Error::unsupported(what)));
            }
            let element = match word {
                "CREATE" if is_element(parser) => parse_create(parser)?,
                "CREATE" => {
                    return parser.fail("a sequence, a table, a view or an index to create");
                }
                _ => Grant::parse(parser).map(Statement::Grant)?,
            };
            check_element(&element, &name).map_err(told)?;
            elements.push(element);
        }
        elements.sort_by_key(rank);
        Ok(Self {
            name,
            owner,
            if_not_exists,
            elements,
        })
    }
}

/// Whether an element is created next, and no schema, which could have others in it, however deep.
fn is_element(parser: &Parser) -> bool {
    const KINDS: [&str; 11] = [
        "GLOBAL",
        "INDEX",
        "LOCAL",
        "RECURSIVE",
        "SEQUENCE",
        "TABLE",
        "TEMP",
        "TEMPORARY",
        "UNIQUE",
        "UNLOGGED",
        "VIEW",
    ];
    parser
        .peek_word(1)
        .is_some_and(|word| KINDS.contains(&word.as_str()))
}

/// Of which rank a statement is among elements: those of a lower one come first.
fn rank(element: &Statement) -> u8 {
    match element {
        Statement::CreateSequence(_) => 0,
        Statement::CreateTable(_) => 1,
        Statement::CreateView(_) => 2,
        Statement::CreateIndex(_) => 3,
        _ => 4,
    }
}

/// That a statement may be an element, and creates nothing elsewhere.
fn check_element(element: &Statement, schema: &str) -> Result<()> {
    let name: Option<&ObjectName> = match element {
        Statement::CreateSequence(create) => Some(&create.name),
        Statement::CreateTable(create) => Some(&create.name),
        Statement::CreateView(create) => Some(&create.name),
        Statement::CreateIndex(create) => Some(&create.table),
        Statement::Grant(_) => None,
        _ => return Err(Error::internal("an element of a schema is none")),
    };
    match name.and_then(|name| name.schema.as_deref()) {
        Some(other) if other != schema => {
            let message = format!(
                "CREATE specifies a schema ({other}) different from the one being created ({schema})"
            );
            Err(Error::new(SqlState::INVALID_SCHEMA_DEFINITION, message))
        }
        _ => Ok(()),
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
        if let Some(owner) = &self.owner {
            write!(f, " AUTHORIZATION {}", Quoted(owner))?;
        }
        self.elements
            .iter()
            .try_for_each(|element| write!(f, " {element}"))
    }
}
