//! Subqueries of the catalog in forms that DataFusion's planner can join.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, GroupByExpr, ObjectNamePart, OrderByKind, Query, Select, SelectItem,
    SetExpr, TableFactor, Value,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

use super::PG_CATALOG;
use super::empty_queries::is_aggregate;
use super::rewrite::named;
use crate::sql::cursor::folded;
use crate::sql::set_returning::gives_rows;
use crate::sql::walk::{visit_expressions, visit_expressions_mut, visit_own_expressions};

/// Puts the column of a query that looks one row of the catalog up by its number into an aggregate:
/// of one row, or none, that is the column. The planner takes no subquery for a value that refers
/// to the query around it and is no aggregate. Answers with the condition under which the row is
/// looked up, where that is of the query around it alone.
pub fn look_up(query: &mut Query) -> Option<Expr> {
    let select = plain_select(query)?;
    let [table] = select.from.as_slice() else {
        return None;
    };
    let (shown, oid) = catalog_table(&table.relation).filter(|_| table.joins.is_empty())?;
    let is_key = select.selection.as_ref().is_some_and(|condition| {
        let mut key = key_of(oid).iter();
        key.all(|column| asks_for(condition, &shown, column))
    });
    let [SelectItem::UnnamedExpr(column) | SelectItem::ExprWithAlias { expr: column, .. }] =
        select.projection.as_mut_slice()
    else {
        return None;
    };
    if !is_key || is_aggregate(column) {
        return None;
    }
    // The type of a document is lost in an aggregate.
    let cast = match is_document(column) {
        Some(kind) => format!("CAST(first_value({column}) AS {kind})"),
        None => format!("first_value({column})"),
    };
    *column = parse(&cast)?;
    let mut own = Vec::new();
    let mut around = Vec::new();
    for condition in conjuncts(select.selection.take()?) {
        match is_of_others(&condition, &shown) {
            true => around.push(condition),
            false => own.push(condition),
        }
    }
    select.selection = joined(own);
    joined(around)
}

/// The type of a call that makes a document.
fn is_document(column: &Expr) -> Option<&'static str> {
    let Expr::Function(call) = column else {
        return None;
    };
    match named(&call.name)?.to_lowercase().as_str() {
        "json_build_object" | "json_build_array" | "to_json" | "row_to_json" => Some("JSON"),
        "jsonb_build_object" | "jsonb_build_array" | "to_jsonb" => Some("JSONB"),
        _ => None,
    }
}

/// The conditions that `AND` joins.
fn conjuncts(condition: Expr) -> Vec<Expr> {
    match condition {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => {
            let mut all = conjuncts(*left);
            all.extend(conjuncts(*right));
            all
        }
        other => vec![other],
    }
}

fn joined(conditions: Vec<Expr>) -> Option<Expr> {
    conditions.into_iter().reduce(|left, right| Expr::BinaryOp {
        left: Box::new(left),
        op: BinaryOperator::And,
        right: Box::new(right),
    })
}

