//! `CREATE [OR REPLACE] TABLE [IF NOT EXISTS] name (column type [NOT NULL]
//! [DEFAULT value | GENERATED ALWAYS | BY DEFAULT AS IDENTITY [(options)]], ...
//! [, [CONSTRAINT c] PRIMARY KEY (columns) | UNIQUE [NULLS NOT DISTINCT] (columns) | CHECK (condition)
//! | FOREIGN KEY (columns) REFERENCES table ...] ...)
//! [WITH (option = 'value', ...)]
//! | [(columns)] [WITH (option = 'value', ...)] AS query`.

use std::fmt;

use datafusion::sql::sqlparser::ast::{ColumnDef, Query, SelectInto};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::columns::{self, Columns};
use super::constraint::{self, Constraint};
use super::cursor::{Parsed, Parser, object_name_from};
use super::name::{ObjectName, write_columns, write_create};
use super::shown::Shown;
use super::{Options, query, row_locks};
use crate::error::Error;

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTable {
    /// The table.
    pub name: ObjectName,
    /// Declared columns; for `AS query`, empty or names alone are in `column_names`.
    pub columns: Vec<ColumnDef>,
    /// What their rows must satisfy beside `NOT NULL`.
    pub constraints: Vec<Constraint>,
    /// Names for the query's columns, for `AS query`.
    pub column_names: Vec<String>,
    /// How its rows are kept.
    pub options: Options,
    /// What fills the table.
    pub query: Option<Box<Query>>,
    /// Whether it goes with its session.
    pub is_temporary: bool,
    /// Whether an existing table is fine.
    pub if_not_exists: bool,
    /// Whether an existing table is replaced.
    pub or_replace: bool,
}

impl CreateTable {
    /// Parses the statement after `CREATE [OR REPLACE]`.
    pub(super) fn parse(parser: &mut Parser, or_replace: bool) -> Parsed<Self> {
        let is_temporary = parser.take_word("TEMPORARY") || parser.take_word("TEMP");
        parser.expect_words(&["TABLE"])?;
        let if_not_exists = parser.take_if_not_exists(or_replace)?;
        let mut table = Self {
            name: parser.object_name()?,
            columns: Vec::new(),
            constraints: Vec::new(),
            column_names: Vec::new(),
            options: Options::default(),
            query: None,
            is_temporary,
            if_not_exists,
            or_replace,
        };
        if parser.peek_token_ref().token == Token::LParen {
            let place = parser.error_here(Error::internal(""));
            match columns::parse(parser)? {
                Columns::Declared(columns, declared) => {
                    table.columns = columns;
                    let completed =
                        constraint::complete(&table.name.name, &mut table.columns, declared);
                    table.constraints = completed.map_err(|error| place.with_error(error))?;
                }
                Columns::Named(names) => table.column_names = names,
            }
        }
        table.options = Options::parse_with(parser)?;
        if is_temporary
            && parser.peek_word(0).as_deref() == Some("ON")
            && !parser.take_words(&["ON", "COMMIT", "PRESERVE", "ROWS"])
        {
            return parser.unsupported_here("ON COMMIT of a temporary table");
        }
        for clause in ["PARTITION", "INHERITS", "USING", "TABLESPACE"] {
            if parser.peek_word(0).as_deref() == Some(clause) {
                return parser.unsupported_here(format_args!("{clause} of a table"));
            }
        }
        if !table.columns.is_empty() {
            return Ok(table);
        }
        if parser.at_end() && !table.column_names.is_empty() {
            return Err(parser.error_here(columns::missing_types(&table.column_names)));
        }
        parser.expect_words(&["AS"])?;
        table.query = Some(query::parse(parser)?);
        if !parser.take_words(&["WITH", "DATA"]) && parser.peek_word(0).as_deref() == Some("WITH") {
            return parser.unsupported_here("CREATE TABLE AS ... WITH NO DATA");
        }
        Ok(table)
    }
}

impl CreateTable {
    /// `SELECT ... INTO name FROM ...`, which is `CREATE TABLE name AS SELECT ... FROM ...`.
    ///
    /// # Errors
    /// A name that cannot be one; 0A000 for a query that locks rows.
    pub(super) fn of_select(query: Box<Query>, into: &SelectInto) -> Result<Self, Error> {
        if row_locks::command(&query).is_some() {
            return Err(Error::unsupported("FOR UPDATE or FOR SHARE in SELECT INTO"));
        }
        Ok(Self {
            name: object_name_from(&into.name)?,
            columns: Vec::new(),
            constraints: Vec::new(),
            column_names: Vec::new(),
            options: Options::default(),
            query: Some(query),
            is_temporary: into.temporary,
            if_not_exists: false,
            or_replace: false,
        })
    }
}

impl fmt::Display for CreateTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.is_temporary {
            "TEMPORARY TABLE"
        } else {
            "TABLE"
        };
        write_create(f, self.or_replace, what, self.if_not_exists, &self.name)?;
        columns::write(f, &self.columns, &self.constraints)?;
        write_columns(f, &self.column_names)?;
        self.options.write_with(f)?;
        match &self.query {
            Some(query) => write!(f, " AS {}", Shown(query.as_ref())),
            None => Ok(()),
        }
    }
}
