//! `column = value, (column, column) = (value, value)`, as `UPDATE`, `MERGE` and `ON CONFLICT` have
//! them; in `UPDATE`, `column[place] = value` and
//! `column.attribute = value` too.

use std::fmt;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AssignmentTarget, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
    ObjectName as AstName, Query, SelectItem, SetExpr,
};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::{Failure, Parsed, Parser, folded, no_duplicates};
use super::name::Quoted;
use super::shown::Shown;
use super::{assigned_attributes, assigned_elements, row_membership};
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::visit_expressions;

/// The name of a subquery that gives several columns their values, where it is planned; no other relation
/// has it.
pub const SHARED: &str = "tributary:shared";

/// The new value of a column, or of several.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The column; several where a subquery gives the values of all.
    pub columns: Vec<String>,
    /// Its value; `None` for `DEFAULT`.
    pub value: Option<Expr>,
}

impl Assignment {
    /// Of one column.
    pub fn of(column: String, value: Option<Expr>) -> Self {
        Self {
            columns: vec![column],
            value,
        }
    }
}

/// The columns that are assigned to, in their order.
pub fn columns(assignments: &[Assignment]) -> Vec<String> {
    let columns = assignments.iter().flat_map(|it| &it.columns);
    columns.cloned().collect()
}

/// Parses what stands behind `SET`; `table` is what expressions call the table whose columns these are.
pub(super) fn parse(parser: &mut Parser, table: &str) -> Parsed<Vec<Assignment>> {
    let place = parser.error_here(Error::internal(""));
    let mut assignments: Vec<Assignment> = Vec::new();
    // Columns of whose arrays elements are assigned to, or of whose rows attributes.
    let mut assigned: Vec<String> = Vec::new();
    loop {
        let target = parser.parse_assignment_target()?;
        let mut subscripts = Vec::new();
        if matches!(target, AssignmentTarget::ColumnName(_)) {
            parser.parse_multi_dim_subscript(&mut subscripts)?;
        }
        parser.expect_token(&Token::Eq)?;
        let place_of_value = parser.error_here(Error::internal(""));
        let value = parser.parse_expr()?;
        let pairs: Vec<(Vec<AstName>, Expr)> = match target {
            AssignmentTarget::ColumnName(name) if !subscripts.is_empty() => {
                let column = column_of(&name).unwrap_or_default();
                let array = earlier(&mut assignments, &assigned, table, &column);
                if is_default(&value) {
                    return Err(place_of_value.with_error(assigned_elements::no_default()));
                }
                let value = assigned_elements::assigned(array, subscripts, value)
                    .map_err(|error| place_of_value.with_error(error))?;
                assigned.push(column);
                vec![(vec![name], value)]
            }
            AssignmentTarget::ColumnName(name) if name.0.len() > 1 => {
                if is_default(&value) {
                    return Err(place_of_value.with_error(assigned_attributes::no_default()));
                }
                let (column, fields) = attribute_of(name);
                let name = column_of(&column).unwrap_or_default();
                let row = earlier(&mut assignments, &assigned, table, &name);
                let value = assigned_attributes::assigned(row, &fields, value);
                assigned.push(name);
                vec![(vec![column], value)]
            }
            AssignmentTarget::ColumnName(column) => vec![(vec![column], value)],
            AssignmentTarget::Tuple(columns) => {
                let values =
                    row(value, &columns).map_err(|error| place_of_value.with_error(error))?;
                match values {
                    Values::Each(values) => {
                        let mut pairs: Vec<(Vec<AstName>, Expr)> = Vec::new();
                        for (name, value) in columns.into_iter().zip(values) {
                            if name.0.len() < 2 {
                                pairs.push((vec![name], value));
                                continue;
                            }
                            if is_default(&value) {
                                let error = assigned_attributes::no_default();
                                return Err(place_of_value.with_error(error));
                            }
                            let (column, fields) = attribute_of(name);
                            let name = column_of(&column).unwrap_or_default();
                            // Another attribute may stand before it.
                            let is_same =
                                |(own, _): &(Vec<AstName>, Expr)| *own == [column.clone()];
                            let row = match pairs.iter().position(is_same) {
                                Some(before) if assigned.contains(&name) => pairs.remove(before).1,
                                _ => earlier(&mut assignments, &assigned, table, &name),
                            };
                            let value = assigned_attributes::assigned(row, &fields, value);
                            assigned.push(name);
                            pairs.push((vec![column], value));
                        }
                        pairs
                    }
                    Values::Subquery(_) if columns.iter().any(|name| name.0.len() > 1) => {
                        let what = "attributes among columns that a subquery gives values";
                        let error =
                            Error::unsupported(what).with_hint("Assign the attributes one by one.");
                        return Err(place_of_value.with_error(error));
                    }
                    Values::Subquery(query) => vec![(columns, Expr::Subquery(query))],
                }
            }
        };
        for (columns, value) in pairs {
            let columns = columns.iter().map(|column| {
                column_of(column).ok_or_else(|| {
                    place.with_error(
                        Error::new(
                            SqlState::SYNTAX_ERROR,
                            format!("cannot assign to \"{column}\""),
                        )
                        .with_hint("Write the column's name alone."),
                    )
                })
            });
            assignments.push(Assignment {
                columns: columns.collect::<Parsed<_>>()?,
                value: (!is_default(&value)).then_some(value),
            });
        }
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    let names = columns(&assignments);
    no_duplicates(&names).map_err(|_| {
        let mut seen = std::collections::HashSet::new();
        let twice = names.iter().find(|name| !seen.insert(name.as_str()));
        let twice = twice.map_or("", String::as_str);
        let message = format!("multiple assignments to same column \"{twice}\"");
        Failure::Told(Error::new(SqlState::SYNTAX_ERROR, message), None)
    })?;
    Ok(assignments)
}

/// The column that a name is an attribute of, and the names of the attribute within it.
fn attribute_of(name: AstName) -> (AstName, Vec<Ident>) {
    let mut parts = name.0.into_iter();
    let column = AstName(parts.by_ref().take(1).collect());
    let fields = parts.filter_map(|part| part.as_ident().cloned());
    (column, fields.collect())
}

/// What has been assigned to parts of a column so far, or the column.
fn earlier(
    assignments: &mut Vec<Assignment>,
    assigned: &[String],
    table: &str,
    column: &String,
) -> Expr {
    let place = match assigned.contains(column) {
        true => assignments
            .iter()
            .position(|it| it.columns == [column.as_str()]),
        false => None,
    };
    let value = place.and_then(|at| assignments.remove(at).value);
    value.unwrap_or_else(|| assigned_elements::column(table, column))
}

/// The values of several columns.
enum Values {
    /// One of each.
    Each(Vec<Expr>),
    /// A subquery of as many columns.
    Subquery(Box<Query>),
}

/// The values of columns: `(a, b)`, `ROW(a, b)` or a subquery.
fn row(value: Expr, columns: &[AstName]) -> Result<Values> {
    let values = match value {
        Expr::Tuple(values) => values,
        Expr::Nested(value) => return row(*value, columns),
        Expr::Subquery(query) if columns.len() == 1 => vec![Expr::Subquery(query)],
        Expr::Subquery(query) => match values_alone(&query) {
            Some(values) => values,
            None => {
                // How many columns `*` is, is told where the query is planned.
                if let Some(width) = row_membership::width(&query.body) {
                    check_width(width, columns)?;
                }
                return Ok(Values::Subquery(query));
            }
        },
        Expr::Function(call) if call.name.to_string().eq_ignore_ascii_case("row") => {
            let arguments = match call.args {
                FunctionArguments::List(arguments) => arguments.args,
                _ => Vec::new(),
            };
            let values = arguments.into_iter().map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => Ok(value),
                other => Err(Error::unsupported(format!("{other} in ROW"))),
            });
            values.collect::<Result<_>>()?
        }
        _ => {
            return Err(Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression",
            ));
        }
    };
    check_width(values.len(), columns)?;
    Ok(Values::Each(values))
}

