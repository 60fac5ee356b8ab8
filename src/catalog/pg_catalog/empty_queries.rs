//! Queries of tables that are always empty: they have no rows, whatever else is in them.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, GroupByExpr, Ident, JoinOperator,
    ObjectName, ObjectNamePart, Select, SelectItem, SetExpr, TableFactor, TableWithJoins,
};

use super::PG_CATALOG;
use super::rewrite::{named, parse};
use crate::sql::walk::visit_own_expressions;

/// Aggregates that clients use on `pg_catalog`: with one, a query of no rows has a row.
const AGGREGATES: [&str; 10] = [
    "array_agg",
    "avg",
    "bool_and",
    "bool_or",
    "count",
    "first_value",
    "max",
    "min",
    "string_agg",
    "sum",
];

/// Whether a query has no rows since it is of an empty table; it then says so.
pub fn empty_body(body: &mut SetExpr) -> bool {
    match body {
        SetExpr::Select(select) => {
            let is_empty = has_no_rows(select);
            if is_empty {
                make_empty(select);
            }
            is_empty
        }
        SetExpr::SetOperation { left, right, .. } => {
            // Both sides are to be made empty, so no `&&`.
            let (left, right) = (empty_body(left), empty_body(right));
            left && right
        }
        _ => false,
    }
}

fn has_no_rows(select: &Select) -> bool {
    let is_grouped = !matches!(
        &select.group_by,
        GroupByExpr::Expressions(expressions, _) if expressions.is_empty()
    );
    !is_grouped
        && select.having.is_none()
        && !select.projection.iter().any(has_aggregate)
        && !select.projection.iter().any(is_wildcard)
        && (select.from.iter().any(is_empty_join) || wants_locks_of_transactions(select))
}

/// Whether a query asks for locks of transactions: `pg_locks` has those of relations alone.
fn wants_locks_of_transactions(select: &Select) -> bool {
    let of_locks = |tables: &TableWithJoins| match &tables.relation {
        TableFactor::Table {
            name, args: None, ..
        } => catalog_name(name).is_some_and(|name| name.value.eq_ignore_ascii_case("pg_locks")),
        _ => false,
    };
    select.from.iter().any(of_locks) && select.selection.as_ref().is_some_and(has_transaction)
}

/// Whether a condition demands a transaction.
fn has_transaction(condition: &Expr) -> bool {
    let column = match condition {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => return has_transaction(left) || has_transaction(right),
        Expr::Nested(within) => return has_transaction(within),
        Expr::IsNotNull(value) => match value.as_ref() {
            Expr::Identifier(name) => Some(name),
            Expr::CompoundIdentifier(parts) => parts.last(),
            _ => None,
        },
        _ => None,
    };
    column.is_some_and(|name| name.value.eq_ignore_ascii_case("transactionid"))
}

/// The name of a table that may be of `pg_catalog`.
fn catalog_name(name: &ObjectName) -> Option<&Ident> {
    let parts: Vec<_> = name.0.iter().filter_map(ObjectNamePart::as_ident).collect();
    match parts.as_slice() {
        [name] => Some(*name),
        [schema, name] if schema.value.eq_ignore_ascii_case(PG_CATALOG) => Some(*name),
        _ => None,
    }
}

/// Whether an item has an aggregate of the query itself, and not of one within it.
fn has_aggregate(item: &SelectItem) -> bool {
    let found = visit_own_expressions(item, |expr| match is_aggregate(expr) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    });
    found.is_break()
}

/// Whether an expression is a call of an aggregate.
pub fn is_aggregate(expr: &Expr) -> bool {
    let Expr::Function(function) = expr else {
        return false;
    };
    named(&function.name).is_some_and(|name| AGGREGATES.contains(&name.to_lowercase().as_str()))
}

fn is_wildcard(item: &SelectItem) -> bool {
    matches!(
        item,
        SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)
    )
}

/// Whether a join of tables has no rows.
fn is_empty_join(tables: &TableWithJoins) -> bool {
    let mut is_empty = is_empty_table(&tables.relation);
    for join in &tables.joins {
        let right = is_empty_table(&join.relation);
        is_empty = match &join.join_operator {
            JoinOperator::Join(_) | JoinOperator::Inner(_) | JoinOperator::CrossJoin(_) => {
                is_empty || right
            }
            JoinOperator::Left(_) | JoinOperator::LeftOuter(_) => is_empty,
            JoinOperator::Right(_) | JoinOperator::RightOuter(_) => right,
            JoinOperator::FullOuter(_) => is_empty && right,
            _ => false,
        };
    }
    is_empty
}

fn is_empty_table(table: &TableFactor) -> bool {
    let TableFactor::Table { name, args, .. } = table else {
        // `unnest(tc.reloptions)` is a factor of its own.
        return matches!(
            table,
            TableFactor::UNNEST { array_exprs, .. } if array_exprs.iter().all(is_options)
        );
    };
    let Some(name) = catalog_name(name) else {
        return false;
    };
    match args {
        None => super::table(&name.value).is_some_and(super::PgTable::is_empty),
        Some(_) if name.value == "pg_options_to_table" => true,
        // As of tables that PostgreSQL keeps long values in, which have no options here.
        Some(arguments) => {
            name.value == "unnest"
                && arguments.args.iter().all(|argument| {
                    matches!(
                        argument,
                        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) if is_options(expr)
                    )
                })
        }
    }
}

/// Whether an expression is a column of options: a subquery of these alone, as psql has one of the TOAST
/// table's, gives no rows.
fn is_options(expr: &Expr) -> bool {
    match expr {
        Expr::CompoundIdentifier(parts) => parts
            .last()
            .is_some_and(|last| matches!(last.value.as_str(), "reloptions")),
        _ => false,
    }
}

/// The same columns, and no rows.
fn make_empty(select: &mut Select) {
    let mut names = BTreeSet::new();
    for item in &mut select.projection {
        let mut alias = match item {
            SelectItem::ExprWithAlias { alias, .. } => alias.clone(),
            SelectItem::UnnamedExpr(expr) => Ident::with_quote('"', column_name(expr)),
            _ => continue,
        };
        // PostgreSQL lets two columns have one name, the planner does not.
        while !names.insert(alias.value.clone()) {
            alias.value.push('_');
        }
        if let Some(expr) = parse("CAST(NULL AS TEXT)") {
            *item = SelectItem::ExprWithAlias { expr, alias };
        }
    }
    select.from.clear();
    select.distinct = None;
    select.selection = parse("false");
}

/// The name that PostgreSQL gives to a column without an alias.
fn column_name(expr: &Expr) -> String {
    match expr {
        Expr::Identifier(ident) => ident.value.clone(),
        Expr::CompoundIdentifier(parts) => parts
            .last()
            .map_or_else(String::new, |last| last.value.clone()),
        Expr::Function(function) => named(&function.name).unwrap_or("?column?").to_owned(),
        Expr::Cast { expr, .. } => column_name(expr),
        _ => "?column?".to_owned(),
    }
}
