//! `RESTORE [TABLE] name TO VERSION AS OF number | TIMESTAMP AS OF 'time' [CASCADE | RESTRICT]`, as in
//! Databricks: the table is again what it was then. That is a new version, so a restore can itself be
//! undone.
//!
//! Where `ALTER TABLE` or `CREATE OR REPLACE TABLE` has changed the table since, its columns, their types,
//! `NOT NULL`, defaults and identities, its primary key, `UNIQUE`, `CHECK` and options are those of then,
//! as its log tells them. Its name, owner, rights and comments stay, and so do its foreign keys, but for
//! those with a column that goes: they, and those that refer to the table, are looked at with the rows of
//! then (23503). Views and the like that read a column which goes, and foreign keys that refer to a key
//! which goes, refuse it (2BP01), or go with `CASCADE`. Identity columns never give a number again that
//! they have given.

use std::fmt;

use datafusion::sql::sqlparser::ast::Expr;

use super::cursor::{Parsed, Parser};
use super::name::ObjectName;
use super::time_travel;

/// What a table is to hold again.
#[derive(Clone, Debug, PartialEq)]
pub enum Before {
    /// What it held at a version.
    Version(i64),
    /// What it held at a moment, as it is written.
    Moment(Box<Expr>),
}

impl fmt::Display for Before {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(number) => write!(f, "VERSION AS OF {number}"),
            Self::Moment(moment) => write!(f, "TIMESTAMP AS OF {moment}"),
        }
    }
}

/// The statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Restore {
    /// The table.
    pub name: ObjectName,
    /// What it is to hold again.
    pub before: Before,
    /// Whether what needs columns or keys that go is dropped.
    pub cascade: bool,
}

impl Restore {
    /// Parses the statement.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Self> {
        parser.expect_words(&["RESTORE"])?;
        let _ = parser.take_word("TABLE");
        let name = parser.object_name()?;
        parser.expect_words(&["TO"])?;
        let is_number = if parser.take_words(&["VERSION", "AS", "OF"]) {
            true
        } else if parser.take_words(&["TIMESTAMP", "AS", "OF"]) {
            false
        } else {
            return parser.fail("VERSION AS OF or TIMESTAMP AS OF");
        };
        let place = parser.error_here(crate::error::Error::internal(""));
        let literal = parser.parse_expr()?;
        let before = match is_number {
            true => match time_travel::read_number(&literal) {
                Ok(number) => Before::Version(number),
                Err(error) => return Err(place.with_error(error)),
            },
            false => Before::Moment(Box::new(literal)),
        };
        let cascade = parser.take_word("CASCADE");
        if !cascade {
            let _ = parser.take_word("RESTRICT");
        }
        Ok(Self {
            name,
            before,
            cascade,
        })
    }
}

impl fmt::Display for Restore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RESTORE TABLE {} TO {}", self.name, self.before)?;
        match self.cascade {
            true => f.write_str(" CASCADE"),
            false => Ok(()),
        }
    }
}
