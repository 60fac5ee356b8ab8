//! `SELECT item ->> 'name' FROM jsonb_array_elements(document) AS item`: the name of a relation that is
//! a function of one column called otherwise means that column.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectName, OrderByKind, Query, Select, SelectItem, SetExpr, TableAlias,
    TableFactor, TableWithJoins, VisitorMut,
};
use tributary_udfs::json;

use super::cursor::folded;
use crate::sql::walk::{VisitMut, visit_expressions_mut};

/// Says such names as those of the columns.
pub fn rewrite(query: &mut Query) {
    let _ = query.visit(&mut Rewriter);
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        let values = in_body(&mut query.body);
        if let Some(order_by) = &mut query.order_by
            && let OrderByKind::Expressions(sorted) = &mut order_by.kind
        {
            for sort in sorted {
                replace(&mut sort.expr, &values);
            }
        }
        ControlFlow::Continue(())
    }
}

/// A relation's name, and that of its one column.
type RowValue = (String, Ident);

/// Rewrites the selections of a query; answers what a sort of their rows may still name.
fn in_body(body: &mut SetExpr) -> Vec<RowValue> {
    match body {
        SetExpr::Select(select) => in_select(select),
        SetExpr::SetOperation { left, right, .. } => {
            in_body(left);
            in_body(right);
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn in_select(select: &mut Select) -> Vec<RowValue> {
    let mut values = Vec::new();
    for table in &select.from {
        collect(table, &mut values);
    }
    if values.is_empty() {
        return values;
    }
    for item in &mut select.projection {
        // The column keeps the name that it is called by.
        if let SelectItem::UnnamedExpr(Expr::Identifier(name)) = item
            && let Some(value) = of(name, &values)
        {
            *item = SelectItem::ExprWithAlias {
                alias: name.clone(),
                expr: value,
            };
        }
    }
    let _ = visit_expressions_mut(select, |expr| {
        replace(expr, &values);
        ControlFlow::<Infallible>::Continue(())
    });
    values.retain(|(name, _)| {
        !select.projection.iter().any(|item| {
            matches!(item, SelectItem::ExprWithAlias { alias, .. } if folded(alias) == *name)
        })
    });
    values
}

fn collect(table: &TableWithJoins, values: &mut Vec<RowValue>) {
    let joined = table.joins.iter().map(|join| &join.relation);
    for factor in std::iter::once(&table.relation).chain(joined) {
        match factor {
            TableFactor::Table {
                name,
                alias: Some(alias),
                args: Some(_),
                with_ordinality: false,
                ..
            }
            | TableFactor::Function {
                name,
                alias: Some(alias),
                with_ordinality: false,
                ..
            } => values.extend(row_value(name, alias)),
            TableFactor::NestedJoin {
                table_with_joins, ..
            } => collect(table_with_joins, values),
            _ => {}
        }
    }
}

fn row_value(function: &ObjectName, alias: &TableAlias) -> Option<RowValue> {
    let name = folded(function.0.last()?.as_ident()?);
    let own = json::value_column(&name)?;
    let column = match alias.columns.as_slice() {
        [] => Ident::new(own),
        [given] => given.name.clone(),
        _ => return None,
    };
    let relation = folded(&alias.name);
    (folded(&column) != relation).then_some((relation, column))
}

fn replace(expr: &mut Expr, values: &[RowValue]) {
    if let Expr::Identifier(name) = expr
        && let Some(value) = of(name, values)
    {
        *expr = value;
    }
}

fn of(name: &Ident, values: &[RowValue]) -> Option<Expr> {
    let wanted = folded(name);
    let (_, column) = values.iter().find(|(relation, _)| *relation == wanted)?;
    Some(Expr::CompoundIdentifier(vec![name.clone(), column.clone()]))
}
