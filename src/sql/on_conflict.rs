//! `ON CONFLICT [(column, ...) | ON CONSTRAINT name] DO NOTHING | DO UPDATE SET ... [WHERE ...]`.

use std::fmt;

use datafusion::sql::sqlparser::ast::Expr;

use super::assignment::{self, Assignment};
use super::cursor::{Parsed, Parser};
use super::delete::{condition, write_condition};
use super::name::{Quoted, write_columns};
use crate::error::{Error, SqlState};

/// The clause.
#[derive(Clone, Debug, PartialEq)]
pub struct OnConflict {
    /// Which key conflicts.
    pub key: ConflictKey,
    /// What happens then; `None` for nothing.
    pub update: Option<ConflictUpdate>,
}

/// Which key conflicts.
#[derive(Clone, Debug, PartialEq)]
pub enum ConflictKey {
    /// Any of the table's.
    Any,
    /// The one of these columns.
    Columns(Vec<String>),
    /// The one of this name.
    Constraint(String),
}

/// What becomes of a row that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct ConflictUpdate {
    /// The new values.
    pub assignments: Vec<Assignment>,
    /// Which rows change.
    pub condition: Option<Expr>,
}

impl OnConflict {
    /// Parses the clause, where it is there.
    pub(super) fn parse(parser: &mut Parser) -> Parsed<Option<Self>> {
        if !parser.take_words(&["ON", "CONFLICT"]) {
            return Ok(None);
        }
        let place = parser.error_here(Error::internal(""));
        let key = if parser.take_words(&["ON", "CONSTRAINT"]) {
            ConflictKey::Constraint(parser.identifier()?)
        } else {
            match parser.optional_columns()? {
                columns if columns.is_empty() => ConflictKey::Any,
                columns => ConflictKey::Columns(columns),
            }
        };
        if parser.peek_word(0).as_deref() == Some("WHERE") {
            return parser.unsupported_here("the condition of a partial index in ON CONFLICT");
        }
        parser.expect_words(&["DO"])?;
        if parser.take_word("NOTHING") {
            return Ok(Some(Self { key, update: None }));
        }
        parser.expect_words(&["UPDATE", "SET"])?;
        if key == ConflictKey::Any {
            return Err(place.with_error(
                Error::new(
                    SqlState::SYNTAX_ERROR,
                    "ON CONFLICT DO UPDATE requires inference specification or constraint name",
                )
                .with_hint("For example, ON CONFLICT (column_name)."),
            ));
        }
        let update = ConflictUpdate {
            assignments: assignment::parse(parser, None)?,
            condition: condition(parser)?,
        };
        Ok(Some(Self {
            key,
            update: Some(update),
        }))
    }
}

impl fmt::Display for OnConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(" ON CONFLICT")?;
        match &self.key {
            ConflictKey::Any => {}
            ConflictKey::Columns(columns) => write_columns(f, columns)?,
            ConflictKey::Constraint(name) => write!(f, " ON CONSTRAINT {}", Quoted(name))?,
        }
        let Some(update) = &self.update else {
            return f.write_str(" DO NOTHING");
        };
        f.write_str(" DO UPDATE SET ")?;
        assignment::write(f, &update.assignments)?;
        write_condition(f, update.condition.as_ref())
    }
}
