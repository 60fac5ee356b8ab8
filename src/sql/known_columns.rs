//! The columns that the parts of a query have, as far as its text and the tables that it names tell.
//!
//! A query is walked twice: to find the tables whose columns have to be known, and with what these are.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{
    ExcludeSelectItem, Ident, JoinConstraint, JoinOperator, ObjectName, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, TableAlias, TableFactor, TableWithJoins,
    WildcardAdditionalOptions,
};

use super::column_names::name_of;
use super::cursor::{folded, object_name_from};
use super::hidden_columns::shown_columns;
use super::renamed_wildcards;
use crate::error::Result;

/// What is known of the columns around the place that a walk is at.
#[derive(Default)]
pub(super) struct KnownColumns {
    /// Tables that were asked for and are not known.
    wanted: BTreeSet<Vec<String>>,
    /// The columns of tables, by the parts of their names.
    tables: BTreeMap<Vec<String>, Vec<String>>,
    /// Of the queries around, the columns of each common table expression.
    expressions: Vec<BTreeMap<String, Option<Vec<String>>>>,
}

impl KnownColumns {
    /// With the columns of the tables that were asked for here.
    ///
    /// # Errors
    /// What looking up a relation meets.
    pub(super) async fn looked_up(self, state: &SessionState) -> Result<Self> {
        Ok(Self {
            tables: shown_columns(self.wanted, state).await?,
            ..Self::default()
        })
    }

    /// To be called before a query is walked, whose common table expressions are named next.
    pub(super) fn enter(&mut self) {
        self.expressions.push(BTreeMap::new());
    }

    /// Names a common table expression of the query that was entered last.
    pub(super) fn name_expression(&mut self, name: &Ident, columns: Option<Vec<String>>) {
        if let Some(own) = self.expressions.last_mut() {
            own.insert(folded(name), columns);
        }
    }

    /// [`Self::enter`], with the common table expressions of the query.
    pub(super) fn enter_query(&mut self, query: &Query) {
        self.enter();
        for clause in query.with.iter().flat_map(|with| &with.cte_tables) {
            let columns = self.of_query(&clause.query);
            let columns = columns.map(|columns| renamed(columns, Some(&clause.alias)));
            self.name_expression(&clause.alias.name, columns);
        }
    }

    /// To be called after a query was walked.
    pub(super) fn leave(&mut self) {
        self.expressions.pop();
    }

    /// The columns that a query gives.
    pub(super) fn of_query(&mut self, query: &Query) -> Option<Vec<String>> {
        if query.with.is_none() {
            return self.of_body(&query.body);
        }
        self.enter_query(query);
        let columns = self.of_body(&query.body);
        self.leave();
        columns
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
        let items = select.projection.iter().map(|item| match item {
            SelectItem::UnnamedExpr(value) => Some(vec![name_of(value)]),
            SelectItem::ExprWithAlias { alias, .. } => Some(vec![folded(alias)]),
            SelectItem::Wildcard(options) => {
                let all = select.from.iter().map(|table| self.of_joined(table));
                without(all_of(all)?, options)
            }
            SelectItem::QualifiedWildcard(
                SelectItemQualifiedWildcardKind::ObjectName(name),
                options,
            ) => {
                let factor = select.from.iter().find_map(|table| named(table, name))?;
                without(self.of_factor(factor)?, options)
            }
            _ => None,
        });
        all_of(items)
    }

    /// The columns that `*` has of a part of `FROM`.
    pub(super) fn of_joined(&mut self, table: &TableWithJoins) -> Option<Vec<String>> {
        let mut columns = self.of_factor(&table.relation);
        for join in &table.joins {
            // All tables are asked for, also where one is not known.
            let right = self.of_factor(&join.relation);
            columns = columns.zip(right).and_then(|(left, right)| {
                let merged = match constraint(&join.join_operator)? {
                    JoinConstraint::Using(names) => using(names)?,
                    JoinConstraint::Natural => common(&left, &right),
                    JoinConstraint::On(_) | JoinConstraint::None => Vec::new(),
                };
                let rest = left.into_iter().chain(right);
                let rest = rest.filter(|column| !merged.contains(column));
                Some(merged.iter().cloned().chain(rest).collect())
            });
        }
        columns
    }