fn check_width(width: usize, columns: &[AstName]) -> Result<()> {
    match width == columns.len() {
        true => Ok(()),
        false => Err(other_width()),
    }
}

/// That there is not one value for each column.
pub(super) fn other_width() -> Error {
    Error::new(
        SqlState::SYNTAX_ERROR,
        "number of columns does not match number of values",
    )
}

/// The columns of a subquery without rows to read, `(SELECT a, b)`, each as a subquery of its own.
/// Nothing but the values of these is computed, so that it makes no difference, and each is of its
/// column's type.
fn values_alone(query: &Query) -> Option<Vec<Expr>> {
    let select = query.body.as_select()?;
    let is_value = |item: &SelectItem| {
        matches!(
            item,
            SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. }
        )
    };
    // A function may give many rows or none, and an aggregate has one whatever is read.
    let calls = visit_expressions(&select.projection, |expression| match expression {
        Expr::Function(_) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    if calls.is_break() || !select.projection.iter().all(is_value) {
        return None;
    }
    let column = |item: &SelectItem| {
        let mut one = query.clone();
        if let SetExpr::Select(select) = one.body.as_mut() {
            select.projection = vec![item.clone()];
        }
        (Expr::Subquery(Box::new(one)), item.clone())
    };
    let columns: Vec<_> = select.projection.iter().map(column).collect();
    // Whatever else the query says would be shown beside the value.
    let is_bare = columns
        .iter()
        .all(|(one, item)| one.to_string() == format!("(SELECT {item})"));
    is_bare.then(|| columns.into_iter().map(|(one, _)| one).collect())
}

fn column_of(name: &AstName) -> Option<String> {
    match name.0.as_slice() {
        [part] => {
            let name = part.as_ident()?;
            Some(folded(name))
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
        f.write_str(comma)?;
        match assignment.columns.as_slice() {
            [column] => write!(f, "{} = ", Quoted(column))?,
            columns => {
                let columns = columns.iter().map(|column| Quoted(column).to_string());
                let columns: Vec<String> = columns.collect();
                write!(f, "({}) = ", columns.join(", "))?;
            }
        }
        match &assignment.value {
            Some(value) => write!(f, "{}", Shown(value))?,
            None => f.write_str("DEFAULT")?,
        }
    }
    Ok(())
}
