//! What `ORDER BY` names beside `UNION`, `INTERSECT` and `EXCEPT`: columns of the answer, which have the
//! names that the first query gives them. DataFusion would look for others among what the queries read,
//! and have those queries give them that read such a column.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, OrderByKind, Query, SelectItem, SetExpr, VisitorMut,
};

use super::column_names::name_of;
use super::cursor::folded;
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{VisitMut, ended, flow};

/// Gives columns that keys name by the names of functions, or of what they are cast from, these names.
///
/// # Errors
/// 42703 for a name that no column of the answer has.
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
    let Some(order_by) = &query.order_by else {
        return Ok(());
    };
    let OrderByKind::Expressions(keys) = &order_by.kind else {
        return Ok(());
    };
    if !is_set_operation(&query.body) {
        return Ok(());
    }
    let Some(items) = first_items(&mut query.body) else {
        return Ok(());
    };
    // Which columns a star has is not told by the text.
    let are_known = items.iter().all(|item| output(item).is_some());
    for key in keys {
        let Some(wanted) = name(&key.expr) else {
            continue;
        };
        let found = items
            .iter_mut()
            .find(|item| output(item).as_ref() == Some(&wanted));
        match found {
            Some(item) => give_name(item, &wanted),
            None if are_known => return Err(no_column(&wanted)),
            None => {}
        }
    }
    Ok(())
}

fn no_column(name: &str) -> Error {
    let message = format!("column \"{name}\" does not exist");
    Error::new(SqlState::UNDEFINED_COLUMN, message).with_hint(
        "Behind UNION, INTERSECT and EXCEPT, ORDER BY can only name columns of the result, by their names in the first query.",
    )
}

fn is_set_operation(body: &SetExpr) -> bool {
    match body {
        SetExpr::SetOperation { .. } => true,
        SetExpr::Query(query) => is_set_operation(&query.body),
        _ => false,
    }
}

/// What the first query selects, which gives the answer its names.
fn first_items(body: &mut SetExpr) -> Option<&mut Vec<SelectItem>> {
    match body {
        SetExpr::Select(select) => Some(&mut select.projection),
        SetExpr::SetOperation { left, .. } => first_items(left),
        SetExpr::Query(query) => first_items(&mut query.body),
        _ => None,
    }
}

/// The name of the column that an item makes, if it makes one.
fn output(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::UnnamedExpr(expression) => Some(name_of(expression)),
        SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias)),
        _ => None,
    }
}

/// Says the name of a column that the planner would name by a whole expression.
fn give_name(item: &mut SelectItem, name: &str) {
    let SelectItem::UnnamedExpr(expression) = item else {
        return;
    };
    if !matches!(
        expression,
        Expr::Identifier(_) | Expr::CompoundIdentifier(_)
    ) {
        *item = SelectItem::ExprWithAlias {
            expr: expression.clone(),
            alias: Ident::with_quote('"', name),
        };
    }
}

/// The name that a key is, if it is one without a relation.
fn name(key: &Expr) -> Option<String> {
    match key {
        Expr::Identifier(name) => Some(folded(name)),
        Expr::Nested(inner) => name(inner),
        _ => None,
    }
}
