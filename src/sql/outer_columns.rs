//! `LATERAL (SELECT t.a)` has a column `a`, whose name DataFusion takes for that of its own columns alone.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Query, Select, SelectItem, SetExpr, TableFactor, TableWithJoins, VisitorMut,
};

use crate::sql::walk::VisitMut;

/// Names the columns of lateral subqueries that are columns of the row around.
pub fn name(query: &mut Query) {
    struct Namer;
    impl VisitorMut for Namer {
        type Break = Infallible;

        fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Infallible> {
            if let TableFactor::Derived {
                lateral: true,
                subquery,
                ..
            } = factor
            {
                name_in(&mut subquery.body);
            }
            ControlFlow::Continue(())
        }
    }
    // Nothing breaks the walk.
    let _ = VisitMut::visit(query, &mut Namer);
}

fn name_in(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) => name_items(select),
        SetExpr::SetOperation { left, .. } => name_in(left),
        SetExpr::Query(query) => name_in(&mut query.body),
        _ => {}
    }
}

fn name_items(select: &mut Select) {
    let relations: Vec<String> = select.from.iter().flat_map(relations_of).collect();
    for item in &mut select.projection {
        let SelectItem::UnnamedExpr(value) = item else {
            continue;
        };
        let name: Option<Ident> = match &*value {
            Expr::Identifier(name) if select.from.is_empty() => Some(name.clone()),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [relation, name] if !relations.contains(&relation.value) => Some(name.clone()),
                _ => None,
            },
            _ => None,
        };
        if let Some(alias) = name {
            let expr = value.clone();
            *item = SelectItem::ExprWithAlias { expr, alias };
        }
    }
}

/// The names by which a `FROM` item's columns may be written.
fn relations_of(from: &TableWithJoins) -> Vec<String> {
    let joined = from.joins.iter().map(|join| &join.relation);
    let factors = std::iter::once(&from.relation).chain(joined);
    factors.flat_map(names_of).collect()
}

fn names_of(factor: &TableFactor) -> Vec<String> {
    let (name, alias) = match factor {
        TableFactor::Table { name, alias, .. } => {
            let name = name.0.last().and_then(|part| part.as_ident());
            (name.map(|name| name.value.clone()), alias)
        }
        TableFactor::Derived { alias, .. }
        | TableFactor::Function { alias, .. }
        | TableFactor::UNNEST { alias, .. } => (None, alias),
        TableFactor::NestedJoin {
            table_with_joins,
            alias,
        } => {
            let mut names = relations_of(table_with_joins);
            names.extend(alias.as_ref().map(|alias| alias.name.value.clone()));
            return names;
        }
        _ => return Vec::new(),
    };
    let alias = alias.as_ref().map(|alias| alias.name.value.clone());
    alias.or(name).into_iter().collect()
}
