//! `CREATE [OR REPLACE] [TEMPORARY] [RECURSIVE] VIEW [IF NOT EXISTS] name [(columns)]
//! [WITH (security_invoker | security_barrier [= boolean], ...)] AS query
//! [WITH [CASCADED | LOCAL] CHECK OPTION]`.
//!
//! A recursive view is one whose query is `WITH RECURSIVE name (columns) AS (query) SELECT columns FROM name`.

use std::fmt;

use datafusion::sql::sqlparser::ast::Query;

use super::cursor::{Parsed, Parser};
use super::name::{ObjectName, Quoted, write_columns, write_create};
use super::shown::Shown;
use super::{Options, Statement, parse_one, query};
use crate::error::{Error, Result};

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateView {
    /// The view.
    pub name: ObjectName,
    /// Names for the query's columns; empty where they keep their own.
    pub columns: Vec<String>,
    /// With whose rights it reads.
    pub options: Options,
    /// What the view answers.
    pub query: Box<Query>,
    /// Whether it goes with its session.
    pub is_temporary: bool,
    /// Whether an existing view is fine.
    pub if_not_exists: bool,
    /// Whether an existing view is replaced.
    pub or_replace: bool,
}

impl CreateView {
    /// Parses the statement after `CREATE [OR REPLACE]`.
    pub(super) fn parse(parser: &mut Parser, or_replace: bool) -> Parsed<Self> {
        let is_temporary = parser.take_word("TEMPORARY") || parser.take_word("TEMP");
        let is_recursive = parser.take_word("RECURSIVE");
        parser.expect_words(&["VIEW"])?;
        let if_not_exists = parser.take_if_not_exists(or_replace)?;
        let name = parser.object_name()?;
        let columns = parser.optional_columns()?;
        if is_recursive && columns.is_empty() {
            return parser.fail("the names of the columns in parentheses");
        }
        let mut options = Options::parse_with(parser)?;
        parser.expect_words(&["AS"])?;
        let place = parser.error_here(Error::internal(""));
        let mut query = query::parse(parser)?;
        if is_recursive {
            if parser.peek_word(0).as_deref() == Some("WITH") {
                return parser.unsupported_here("WITH CHECK OPTION of a recursive view");
            }
            query =
                recursive(&name.name, &columns, query).map_err(|error| place.with_error(error))?;
        }
        // It is an option of the view, written behind its query.
        if parser.take_word("WITH") {
            let kind = match parser.take_word("LOCAL") {
                true => "local",
                false => {
                    parser.take_word("CASCADED");
                    "cascaded"
                }
            };
            parser.expect_words(&["CHECK", "OPTION"])?;
            options.0.push(("check_option".to_owned(), kind.to_owned()));
        }
        Ok(Self {
            name,
            columns,
            options,
            query,
            is_temporary,
            if_not_exists,
            or_replace,
        })
    }
}

/// The query of a recursive view, whose own is taken.
fn recursive(name: &str, columns: &[String], own: Box<Query>) -> Result<Box<Query>> {
    let name = Quoted(name);
    let columns: Vec<String> = columns
        .iter()
        .map(|column| Quoted(column).to_string())
        .collect();
    let columns = columns.join(", ");
    let text =
        format!("WITH RECURSIVE {name} ({columns}) AS (SELECT 1) SELECT {columns} FROM {name}");
    match parse_one(&text)? {
        Statement::Query(mut query) => {
            let expressions = query.with.iter_mut().flat_map(|with| &mut with.cte_tables);
            for (expression, own) in expressions.zip([own]) {
                expression.query = own;
            }
            Ok(query)
        }
        _ => Err(Error::internal("a query is parsed as something else")),
    }
}

impl fmt::Display for CreateView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.is_temporary {
            "TEMPORARY VIEW"
        } else {
            "VIEW"
        };
        write_create(f, self.or_replace, what, self.if_not_exists, &self.name)?;
        write_columns(f, &self.columns)?;
        self.options.write_with(f)?;
        write!(f, " AS {}", Shown(self.query.as_ref()))
    }
}
