//! Columns of subqueries in `FROM` and of `WITH` clauses that have no name by `AS`: they may be said by
//! the one that Postgres gives them, as in `SELECT count FROM (SELECT count(*) FROM t) AS s`.
//!
//! DataFusion names them for the whole expression. So those that a query speaks of by such a name get
//! it.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Query, Select, SelectItem, SetExpr, TableFactor, Visit, VisitMut, VisitorMut,
    visit_expressions,
};

use super::column_names::name_of;
use super::cursor::fold;

/// Gives such columns their names.
pub fn name(query: &mut Query) {
    let said = said_in(query);
    // Nothing breaks the walk.
    let _ = VisitMut::visit(query, &mut Namer { said });
}

struct Namer {
    /// The names of columns that are read anywhere.
    said: BTreeSet<String>,
}

impl VisitorMut for Namer {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        let clauses = query.with.iter_mut().flat_map(|with| &mut with.cte_tables);
        for clause in clauses.filter(|clause| clause.alias.columns.is_empty()) {
            self.name_in(&mut clause.query.body);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Infallible> {
        if let TableFactor::Derived { subquery, .. } = factor {
            self.name_in(&mut subquery.body);
        }
        ControlFlow::Continue(())
    }
}

impl Namer {
    fn name_in(&self, body: &mut SetExpr) {
        match body {
            SetExpr::Select(select) => self.name_items(select),
            SetExpr::SetOperation { left, .. } => self.name_in(left),
            SetExpr::Query(query) => self.name_in(&mut query.body),
            _ => {}
        }
    }

    fn name_items(&self, select: &mut Select) {
        let names: Vec<Option<String>> = select.projection.iter().map(name_of_item).collect();
        // There a name that stands alone is one of the rows below.
        let mut below = said_alone_in(&select.group_by);
        below.extend(said_alone_in(&select.having));
        for (item, name) in select.projection.iter_mut().zip(&names) {
            let (SelectItem::UnnamedExpr(value), Some(name)) = (&*item, name) else {
                continue;
            };
            let is_column = matches!(value, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
            let all = names.iter().flatten();
            let is_unique = all.filter(|other| *other == name).count() == 1;
            if !is_column && is_unique && self.said.contains(name) && !below.contains(name) {
                *item = SelectItem::ExprWithAlias {
                    expr: value.clone(),
                    alias: Ident::with_quote('"', name),
                };
            }
        }
    }
}

fn name_of_item(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::UnnamedExpr(value) => Some(name_of(value)),
        SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias)),
        _ => None,
    }
}

/// The names of columns that are read.
fn said_in(part: &impl Visit) -> BTreeSet<String> {
    let mut said = BTreeSet::new();
    let _ = visit_expressions(part, |expression| {
        let name = match expression {
            Expr::Identifier(name) => Some(name),
            Expr::CompoundIdentifier(parts) => parts.last(),
            _ => None,
        };
        said.extend(name.map(folded));
        ControlFlow::<()>::Continue(())
    });
    said
}

/// Those that stand without the name of a table.
fn said_alone_in(part: &impl Visit) -> BTreeSet<String> {
    let mut said = BTreeSet::new();
    let _ = visit_expressions(part, |expression| {
        if let Expr::Identifier(name) = expression {
            said.insert(folded(name));
        }
        ControlFlow::<()>::Continue(())
    });
    said
}

fn folded(name: &Ident) -> String {
    fold(name.value.clone(), name.quote_style)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{Statement, parse_one};

    #[test]
    fn columns_that_are_said_get_their_names() {
        for (sql, expected) in [
            (
                "SELECT count FROM (SELECT count(*) FROM t) AS s",
                "SELECT count FROM (SELECT count(*) AS \"count\" FROM t) AS s",
            ),
            (
                "WITH w AS (SELECT max(a), min(a) FROM t) SELECT w.max FROM w",
                "WITH w AS (SELECT max(a) AS \"max\", min(a) FROM t) SELECT w.max FROM w",
            ),
            (
                "SELECT s.a FROM (SELECT t.a::text, max(b) FROM t GROUP BY t.a) AS s",
                "SELECT s.a FROM (SELECT t.a::TEXT AS \"a\", max(b) FROM t GROUP BY t.a) AS s",
            ),
            (
                "SELECT * FROM (SELECT count(*) FROM t) AS s",
                "SELECT * FROM (SELECT count(*) FROM t) AS s",
            ),
            (
                "SELECT max FROM (SELECT max(a), max(b) FROM t) AS s",
                "SELECT max FROM (SELECT max(a), max(b) FROM t) AS s",
            ),
            (
                "SELECT lower FROM (SELECT lower(a) FROM t GROUP BY lower(a), lower) AS s",
                "SELECT lower FROM (SELECT lower(a) FROM t GROUP BY lower(a), lower) AS s",
            ),
        ] {
            let Ok(Statement::Query(mut query)) = parse_one(sql) else {
                unreachable!("{sql} is a query");
            };
            name(&mut query);
            assert_eq!(query.to_string(), expected);
        }
    }
}