    /// The columns of a part of `FROM`, by the names that its alias gives them.
    pub(super) fn of_factor(&mut self, factor: &TableFactor) -> Option<Vec<String>> {
        let columns = self.unnamed(factor)?;
        match factor {
            TableFactor::Table { alias, .. }
            | TableFactor::Derived { alias, .. }
            | TableFactor::NestedJoin { alias, .. } => Some(renamed(columns, alias.as_ref())),
            _ => None,
        }
    }

    /// The columns of a part of `FROM` by their own names.
    pub(super) fn unnamed(&mut self, factor: &TableFactor) -> Option<Vec<String>> {
        match factor {
            TableFactor::Table {
                name,
                args: None,
                version: None,
                ..
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
            TableFactor::NestedJoin {
                table_with_joins, ..
            } => self.of_joined(table_with_joins),
            _ => None,
        }
    }

    fn of_table(&mut self, name: Vec<String>) -> Option<Vec<String>> {
        let columns = self.tables.get(&name).cloned();
        if columns.is_none() {
            self.wanted.insert(name);
        }
        columns
    }

    fn expression(&self, name: &str) -> Option<Option<Vec<String>>> {
        let mut around = self.expressions.iter().rev();
        around.find_map(|expressions| expressions.get(name).cloned())
    }
}

/// The constraint of a join that gives the columns of both sides.
pub(super) fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::CrossJoin(constraint) => Some(constraint),
        _ => None,
    }
}

/// The names of a `USING`.
pub(super) fn using(names: &[ObjectName]) -> Option<Vec<String>> {
    let names = names.iter().map(|name| match name.0.as_slice() {
        [part] => part.as_ident().map(folded),
        _ => None,
    });
    names.collect()
}

/// The columns that a `NATURAL JOIN` merges.
pub(super) fn common(left: &[String], right: &[String]) -> Vec<String> {
    let common = left.iter().filter(|column| right.contains(column));
    common.cloned().collect()
}

/// All of several lists; each is computed, also where one is not known.
fn all_of(lists: impl Iterator<Item = Option<Vec<String>>>) -> Option<Vec<String>> {
    let lists: Vec<_> = lists.collect();
    let lists: Option<Vec<_>> = lists.into_iter().collect();
    lists.map(|lists| lists.concat())
}

/// Columns with the names that an alias gives to the first of them.
fn renamed(mut columns: Vec<String>, alias: Option<&TableAlias>) -> Vec<String> {
    let given = alias.iter().flat_map(|alias| &alias.columns);
    for (column, given) in columns.iter_mut().zip(given) {
        *column = folded(&given.name);
    }
    columns
}

/// The part of a `FROM` that a name means.
fn named<'a>(table: &'a TableWithJoins, name: &ObjectName) -> Option<&'a TableFactor> {
    let is_meant = |factor: &TableFactor| match factor {
        TableFactor::Table {
            alias: Some(alias), ..
        }
        | TableFactor::Derived {
            alias: Some(alias), ..
        }
        | TableFactor::NestedJoin {
            alias: Some(alias), ..
        } => matches!(name.0.as_slice(), [part]
            if part.as_ident().map(folded) == Some(folded(&alias.name))),
        TableFactor::Table { name: own, .. } => {
            let parts = |name: &ObjectName| -> Option<Vec<String>> {
                let parts = name.0.iter().map(|part| part.as_ident().map(folded));
                parts.collect()
            };
            parts(own)
                .zip(parts(name))
                .is_some_and(|(own, name)| own.ends_with(&name))
        }
        _ => false,
    };
    let joined = table.joins.iter().map(|join| &join.relation);
    let mut factors = std::iter::once(&table.relation).chain(joined);
    factors.find_map(|factor| match factor {
        TableFactor::NestedJoin {
            table_with_joins,
            alias: None,
        } => named(table_with_joins, name),
        factor => is_meant(factor).then_some(factor),
    })
}

/// Columns without those that `*` is told to leave out, by the names that it gives.
fn without(mut columns: Vec<String>, options: &WildcardAdditionalOptions) -> Option<Vec<String>> {
    if options.opt_rename.is_some() {
        let named = renamed_wildcards::named(&columns, renamed_wildcards::renames(options));
        columns = named.into_iter().map(|(_, name)| name).collect();
    }
    let left_out = match &options.opt_exclude {
        None => return Some(columns),
        Some(ExcludeSelectItem::Single(name)) => using(std::slice::from_ref(name))?,
        Some(ExcludeSelectItem::Multiple(names)) => using(names)?,
    };
    columns.retain(|column| !left_out.contains(column));
    Some(columns)
}
