//! `customer.id` within a subquery whose own rows have a column `customer`.
//!
//! PostgreSQL looks for a relation of the name in all queries around before it takes the name for that of
//! a column, whose field is meant. DataFusion's planner looks at the rows of one query after the other. A
//! column by four names it finds only where there is such a relation, of which it compares what it knows:
//! any database, and with an alias any schema, is that of the relation.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Query, Select, TableFactor, TableWithJoins, VisitorMut,
};

use super::cursor::folded;
use super::known_columns::KnownColumns;
use crate::error::Result;
use crate::sql::walk::VisitMut;

/// The database of all relations here, and the schema of those that have none: a name that nothing has.
const NOWHERE: &str = "tributary:nowhere";

/// Gives such columns the schemas of their relations.
///
/// # Errors
/// What looking up a relation meets.
pub async fn qualify(query: &mut Query, state: &SessionState) -> Result<()> {
    let mut finder = Qualifier::default();
    // Nothing breaks the walk.
    let _ = VisitMut::visit(query, &mut finder);
    if !finder.is_wanted {
        return Ok(());
    }
    let mut qualifier = Qualifier {
        columns: finder.columns.looked_up(state).await?,
        ..Qualifier::default()
    };
    let _ = VisitMut::visit(query, &mut qualifier);
    Ok(())
}

/// Walks a query twice: to find the tables whose columns have to be known, and to name the columns.
#[derive(Default)]
struct Qualifier {
    /// Whether a column of a query around is named.
    is_wanted: bool,
    columns: KnownColumns,
    /// The selections around, outermost first.
    around: Vec<Rows>,
}

/// What the rows of a selection can be asked for.
struct Rows {
    /// The names of relations, with their schemas.
    relations: Vec<(String, Ident)>,
    columns: BTreeSet<String>,
}

impl VisitorMut for Qualifier {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        self.columns.enter_query(query);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Infallible> {
        self.columns.leave();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Infallible> {
        let mut rows = Rows {
            relations: Vec::new(),
            columns: BTreeSet::new(),
        };
        for table in &select.from {
            self.add(table, &mut rows);
        }
        self.around.push(rows);
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, _: &mut Select) -> ControlFlow<Infallible> {
        self.around.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Infallible> {
        if let Expr::CompoundIdentifier(parts) = expression
            && let [relation, _] = parts.as_slice()
            && let Some(schema) = self.schema_of(&folded(relation))
        {
            // A database that no nearer column or relation has the name of.
            parts.splice(0..0, [nowhere(), schema]);
        }
        ControlFlow::Continue(())
    }
}

impl Qualifier {
    /// The schema of the relation that a name means, where columns of that name are nearer.
    fn schema_of(&mut self, name: &str) -> Option<Ident> {
        let mut is_column = false;
        for (depth, rows) in self.around.iter().rev().enumerate() {
            let mut relations = rows.relations.iter();
            if let Some((_, schema)) = relations.find(|(relation, _)| relation == name) {
                self.is_wanted |= depth > 0;
                return is_column.then(|| schema.clone());
            }
            is_column |= rows.columns.contains(name);
        }
        None
    }

    fn add(&mut self, table: &TableWithJoins, rows: &mut Rows) {
        let joined = table.joins.iter().map(|join| &join.relation);
        for factor in std::iter::once(&table.relation).chain(joined) {
            if let TableFactor::NestedJoin {
                table_with_joins,
                alias: None,
            } = factor
            {
                self.add(table_with_joins, rows);
                continue;
            }
            rows.columns
                .extend(self.columns.of_factor(factor).into_iter().flatten());
            rows.relations.extend(relation_of(factor));
        }
    }
}

/// The name by which a part of `FROM` is known, and its schema.
pub(super) fn relation_of(factor: &TableFactor) -> Option<(String, Ident)> {
    let (parts, alias) = match factor {
        TableFactor::Table { name, alias, .. } => (name.0.as_slice(), alias),
        TableFactor::Derived { alias, .. }
        | TableFactor::Function { alias, .. }
        | TableFactor::UNNEST { alias, .. }
        | TableFactor::NestedJoin { alias, .. } => (&[][..], alias),
        _ => return None,
    };
    if let Some(alias) = alias {
        return Some((folded(&alias.name), nowhere()));
    }
    let mut parts = parts.iter().rev().map(|part| part.as_ident());
    let name = folded(parts.next()??);
    let schema = parts.next().flatten().cloned();
    Some((name, schema.unwrap_or_else(nowhere)))
}

fn nowhere() -> Ident {
    Ident::with_quote('"', NOWHERE)
}