/// Whether a condition is of columns of other tables than this one.
fn is_of_others(condition: &Expr, table: &str) -> bool {
    let mut names = 0;
    let found = visit_expressions(condition, |expr| match expr {
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [.., owner, _] if folded(owner) != table => {
                names += 1;
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Break(()),
        },
        // Without its table, a column may be of any.
        Expr::Identifier(_) | Expr::Subquery(_) | Expr::Exists { .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    found.is_continue() && names > 0
}

/// Puts counts in the place of `EXISTS (query)` among the columns of a query, where the planner takes no
/// other subqueries than those that have a value.
pub fn count_in_columns(body: &mut SetExpr) {
    let select = match body {
        SetExpr::Select(select) => select,
        SetExpr::SetOperation { left, right, .. } => {
            count_in_columns(left);
            return count_in_columns(right);
        }
        _ => return,
    };
    for item in &mut select.projection {
        let _ = visit_expressions_mut(item, |expr| {
            if let Expr::Exists { subquery, negated } = expr
                && let Some(count) = count(subquery, *negated)
            {
                *expr = count;
            }
            ControlFlow::<()>::Continue(())
        });
    }
}

/// Whether a query of the catalog has rows, or has none, by their count.
fn count(query: &Query, has_none: bool) -> Option<Expr> {
    let mut query = query.clone();
    let select = plain_select(&mut query)?;
    let [table] = select.from.as_slice() else {
        return None;
    };
    catalog_table(&table.relation)?;
    select.projection = vec![SelectItem::UnnamedExpr(parse("count(*)")?)];
    let comparison = if has_none { "=" } else { ">" };
    parse(&format!("({query}) {comparison} 0"))
}

/// `ARRAY(query)` as an aggregate of the query's column; none for a query of several columns.
pub fn array(query: &Query) -> Option<Expr> {
    array_of_list(query).or_else(|| {
        // What groups, limits or combines stays whole within.
        let of_one = match query.body.as_ref() {
            SetExpr::Select(select) => matches!(
                select.projection.as_slice(),
                [SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. }]
            ),
            _ => true,
        };
        let array = format!(
            "coalesce((SELECT array_agg(element) FROM ({query}) AS elements (element)), make_array())"
        );
        of_one.then(|| parse(&array))?
    })
}

/// [`array`] of a list of values, each of which is of one row of tables.
fn array_of_list(query: &Query) -> Option<Expr> {
    let mut query = query.clone();
    let order = query.order_by.take();
    let select = plain_select(&mut query)?;
    let [item] = select.projection.as_mut_slice() else {
        return None;
    };
    let (column, name) = match item {
        SelectItem::UnnamedExpr(column) => (column, None),
        SelectItem::ExprWithAlias { expr, alias } => (expr, Some(folded(alias))),
        _ => return None,
    };
    if select.from.is_empty() || is_of_other_rows(column) {
        return None;
    }
    let order = match order.map(|order| order.kind) {
        None => String::new(),
        Some(OrderByKind::Expressions(mut keys)) => {
            for key in &mut keys {
                // The first column, and there is no other.
                let is_column = match &key.expr {
                    Expr::Value(value) => matches!(value.value, Value::Number(..)),
                    Expr::Identifier(key) => name.as_ref().is_some_and(|name| *name == folded(key)),
                    _ => false,
                };
                if is_column {
                    key.expr = column.clone();
                }
            }
            let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
            format!(" ORDER BY {}", keys.join(", "))
        }
        Some(OrderByKind::All(_)) => return None,
    };
    *column = parse(&format!("array_agg({column}{order})"))?;
    parse(&format!("coalesce(({query}), make_array())"))
}

/// Whether a column is of several rows, or gives several, so that no aggregate takes it.
fn is_of_other_rows(column: &Expr) -> bool {
    let found = visit_own_expressions(column, |part| {
        let Expr::Function(call) = part else {
            return ControlFlow::Continue(());
        };
        let name = call.name.0.last().and_then(ObjectNamePart::as_ident);
        let is_many = name.is_some_and(|name| gives_rows(&folded(name)));
        match call.over.is_some() || is_many || is_aggregate(part) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    found.is_break()
}

/// The table of `pg_catalog` that a part of `FROM` is, by the name that the query calls it, and its
/// number.
pub fn catalog_table(factor: &TableFactor) -> Option<(String, i64)> {
    let TableFactor::Table {
        name,
        alias,
        args: None,
        ..
    } = factor
    else {
        return None;
    };
    let parts: Vec<_> = name.0.iter().filter_map(ObjectNamePart::as_ident).collect();
    let table = match parts.as_slice() {
        [table] => table,
        [schema, table] if schema.value.eq_ignore_ascii_case(PG_CATALOG) => table,
        _ => return None,
    };
    let found = super::table(&table.value)?;
    let shown = match alias {
        Some(alias) => folded(&alias.name),
        None => table.value.clone(),
    };
    Some((shown, found.oid))
}

/// The one `SELECT` of a query that neither groups, limits nor orders.
fn plain_select(query: &mut Query) -> Option<&mut Select> {
    let is_plain = query.with.is_none()
        && query.order_by.is_none()
        && query.limit_clause.is_none()
        && query.fetch.is_none();
    let SetExpr::Select(select) = query.body.as_mut() else {
        return None;
    };
    let is_grouped = !matches!(
        &select.group_by,
        GroupByExpr::Expressions(expressions, _) if expressions.is_empty()
    );
    let is_plain = is_plain && !is_grouped && select.having.is_none() && select.distinct.is_none();
    is_plain.then_some(select)
}

/// The columns of which a row of a table of `pg_catalog` is told.
fn key_of(table: i64) -> &'static [&'static str] {
    match table {
        2604 => &["adrelid", "adnum"],
        2610 => &["indexrelid"],
        1249 => &["attrelid", "attnum"],
        _ => &["oid"],
    }
}

/// Whether a condition asks for one value of this column of the table.
fn asks_for(condition: &Expr, table: &str, wanted: &str) -> bool {
    let is_wanted = |expr: &Expr| {
        matches!(
            expr,
            Expr::CompoundIdentifier(parts)
                if matches!(parts.as_slice(), [.., owner, column]
                    if folded(owner) == table && folded(column) == wanted)
        )
    };
    match condition {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => asks_for(left, table, wanted) || asks_for(right, table, wanted),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Eq,
            right,
        } => is_wanted(left) || is_wanted(right),
        Expr::Nested(inner) => asks_for(inner, table, wanted),
        _ => false,
    }
}

fn parse(sql: &str) -> Option<Expr> {
    let mut parser = Parser::new(&PostgreSqlDialect {}).try_with_sql(sql).ok()?;
    parser.parse_expr().ok()
}
