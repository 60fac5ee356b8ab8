//! The query of a view as it is shown: its columns have the names that the view gives them.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Distinct, Expr, Query, Select, SelectItem, SetExpr};

use super::column_names::name_of;
use super::cursor::folded;
use super::name::Quoted;
use super::renaming::identifier;
use crate::sql::walk::{Visit, visit_expressions};

/// The query with these names for its first columns; they are in its select list where they can be.
pub fn shown_query(query: &Query, view: &str, columns: &[String]) -> String {
    if columns.is_empty() {
        return query.to_string();
    }
    if let Some(named) = with_aliases(query, columns) {
        return named.to_string();
    }
    let columns: Vec<String> = columns
        .iter()
        .map(|column| Quoted(column).to_string())
        .collect();
    let (view, columns) = (Quoted(view), columns.join(", "));
    format!("SELECT * FROM ({query}) AS {view} ({columns})")
}

/// The query with the names in its select list; none where it has no such list, or its other clauses
/// would mean something else then.
fn with_aliases(query: &Query, columns: &[String]) -> Option<Query> {
    let mut named = query.clone();
    let SetExpr::Select(select) = named.body.as_mut() else {
        return None;
    };
    if columns.len() > select.projection.len() {
        return None;
    }
    let meant = names_in_clauses(query, select);
    let is_distinct = !matches!(select.distinct, None | Some(Distinct::All));
    for (item, name) in select.projection.iter_mut().zip(columns) {
        let (expr, old, is_input) = match item {
            SelectItem::UnnamedExpr(expr) => {
                let is_column = matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
                (expr.clone(), name_of(expr), is_column && !is_distinct)
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                let old = folded(alias);
                (expr.clone(), old, false)
            }
            _ => return None,
        };
        if old == *name {
            continue;
        }
        if meant.contains(name) || meant.contains(&old) && !is_input {
            return None;
        }
        *item = SelectItem::ExprWithAlias {
            expr,
            alias: identifier(name),
        };
    }
    Some(named)
}

/// The names that may mean columns of the select list in the clauses behind it.
fn names_in_clauses(query: &Query, select: &Select) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect(&query.order_by, &mut names);
    collect(&select.distinct, &mut names);
    collect(&select.group_by, &mut names);
    collect(&select.having, &mut names);
    collect(&select.qualify, &mut names);
    names
}

fn collect<V: Visit>(clause: &V, names: &mut BTreeSet<String>) {
    let _: ControlFlow<()> = visit_expressions(clause, |expr| {
        if let Expr::Identifier(name) = expr {
            names.insert(folded(name));
        }
        ControlFlow::Continue(())
    });
}
