//! `column = value, (column, column) = (value, value)`, as `UPDATE` and `MERGE` have them.

use std::fmt;

use datafusion::sql::sqlparser::ast::{AssignmentTarget, Expr, ObjectName as AstName};

use super::cursor::{Parsed, Parser, fold, no_duplicates};
use super::name::Quoted;
use super::shown::Shown;
use crate::error::{Error, SqlState};

/// The new value of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The column.
    pub column: String,
    /// Its value; `None` for `DEFAULT`.
    pub value: Option<Expr>,
}

/// Parses what stands behind `SET`.
pub(super) fn parse(parser: &mut Parser) -> Parsed<Vec<Assignment>> {
    let place = parser.error_here(Error::internal(""));
    let mut assignments = Vec::new();
    for written in parser.parse_comma_separated(|parser| parser.parse_assignment())? {
        let pairs = match (written.target, written.value) {
            (AssignmentTarget::ColumnName(column), value) => vec![(column, value)],
            (AssignmentTarget::Tuple(columns), Expr::Tuple(values))
                if columns.len() == values.len() =>
            {
                columns.into_iter().zip(values).collect()
            }
            (AssignmentTarget::Tuple(columns), Expr::Nested(value)) if columns.len() == 1 => {
                columns
                    .into_iter()
                    .map(|column| (column, (*value).clone()))
                    .collect()
            }
            (AssignmentTarget::Tuple(_), Expr::Subquery(_)) => {
                let error = Error::unsupported("a subquery as the values of several columns")
                    .with_hint("Join the query in FROM, and assign its columns one by one.");
                return Err(place.with_error(error));
            }
            (AssignmentTarget::Tuple(_), _) => {
                return Err(place.with_error(Error::new(
                    SqlState::SYNTAX_ERROR,
                    "number of columns does not match number of values",
                )));
            }
        };
        for (column, value) in pairs {
            assignments.push(Assignment {
                column: column_of(&column).ok_or_else(|| {
                    place.with_error(
                        Error::new(
                            SqlState::SYNTAX_ERROR,
                            format!("cannot assign to \"{column}\""),
                        )
                        .with_hint("Write the column's name alone."),
                    )
                })?,
                value: (!is_default(&value)).then_some(value),
            });
        }
    }
    let names: Vec<String> = assignments.iter().map(|it| it.column.clone()).collect();
    no_duplicates(&names).map_err(|_| {
        let mut seen = std::collections::HashSet::new();
        let twice = names.iter().find(|name| !seen.insert(name.as_str()));
        place.with_error(Error::new(
            SqlState::SYNTAX_ERROR,
            format!(
                "multiple assignments to same column \"{}\"",
                twice.map_or("", String::as_str)
            ),
        ))
    })?;
    Ok(assignments)
}

fn column_of(name: &AstName) -> Option<String> {
    match name.0.as_slice() {
        [part] => {
            let name = part.as_ident()?;
            Some(fold(name.value.clone(), name.quote_style))
        }
        _ => None,
    }
}

/// Whether a value is the word `DEFAULT`.
pub fn is_default(value: &Expr) -> bool {
    matches!(value, Expr::Identifier(name)
        if name.quote_style.is_none() && name.value.eq_ignore_ascii_case("default"))
}

/// Writes assignments with commas between them.
pub(super) fn write(f: &mut fmt::Formatter<'_>, assignments: &[Assignment]) -> fmt::Result {
    for (index, assignment) in assignments.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(f, "{comma}{} = ", Quoted(&assignment.column))?;
        match &assignment.value {
            Some(value) => write!(f, "{}", Shown(value))?,
            None => f.write_str("DEFAULT")?,
        }
    }
    Ok(())
}
