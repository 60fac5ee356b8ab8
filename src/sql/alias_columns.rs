//! Names that an alias gives to columns: `FROM t AS u (a, b)`, `WITH w (a) AS (...)`.
//!
//! They may be fewer than there are columns, the rest of which keep their names, and columns of one name
//! get different ones by them. DataFusion's planner wants one for each, and different ones before.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{
    Ident, JoinConstraint, JoinOperator, Query, Select, SelectItem, SetExpr, TableAlias,
    TableAliasColumnDef, TableFactor, VisitMut, VisitorMut,
};

use super::column_names::{make_unique, name_of};
use super::cursor::{fold, object_name_from};
use super::hidden_columns::shown_columns;
use crate::error::Result;

/// Has each alias that names columns name all of them.
///
/// # Errors
/// What looking up a relation meets.
pub async fn complete(query: &mut Query, state: &SessionState) -> Result<()> {
    let mut completer = Completer::default();
    let _ = VisitMut::visit(query, &mut completer);
    if !completer.is_wanted {
        return Ok(());
    }
    let known = shown_columns(std::mem::take(&mut completer.tables), state).await?;
    let mut completer = Completer {
        known: Some(known),
        ..Completer::default()
    };
    let _ = VisitMut::visit(query, &mut completer);
    Ok(())
}

/// Walks a query twice: to find the tables whose columns have to be known, and to name the columns.
#[derive(Default)]
struct Completer {
    /// Whether an alias names columns.
    is_wanted: bool,
    tables: BTreeSet<Vec<String>>,
    /// The columns of tables, by the parts of their names, once they are known.
    known: Option<BTreeMap<Vec<String>, Vec<String>>>,
    /// Of the queries around, the columns of each common table expression.
    expressions: Vec<BTreeMap<String, Option<Vec<String>>>>,
}

impl VisitorMut for Completer {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        self.expressions.push(BTreeMap::new());
        let clauses = query.with.iter_mut().flat_map(|with| &mut with.cte_tables);
        for clause in clauses {
            let columns = self.of_query(&clause.query);
            let columns = self.complete(columns, &mut clause.alias, Some(&mut clause.query));
            if let Some(own) = self.expressions.last_mut() {
                own.insert(folded(&clause.alias.name), columns);
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Infallible> {
        self.expressions.pop();
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
        let columns = self.unnamed(factor);
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
        if self.known.is_some() && given.len() <= columns.len() {
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

    /// The columns that a query gives, as far as they can be told.
    fn of_query(&mut self, query: &Query) -> Option<Vec<String>> {
        self.of_body(&query.body)
    }

    fn of_body(&mut self, body: &SetExpr) -> Option<Vec<String>> {
        match body {
            SetExpr::Select(select) => self.of_select(select),
            SetExpr::SetOperation { left, .. } => self.of_body(left),
            SetExpr::Query(query) => self.of_query(query),
            SetExpr::Values(values) => {
                let width = values.rows.first()?.content.len();
                let names = (1..=width).map(|number| format!("column{number}"));
                Some(names.collect())
            }
            _ => None,
        }
    }

    fn of_select(&mut self, select: &Select) -> Option<Vec<String>> {
        let mut names = Vec::new();
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(value) => names.push(name_of(value)),
                SelectItem::ExprWithAlias { alias, .. } => names.push(folded(alias)),
                SelectItem::Wildcard(_) => {
                    for table in &select.from {
                        names.extend(self.of_factor(&table.relation)?);
                        for join in &table.joins {
                            if !keeps_all_columns(&join.join_operator) {
                                return None;
                            }
                            names.extend(self.of_factor(&join.relation)?);
                        }
                    }
                }
                _ => return None,
            }
        }
        Some(names)
    }

    /// The columns of a part of `FROM`, by the names that its alias gives them.
    fn of_factor(&mut self, factor: &TableFactor) -> Option<Vec<String>> {
        let mut columns = self.unnamed(factor)?;
        let (TableFactor::Table { alias, .. } | TableFactor::Derived { alias, .. }) = factor else {
            return None;
        };
        let given = alias.iter().flat_map(|alias| &alias.columns);
        for (column, given) in columns.iter_mut().zip(given) {
            *column = folded(&given.name);
        }
        Some(columns)
    }

    /// The columns of a part of `FROM` by their own names.
    fn unnamed(&mut self, factor: &TableFactor) -> Option<Vec<String>> {
        match factor {
            TableFactor::Table {
                name, args: None, ..
            } => {
                let name = object_name_from(name).ok()?;
                match (&name.schema, self.expression(&name.name)) {
                    (None, Some(columns)) => columns,
                    (schema, _) => {
                        self.of_table(schema.iter().chain([&name.name]).cloned().collect())
                    }
                }
            }
            TableFactor::Derived { subquery, .. } => self.of_query(subquery),
            _ => None,
        }
    }

    fn of_table(&mut self, name: Vec<String>) -> Option<Vec<String>> {
        match &self.known {
            Some(known) => known.get(&name).cloned(),
            None => {
                self.tables.insert(name);
                None
            }
        }
    }

    fn expression(&self, name: &str) -> Option<Option<Vec<String>>> {
        let mut around = self.expressions.iter().rev();
        around.find_map(|expressions| expressions.get(name).cloned())
    }
}

/// Whether `*` of a join has all columns of both sides.
fn keeps_all_columns(operator: &JoinOperator) -> bool {
    match operator {
        JoinOperator::CrossJoin(_) => true,
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint) => !matches!(
            constraint,
            JoinConstraint::Using(_) | JoinConstraint::Natural
        ),
        _ => false,
    }
}

fn folded(name: &Ident) -> String {
    fold(name.value.clone(), name.quote_style)
}
