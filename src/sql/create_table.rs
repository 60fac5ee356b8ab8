//! `CREATE [OR REPLACE] [TEMPORARY | UNLOGGED] TABLE [IF NOT EXISTS] name (column type [NOT NULL]
//! [DEFAULT value | GENERATED ALWAYS | BY DEFAULT AS IDENTITY [(options)]
//! | GENERATED ALWAYS AS (expression) STORED], ...
//! [, [CONSTRAINT c] PRIMARY KEY (columns) | UNIQUE [NULLS NOT DISTINCT] (columns) | CHECK (condition)
//! | FOREIGN KEY (columns) REFERENCES table ...] [, LIKE table [INCLUDING | EXCLUDING part] ...] ...)
//! [USING heap] [WITH (option = 'value', ...) | WITHOUT OIDS]
//! [ON COMMIT PRESERVE ROWS | DELETE ROWS | DROP] [TABLESPACE pg_default]
//! | [(columns)] [USING ...] [WITH ...] [ON COMMIT ...] [TABLESPACE ...]
//! AS query | EXECUTE prepared [(value, ...)] [WITH [NO] DATA]`.

use std::fmt;

use datafusion::sql::sqlparser::ast::{ColumnDef, Query, SelectInto};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::columns::{self, Columns};
use super::constraint::{self, Constraint};
use super::cursor::{Parsed, Parser, object_name_from};
use super::execute::Execute;
use super::like::Likes;
use super::name::{ObjectName, write_columns, write_create};
use super::shown::Shown;
use super::{Options, query, row_locks, storage_clauses};
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
    /// What else has columns for it, and then all that is declared beside these.
    pub likes: Option<Box<Likes>>,
    /// Names for the query's columns, for `AS query`.
    pub column_names: Vec<String>,
    /// How its rows are kept.
    pub options: Options,
    /// What fills the table.
    pub query: Option<Box<Query>>,
    /// The prepared query that does.
    pub prepared: Option<Box<Execute>>,
    /// Whether the query fills it at once.
    pub with_data: bool,
    /// Whether it goes with its session.
    pub is_temporary: bool,
    /// What becomes of it, where it does so, at a commit.
    pub on_commit: Option<OnCommit>,
    /// Whether an existing table is fine.
    pub if_not_exists: bool,
    /// Whether an existing table is replaced.
    pub or_replace: bool,
}

/// What becomes of a temporary table at a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCommit {
    /// Nothing.
    PreserveRows,
    /// It is emptied.
    DeleteRows,
    /// It is dropped.
    Drop,
}

impl OnCommit {
    /// `ON COMMIT PRESERVE ROWS | DELETE ROWS | DROP`, where it is next.
    fn parse(parser: &mut Parser) -> Parsed<Option<Self>> {
        if !parser.take_words(&["ON", "COMMIT"]) {
            return Ok(None);
        }
        Ok(Some(if parser.take_words(&["PRESERVE", "ROWS"]) {
            Self::PreserveRows
        } else if parser.take_words(&["DELETE", "ROWS"]) {
            Self::DeleteRows
        } else if parser.take_word("DROP") {
            Self::Drop
        } else {
            return parser.fail("PRESERVE ROWS, DELETE ROWS or DROP");
        }))
    }
}

impl fmt::Display for OnCommit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PreserveRows => "ON COMMIT PRESERVE ROWS",
            Self::DeleteRows => "ON COMMIT DELETE ROWS",
            Self::Drop => "ON COMMIT DROP",
        })
    }
}

impl CreateTable {
    /// Parses the statement after `CREATE [OR REPLACE]`.
    pub(super) fn parse(parser: &mut Parser, or_replace: bool) -> Parsed<Self> {
        let is_temporary = parser.take_word("TEMPORARY") || parser.take_word("TEMP");
        // What may be lost in a crash is kept, too.
        let _ = !is_temporary && parser.take_word("UNLOGGED");
        parser.expect_words(&["TABLE"])?;
        let if_not_exists = parser.take_if_not_exists(or_replace)?;
        let mut table = Self {
            name: parser.object_name()?,
            columns: Vec::new(),
            constraints: Vec::new(),
            likes: None,
            column_names: Vec::new(),
            options: Options::default(),
            query: None,
            prepared: None,
            with_data: true,
            is_temporary,
            on_commit: None,
            if_not_exists,
            or_replace,
        };
        if parser.peek_token_ref().token == Token::LParen {
            let place = parser.error_here(Error::internal(""));
            match columns::parse(parser)? {
                Columns::Declared(columns, declared, tables) if !tables.is_empty() => {
                    table.columns = columns;
                    table.likes = Some(Box::new(Likes { tables, declared }));
                }
                Columns::Declared(columns, declared, _) => {
                    table.columns = columns;
                    let completed =
                        constraint::complete(&table.name.name, &mut table.columns, declared);
                    table.constraints = completed.map_err(|error| place.with_error(error))?;
                }
                Columns::Named(names) => table.column_names = names,
            }
        }
        for clause in ["PARTITION", "INHERITS"] {
            if parser.peek_word(0).as_deref() == Some(clause) {
                return parser.unsupported_here(format_args!("{clause} of a table"));
            }
        }
        storage_clauses::parse_method(parser)?;
        table.options = storage_clauses::parse_options(parser)?;
        table.on_commit = OnCommit::parse(parser)?;
        storage_clauses::parse_tablespace(parser)?;
        if !table.columns.is_empty() || table.likes.is_some() {
            return Ok(table);
        }
        if parser.at_end() && !table.column_names.is_empty() {
            return Err(parser.error_here(columns::missing_types(&table.column_names)));
        }
        parser.expect_words(&["AS"])?;
        match parser.peek_word(0).as_deref() {
            Some("EXECUTE") => table.prepared = Some(Box::new(Execute::parse(parser)?)),
            _ => table.query = Some(query::parse(parser)?),
        }
        if parser.take_words(&["WITH", "NO", "DATA"]) {
            table.with_data = false;
        } else {
            let _ = parser.take_words(&["WITH", "DATA"]);
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
            likes: None,
            column_names: Vec::new(),
            options: Options::default(),
            query: Some(query),
            prepared: None,
            with_data: true,
            is_temporary: into.temporary,
            on_commit: None,
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
        match &self.likes {
            Some(likes) => columns::write_likes(f, &self.columns, likes)?,
            None => columns::write(f, &self.columns, &self.constraints)?,
        }
        write_columns(f, &self.column_names)?;
        self.options.write_with(f)?;
        if let Some(on_commit) = self.on_commit {
            write!(f, " {on_commit}")?;
        }
        let data = if self.with_data { "" } else { " WITH NO DATA" };
        match (&self.query, &self.prepared) {
            (Some(query), _) => write!(f, " AS {}{data}", Shown(query.as_ref())),
            (None, Some(prepared)) => write!(f, " AS {prepared}{data}"),
            (None, None) => Ok(()),
        }
    }
}
