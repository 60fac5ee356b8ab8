//! A name within a subquery that several relations of its `FROM` have: `SELECT (SELECT id FROM a, b) FROM t`.
//!
//! It is ambiguous, whatever the queries around have. DataFusion's planner asks the query around for what
//! it cannot tell from the subquery's own rows, and takes a column of this name that it finds there.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{
    AccessExpr, Distinct, Expr, FunctionArguments, JoinConstraint, OrderByKind, Query, Select,
    TableFactor, TableWithJoins, Visitor,
};

use super::cursor::folded;
use super::known_columns::{KnownColumns, constraint};
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{Visit, ended};

/// Finds such a name.
///
/// # Errors
/// 42702 for it; what looking up a relation meets.
pub async fn check(query: &Query, state: &SessionState) -> Result<()> {
    let mut tables = Tables::default();
    let _ = Visit::visit(query, &mut tables);
    if !tables.has_subqueries || !tables.has_joined {
        return Ok(());
    }
    let mut finder = Finder {
        columns: tables.columns.looked_up(state).await?,
        ..Finder::default()
    };
    ended(Visit::visit(query, &mut finder))
}

/// Asks for the columns of all tables that a query names, and whether there may be such a name in it.
#[derive(Default)]
struct Tables {
    columns: KnownColumns,
    /// Whether there are subqueries that see the rows around.
    has_subqueries: bool,
    /// Whether some `FROM` has several relations.
    has_joined: bool,
}

impl Visitor for Tables {
    type Break = std::convert::Infallible;

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Self::Break> {
        let joins = select.from.iter().any(|table| !table.joins.is_empty());
        self.has_joined |= select.from.len() > 1 || joins;
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Self::Break> {
        self.columns.unnamed(factor);
        self.has_subqueries |= is_lateral(factor);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<Self::Break> {
        self.has_subqueries |= has_subquery(expression);
        ControlFlow::Continue(())
    }
}

fn is_lateral(factor: &TableFactor) -> bool {
    matches!(factor, TableFactor::Derived { lateral: true, .. })
}

fn has_subquery(expression: &Expr) -> bool {
    match expression {
        Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => true,
        Expr::Function(function) => matches!(function.args, FunctionArguments::Subquery(_)),
        _ => false,
    }
}

/// What a name alone may be that of, from the place that a walk is at.
enum Scope {
    /// One of these columns, or one that is around.
    Columns(Vec<String>),
    /// Nothing is known of it.
    Unknown,
}

#[derive(Default)]
struct Finder {
    columns: KnownColumns,
    /// The scopes around, outermost first.
    scopes: Vec<Scope>,
    /// Where expressions stand that have a scope of their own: conditions of joins, which see what is
    /// joined up to there, and `DISTINCT ON` and `ORDER BY`, which have names of the answer.
    own: BTreeMap<usize, Scope>,
    /// The expressions around that have one, innermost last.
    entered: Vec<usize>,
    /// Where the names of fields stand, as in `(row).id`.
    fields: Vec<usize>,
    /// How many subqueries that see the rows around are around.
    subqueries: usize,
}

impl Finder {
    /// Keeps the scopes of a part of `FROM`'s conditions.
    fn keep_conditions(&mut self, table: &TableWithJoins) {
        let joined = table.joins.iter().map(|join| &join.relation);
        for factor in std::iter::once(&table.relation).chain(joined) {
            if let TableFactor::NestedJoin {
                table_with_joins, ..
            } = factor
            {
                self.keep_conditions(table_with_joins);
            }
        }
        for (place, join) in table.joins.iter().enumerate() {
            let Some(JoinConstraint::On(condition)) = constraint(&join.join_operator) else {
                continue;
            };
            let up_to_here = TableWithJoins {
                relation: table.relation.clone(),
                joins: table.joins.iter().take(place + 1).cloned().collect(),
            };
            let scope = self.of_joined(&up_to_here);
            self.own.insert(address(condition), scope);
        }
    }

    fn of_joined(&mut self, table: &TableWithJoins) -> Scope {
        match self.columns.of_joined(table) {
            Some(columns) => Scope::Columns(columns),
            None => Scope::Unknown,
        }
    }

    fn is_ambiguous(&self, name: &str) -> bool {
        for scope in self.scopes.iter().rev() {
            let Scope::Columns(columns) = scope else {
                return false;
            };
            match columns.iter().filter(|column| *column == name).count() {
                0 => {}
                count => return count > 1,
            }
        }
        false
    }
}

impl Visitor for Finder {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Error> {
        self.columns.enter_query(query);
        if let Some(order_by) = &query.order_by
            && let OrderByKind::Expressions(keys) = &order_by.kind
        {
            let keys = keys.iter().map(|key| (address(&key.expr), Scope::Unknown));
            self.own.extend(keys);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<Error> {
        self.columns.leave();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Error> {
        let mut scope: Option<Vec<String>> = Some(Vec::new());
        for table in &select.from {
            let columns = self.columns.of_joined(table);
            scope = scope.zip(columns).map(|(mut all, columns)| {
                all.extend(columns);
                all
            });
            self.keep_conditions(table);
        }
        self.scopes.push(match scope {
            Some(columns) => Scope::Columns(columns),
            None => Scope::Unknown,
        });
        if let Some(Distinct::On(keys)) = &select.distinct {
            let keys = keys.iter().map(|key| (address(key), Scope::Unknown));
            self.own.extend(keys);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, _: &Select) -> ControlFlow<Error> {
        self.scopes.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Error> {
        // What it sees of the rows around is what stands before it there, or nothing.
        self.scopes.push(Scope::Unknown);
        self.subqueries += usize::from(is_lateral(factor));
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Error> {
        self.scopes.pop();
        self.subqueries -= usize::from(is_lateral(factor));
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<Error> {
        let place = address(expression);
        if let Some(scope) = self.own.remove(&place) {
            // What it does not see of the rows of its query is not known.
            self.scopes.extend([Scope::Unknown, scope]);
            self.entered.push(place);
        }
        self.subqueries += usize::from(has_subquery(expression));
        match expression {
            Expr::CompoundFieldAccess { access_chain, .. } => {
                self.fields
                    .extend(access_chain.iter().filter_map(|access| match access {
                        AccessExpr::Dot(field) => Some(address(field)),
                        AccessExpr::Subscript(_) => None,
                    }));
            }
            Expr::Identifier(name) if self.subqueries > 0 && !self.fields.contains(&place) => {
                let name = folded(name);
                if self.is_ambiguous(&name) {
                    let message = format!("column reference \"{name}\" is ambiguous");
                    let error = Error::new(SqlState::AMBIGUOUS_COLUMN, message)
                        .with_hint("Put the table's name or alias before the column.");
                    return ControlFlow::Break(error);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expression: &Expr) -> ControlFlow<Error> {
        if self.entered.last() == Some(&address(expression)) {
            self.entered.pop();
            self.scopes.pop();
            self.scopes.pop();
        }
        self.subqueries -= usize::from(has_subquery(expression));
        ControlFlow::Continue(())
    }
}

/// Tells two expressions of one tree apart, though they may be equal.
fn address(expression: &Expr) -> usize {
    std::ptr::from_ref(expression).addr()
}
