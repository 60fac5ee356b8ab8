//! What `ORDER BY` names beside `UNION`, `INTERSECT` and `EXCEPT`: columns of the answer, which have the
//! names that the first query gives them. DataFusion would look for others among what the queries read,
//! and have those queries give them that read such a column.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, OrderByKind, Query, SelectItem, SetExpr, Visit, Visitor,
};

use super::column_names::name_of;
use super::cursor::fold;
use crate::error::{Error, Result, SqlState};

/// Looks at all that is ordered within a query.
///
/// # Errors
/// 42703 for a name that no column of the answer has.
pub fn check(query: &Query) -> Result<()> {
    match query.visit(&mut Checker) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Checker;

impl Visitor for Checker {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Error> {
        match of_query(query) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }
}

fn of_query(query: &Query) -> Result<()> {
    let Some(order_by) = &query.order_by else {
        return Ok(());
    };
    let OrderByKind::Expressions(keys) = &order_by.kind else {
        return Ok(());
    };
    if !is_set_operation(&query.body) {
        return Ok(());
    }
    let Some(names) = names(&query.body) else {
        return Ok(());
    };
    for key in keys {
        if let Some(wanted) = name(&key.expr)
            && !names.contains(&wanted)
        {
            let message = format!("column \"{wanted}\" does not exist");
            return Err(Error::new(SqlState::UNDEFINED_COLUMN, message).with_hint(
                "Behind UNION, INTERSECT and EXCEPT, ORDER BY can only name columns of the result, by their names in the first query.",
            ));
        }
    }
    Ok(())
}

fn is_set_operation(body: &SetExpr) -> bool {
    match body {
        SetExpr::SetOperation { .. } => true,
        SetExpr::Query(query) => is_set_operation(&query.body),
        _ => false,
    }
}

/// The names of an answer's columns; none where they are not told by the text alone.
fn names(body: &SetExpr) -> Option<Vec<String>> {
    let select = match body {
        SetExpr::Select(select) => select,
        SetExpr::SetOperation { left, .. } => return names(left),
        SetExpr::Query(query) => return names(&query.body),
        _ => return None,
    };
    let items = select.projection.iter().map(|item| match item {
        SelectItem::UnnamedExpr(expression) => Some(name_of(expression)),
        SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias)),
        _ => None,
    });
    items.collect()
}

/// The name that a key is, if it is one without a relation.
fn name(key: &Expr) -> Option<String> {
    match key {
        Expr::Identifier(name) => Some(folded(name)),
        Expr::Nested(inner) => name(inner),
        _ => None,
    }
}

fn folded(name: &Ident) -> String {
    fold(name.value.clone(), name.quote_style)
}
