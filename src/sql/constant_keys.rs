//! Constants that stand alone in `ORDER BY`, `GROUP BY` or `DISTINCT ON`: a whole number is the place of a
//! column of the answer, and any other one is a mistake, as in PostgreSQL. DataFusion knows the places of
//! the first two alone, and none within grouping sets, and takes what is in parentheses, and all else, for
//! values that decide nothing.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Distinct, Expr, GroupByExpr, OrderByKind, Query, Select, SelectItem, SetExpr, UnaryOperator,
    Value, VisitorMut,
};

use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{VisitMut, ended, flow};

/// Says places without parentheses, and columns in `DISTINCT ON` and in grouping sets as what they are.
///
/// # Errors
/// 42601 for a constant that is no place, 42P10 for a place where no column is.
pub fn rewrite(query: &mut Query) -> Result<()> {
    ended(query.visit(&mut Rewriter))
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        flow(of_query(query))
    }
}

fn of_query(query: &mut Query) -> Result<()> {
    if let Some(order) = &mut query.order_by
        && let OrderByKind::Expressions(keys) = &mut order.kind
    {
        for key in keys {
            place(&mut key.expr, "ORDER BY")?;
        }
    }
    of_body(&mut query.body)
}

fn of_body(body: &mut SetExpr) -> Result<()> {
    match body {
        SetExpr::Select(select) => of_select(select),
        SetExpr::SetOperation { left, right, .. } => {
            of_body(left)?;
            of_body(right)
        }
        // A query is visited by itself.
        _ => Ok(()),
    }
}

fn of_select(select: &mut Select) -> Result<()> {
    if let GroupByExpr::Expressions(keys, _) = &mut select.group_by {
        for key in keys {
            match key {
                Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                    for key in sets.iter_mut().flatten() {
                        name_column(key, &select.projection, "GROUP BY")?;
                    }
                }
                key => {
                    place(key, "GROUP BY")?;
                }
            }
        }
    }
    let Some(Distinct::On(keys)) = &mut select.distinct else {
        return Ok(());
    };
    for key in keys {
        name_column(key, &select.projection, "DISTINCT ON")?;
    }
    Ok(())
}

/// Says a key that is the place of a column by what the column is.
fn name_column(key: &mut Expr, columns: &[SelectItem], clause: &str) -> Result<()> {
    let Some(place) = place(key, clause)? else {
        return Ok(());
    };
    // What stands behind a star is at a place that is not known here.
    if columns.iter().take(place).any(is_star) {
        let message = format!("position {place} in {clause} behind a star");
        return Err(Error::unsupported(message).with_hint("Name the column."));
    }
    match columns.get(place.saturating_sub(1)) {
        Some(SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. }) => {
            *key = value.clone();
            Ok(())
        }
        _ => Err(no_column(clause, place)),
    }
}

fn is_star(item: &SelectItem) -> bool {
    matches!(
        item,
        SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)
    )
}

/// The place that a key is, from 1, which stands without parentheses then; none where it is no constant.
fn place(key: &mut Expr, clause: &str) -> Result<Option<usize>> {
    let Some(constant) = constant(key) else {
        return Ok(None);
    };
    let Some(number) = constant else {
        let message = format!("non-integer constant in {clause}");
        return Err(Error::new(SqlState::SYNTAX_ERROR, message));
    };
    match usize::try_from(number) {
        Ok(place) if place > 0 => {
            *key = Expr::value(Value::Number(place.to_string(), false));
            Ok(Some(place))
        }
        _ => Err(no_column(clause, number)),
    }
}

/// What a constant says, if it is a whole number; none where an expression is no constant.
fn constant(key: &Expr) -> Option<Option<i32>> {
    match key {
        Expr::Nested(inner) => constant(inner),
        Expr::Value(value) => match &value.value {
            Value::Placeholder(_) => None,
            Value::Number(digits, _) => Some(digits.parse().ok()),
            _ => Some(None),
        },
        // A number may have a sign, and nothing else.
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } if is_number(expr) => constant(expr).map(|number| number.and_then(i32::checked_neg)),
        _ => None,
    }
}

fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_number(inner),
        Expr::Value(value) => matches!(value.value, Value::Number(..)),
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => is_number(expr),
        _ => false,
    }
}

fn no_column(clause: &str, place: impl std::fmt::Display) -> Error {
    let message = format!("{clause} position {place} is not in select list");
    Error::new(SqlState::INVALID_COLUMN_REFERENCE, message)
}
