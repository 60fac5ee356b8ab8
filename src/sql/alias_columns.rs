//! Names that an alias gives to columns: `FROM t AS u (a, b)`, `WITH w (a) AS (...)`.
//!
//! They may be fewer than there are columns, the rest of which keep their names, and columns of one name
//! get different ones by them. DataFusion's planner wants one for each, and different ones before.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{
    Ident, Query, TableAlias, TableAliasColumnDef, TableFactor, VisitorMut,
};

use super::assignment;
use super::column_names::make_unique;
use super::cursor::folded;
use super::known_columns::KnownColumns;
use crate::error::Result;
use crate::sql::walk::VisitMut;

/// Has each alias that names columns name all of them.
///
/// # Errors
/// What looking up a relation meets; 42601 for a subquery that gives more or fewer values than the
/// columns that are assigned to.
pub async fn complete(query: &mut Query, state: &SessionState) -> Result<()> {
    let mut completer = Completer::default();
    let _ = VisitMut::visit(query, &mut completer);
    if !completer.is_wanted {
        return Ok(());
    }
    let mut completer = Completer {
        is_wanted: false,
        is_known: true,
        is_of_other_width: false,
        columns: completer.columns.looked_up(state).await?,
    };
    let _ = VisitMut::visit(query, &mut completer);
    match completer.is_of_other_width {
        true => Err(assignment::other_width()),
        false => Ok(()),
    }
}

/// Walks a query twice: to find the tables whose columns have to be known, and to name the columns.
#[derive(Default)]
struct Completer {
    /// Whether an alias names columns.
    is_wanted: bool,
    /// Whether the columns of tables are known.
    is_known: bool,
    /// Whether a subquery does not give one value for each of the columns that are assigned to.
    is_of_other_width: bool,
    columns: KnownColumns,
}

impl VisitorMut for Completer {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        self.columns.enter();
        let clauses = query.with.iter_mut().flat_map(|with| &mut with.cte_tables);
        for clause in clauses {
            let columns = self.columns.of_query(&clause.query);
            let columns = self.complete(columns, &mut clause.alias, Some(&mut clause.query));
            self.columns.name_expression(&clause.alias.name, columns);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Infallible> {
        self.columns.leave();
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Infallible> {
        let has_names = |alias: &Option<TableAlias>| {
            alias
                .as_ref()
                .is_some_and(|alias| !alias.columns.is_empty())
        };
        let wants = match &*factor {
            TableFactor::Table {
                alias, args: None, ..
            }
            | TableFactor::Derived { alias, .. } => has_names(alias),
            _ => false,
        };
        if !wants {
            return ControlFlow::Continue(());
        }
        let columns = self.columns.unnamed(factor);
        match factor {
            TableFactor::Table {
                alias: Some(alias), ..
            } => {
                self.complete(columns, alias, None);
            }
            TableFactor::Derived {
                alias: Some(alias),
                subquery,
                ..
            } => {
                if self.is_known && alias.name.value == assignment::SHARED {
                    let width = columns.as_ref().map(Vec::len);
                    self.is_of_other_width |=
                        width.is_some_and(|width| width != alias.columns.len());
                }
                self.complete(columns, alias, Some(subquery));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Completer {
    /// Columns with the names that an alias gives to the first of them. In the end it names all.
    fn complete(
        &mut self,
        columns: Option<Vec<String>>,
        alias: &mut TableAlias,
        query: Option<&mut Query>,
    ) -> Option<Vec<String>> {
        if alias.columns.is_empty() {
            return columns;
        }
        self.is_wanted = true;
        let given: Vec<String> = alias.columns.iter().map(|it| folded(&it.name)).collect();
        let columns = columns?;
        let rest = columns.iter().skip(given.len()).cloned();
        let all: Vec<String> = given.iter().cloned().chain(rest).collect();
        if self.is_known && given.len() <= columns.len() {
            let rest = all.iter().skip(given.len());
            let rest = rest.map(|name| TableAliasColumnDef {
                name: Ident::with_quote('"', name),
                data_type: None,
            });
            alias.columns.extend(rest);
            let mut seen = BTreeSet::new();
            let is_twice = columns.iter().any(|name| !seen.insert(name));
            if let Some(query) = query.filter(|_| is_twice) {
                make_unique(query);
            }
        }
        Some(all)
    }
}
