//! Columns of subqueries in `FROM` and of `WITH` clauses that have no name by `AS`: they may be said by
//! the one that Postgres gives them, as in `SELECT count FROM (SELECT count(*) FROM t) AS s`.
//!
//! DataFusion names them for the whole expression, without its casts. So those that a query speaks of by
//! such a name get it, those that it may show by `*` or as a row, as in `SELECT s FROM (...) AS s`, and
//! those that DataFusion would not tell apart. Of `EXISTS` nobody asks for names.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Query, Select, SelectItem, SetExpr, TableFactor, Visitor, VisitorMut,
};

use super::column_names::{make_unique, name_of, without_casts};
use super::cursor::folded;
use super::outer_relations::relation_of;
use crate::sql::walk::{Visit, VisitMut, visit_expressions};

/// Gives such columns their names.
pub fn name(query: &mut Query) {
    let said = said_in(query);
    let shows_all = Visit::visit(&*query, &mut ShownWhole(&said)).is_break();
    // Nothing breaks the walk.
    let _ = VisitMut::visit(query, &mut Namer { said, shows_all });
}

struct Namer {
    /// The names of columns that are read anywhere.
    said: BTreeSet<String>,
    /// Whether all columns of something are shown, by the names that they have.
    shows_all: bool,
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

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Infallible> {
        if let Expr::Exists { subquery, .. } = expression {
            make_unique(subquery);
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
        let planned: Vec<Option<String>> = select.projection.iter().map(planned_name).collect();
        let count = |names: &[Option<String>], name: &Option<String>| {
            names.iter().filter(|other| *other == name).count()
        };
        // There a name that stands alone is one of the rows below.
        let mut below = said_alone_in(&select.group_by);
        below.extend(said_alone_in(&select.having));
        // What stands beside a star may have the name of a column that the star has.
        let is_shown = self.shows_all && !has_star(select);
        let own = names.iter().zip(&planned);
        for (item, (own, planned_as)) in select.projection.iter_mut().zip(own) {
            let (SelectItem::UnnamedExpr(value), Some(name)) = (&*item, own) else {
                continue;
            };
            let is_column = matches!(value, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
            let is_unique = count(&names, own) == 1;
            let is_wanted = is_shown || self.said.contains(name) || count(&planned, planned_as) > 1;
            if !is_column && is_unique && is_wanted && !below.contains(name) {
                *item = SelectItem::ExprWithAlias {
                    expr: value.clone(),
                    alias: Ident::with_quote('"', name),
                };
            }
        }
    }
}

/// Finds a list of columns that has a star, and a relation of which a name that is said may be a row.
struct ShownWhole<'a>(&'a BTreeSet<String>);

impl Visitor for ShownWhole<'_> {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match relation_of(factor).is_some_and(|(name, _)| self.0.contains(&name)) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        match has_star(select) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

fn has_star(select: &Select) -> bool {
    select.projection.iter().any(|item| {
        matches!(
            item,
            SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)
        )
    })
}

fn name_of_item(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::UnnamedExpr(value) => Some(name_of(value)),
        SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias)),
        _ => None,
    }
}

/// The name that DataFusion gives to an item without `AS`.
fn planned_name(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::UnnamedExpr(value) => Some(without_casts(value).0),
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
                "SELECT * FROM (SELECT count(*) AS \"count\" FROM t) AS s",
            ),
            (
                "WITH w AS (SELECT count(*) FROM t) SELECT row_to_json(u) FROM w AS u",
                "WITH w AS (SELECT count(*) AS \"count\" FROM t) SELECT row_to_json(u) FROM w AS u",
            ),
            (
                "SELECT * FROM (SELECT *, count(*) OVER () FROM t) AS s",
                "SELECT * FROM (SELECT *, count(*) OVER () FROM t) AS s",
            ),
            (
                "SELECT * FROM (SELECT NULL::int, NULL::text, 1) AS s",
                "SELECT * FROM (SELECT NULL::INT AS \"int4\", NULL::TEXT AS \"text\", 1 AS \"?column?\") AS s",
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
