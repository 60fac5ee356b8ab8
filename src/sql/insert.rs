//! `INSERT INTO name [(columns)] query | VALUES ... | DEFAULT VALUES`.

use std::fmt;

use datafusion::sql::sqlparser::ast::{Expr, Query, SetExpr, Value};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser};
use super::name::{ObjectName, write_columns};
use super::query;
use super::shown::Shown;
use crate::error::Error;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// The table.
    pub table: ObjectName,
    /// The columns given; empty for all, in order.
    pub columns: Vec<String>,
    /// The rows.
    pub source: Box<Query>,
}

impl Insert {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["INSERT", "INTO"])?;
        let table = parser.object_name()?;
        if parser.peek_word(0).as_deref() == Some("AS") {
            return parser.unsupported_here("an alias of the table of INSERT");
        }
        let starts_query = matches!(
            parser.peek_word(1).as_deref(),
            Some("SELECT" | "WITH" | "VALUES" | "TABLE")
        ) || parser.peek_nth_token_ref(1).token == Token::LParen;
        let columns = if starts_query {
            Vec::new()
        } else {
            parser.optional_columns()?
        };
        if parser.peek_word(0).as_deref() == Some("OVERRIDING") {
            return parser.unsupported_here("OVERRIDING");
        }
        if parser.take_words(&["DEFAULT", "VALUES"]) {
            return Err(parser.error_here(
                Error::unsupported("INSERT ... DEFAULT VALUES")
                    .with_hint("Give the values: the default of every column is NULL."),
            ));
        }
        let mut source = query::parse(parser)?;
        if let SetExpr::Values(values) = source.body.as_mut() {
            values
                .rows
                .iter_mut()
                .flat_map(|row| row.content.iter_mut())
                .for_each(default_to_null);
        }
        match parser.peek_word(0).as_deref() {
            Some("ON") => parser.unsupported_here("INSERT ... ON CONFLICT"),
            Some("RETURNING") => parser.unsupported_here("INSERT ... RETURNING"),
            _ => Ok(Self {
                table,
                columns,
                source,
            }),
        }
    }
}

/// `DEFAULT` as a value, which is NULL: no column has another default.
fn default_to_null(value: &mut Expr) {
    if let Expr::Identifier(name) = value
        && name.quote_style.is_none()
        && name.value.eq_ignore_ascii_case("default")
    {
        *value = Expr::value(Value::Null);
    }
}

impl fmt::Display for Insert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "INSERT INTO {}", self.table)?;
        write_columns(f, &self.columns)?;
        write!(f, " {}", Shown(self.source.as_ref()))
    }
}
