//! `CREATE [OR REPLACE] CHECK [IF NOT EXISTS] name [WITH (severity = 'error' | 'warn')] AS query`: a query that must return no rows.

use std::fmt;

use datafusion::sql::sqlparser::ast::Query;

use super::cursor::{Parsed, Parser};
use super::name::{ObjectName, write_create};
use super::shown::Shown;
use super::{Options, query};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateCheck {
    /// The check.
    pub name: ObjectName,
    /// How a failure counts.
    pub options: Options,
    /// The rows that should not be.
    pub query: Box<Query>,
    /// Whether an existing check is fine.
    pub if_not_exists: bool,
    /// Whether an existing check is replaced.
    pub or_replace: bool,
}

impl CreateCheck {
    /// Parses the statement after `CREATE [OR REPLACE]`.
    pub(super) fn parse(parser: &mut Parser, or_replace: bool) -> Parsed<Self> {
        parser.expect_words(&["CHECK"])?;
        let if_not_exists = parser.take_if_not_exists(or_replace)?;
        let name = parser.object_name()?;
        let options = Options::parse_with(parser)?;
        parser.expect_words(&["AS"])?;
        Ok(Self {
            name,
            options,
            query: query::parse(parser)?,
            if_not_exists,
            or_replace,
        })
    }
}

impl fmt::Display for CreateCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_create(f, self.or_replace, "CHECK", self.if_not_exists, &self.name)?;
        self.options.write_with(f)?;
        write!(f, " AS {}", Shown(self.query.as_ref()))
    }
}
