//! `CREATE [OR REPLACE] [TEMPORARY] VIEW [IF NOT EXISTS] name [(columns)]
//! [WITH (security_invoker | security_barrier [= boolean], ...)] AS query
//! [WITH [CASCADED | LOCAL] CHECK OPTION]`.

use std::fmt;

use datafusion::sql::sqlparser::ast::Query;

use super::cursor::{Parsed, Parser};
use super::name::{ObjectName, write_columns, write_create};
use super::shown::Shown;
use super::{Options, query};

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
        parser.expect_words(&["VIEW"])?;
        let if_not_exists = parser.take_if_not_exists(or_replace)?;
        let name = parser.object_name()?;
        let columns = parser.optional_columns()?;
        let mut options = Options::parse_with(parser)?;
        parser.expect_words(&["AS"])?;
        let query = query::parse(parser)?;
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
