//! `column = value, (column, column) = (value, value)`, as `UPDATE`, `MERGE` and `ON CONFLICT` have
//! them.

use std::fmt;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AssignmentTarget, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectName as AstName,
    Query, SelectItem, SetExpr, visit_expressions,
};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Parsed, Parser, fold, no_duplicates};
use super::name::Quoted;
use super::shown::Shown;
use crate::error::{Error, Result, SqlState};

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
    loop {
        let target = parser.parse_assignment_target()?;
        parser.expect_token(&Token::Eq)?;
        let place_of_value = parser.error_here(Error::internal(""));
        let value = parser.parse_expr()?;
        let pairs: Vec<(AstName, Expr)> = match target {
            AssignmentTarget::ColumnName(column) => vec![(column, value)],
            AssignmentTarget::Tuple(columns) => {
                let values = row(value).map_err(|error| place_of_value.with_error(error))?;
                if columns.len() != values.len() {
                    return Err(place_of_value.with_error(Error::new(
                        SqlState::SYNTAX_ERROR,
                        "number of columns does not match number of values",
                    )));
                }
                columns.into_iter().zip(values).collect()
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
        if !parser.consume_token(&Token::Comma) {
            break;
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

/// The values of a row: `(a, b)`, `ROW(a, b)` or a subquery.
fn row(value: Expr) -> Result<Vec<Expr>> {
    match value {
        Expr::Tuple(values) => Ok(values),
        Expr::Nested(value) => row(*value),
        Expr::Subquery(query) => row_of_subquery(&query),
        Expr::Function(call) if call.name.to_string().eq_ignore_ascii_case("row") => {
            let FunctionArguments::List(arguments) = call.args else {
                return Ok(Vec::new());
            };
            let values = arguments.args.into_iter().map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => Ok(value),
                other => Err(Error::unsupported(format!("{other} in ROW"))),
            });
            values.collect()
        }
        _ => Err(Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression",
        )),
    }
}

/// The columns of a subquery, each as a subquery of its own, which all see the same rows. What might
/// give them other rows is refused.
fn row_of_subquery(query: &Query) -> Result<Vec<Expr>> {
    let refused = || {
        Error::unsupported("this form of a subquery as the values of several columns")
            .with_hint("Join the query in FROM, and assign its columns one by one.")
    };
    let SetExpr::Select(select) = query.body.as_ref() else {
        return Err(refused());
    };
    let wildcard = |item: &SelectItem| {
        !matches!(
            item,
            SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. }
        )
    };
    let width = select.projection.len();
    if select.projection.iter().any(wildcard) {
        return Err(refused());
    }
    let is_limited = query.limit_clause.is_some() || query.fetch.is_some();
    if width > 1 && (is_limited || select.top.is_some() || is_random(query)) {
        return Err(refused());
    }
    let column = |index: usize| {
        let mut one = query.clone();
        if let SetExpr::Select(select) = one.body.as_mut() {
            select.projection = select.projection.get(index).cloned().into_iter().collect();
        }
        Expr::Subquery(Box::new(one))
    };
    Ok((0..width).map(column).collect())
}

/// Whether a query calls a function that has another value each time.
fn is_random(query: &Query) -> bool {
    const RANDOM: [&str; 5] = [
        "clock_timestamp",
        "gen_random_uuid",
        "nextval",
        "random",
        "uuid",
    ];
    let found = visit_expressions(query, |expression| match expression {
        Expr::Function(call) if RANDOM.contains(&call.name.to_string().to_lowercase().as_str()) => {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
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
