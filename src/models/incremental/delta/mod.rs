//! Which keys of a query's rows may have changed, as a query over the changes of its inputs.
//!
//! For a node of a plan and some of its columns, the delta is a set of values of these columns such
//! that the node's rows of all other values are the same, as a multiset, in the old state of the inputs
//! and in the new one. It may be too large, never too small. The rules, for columns C:
//!
//! - A table: C of the rows that came or went. Equal rows on both sides cancel out.
//! - A filter, a projection, DISTINCT, a sort: the delta of its input.
//! - GROUP BY: the delta of its input, where C are among the columns of the groups. Where one is one
//!   of the values of a group, such as the greatest: all values of the groups that have changed, and those
//!   of the rows that came or went.
//! - A join of L and R by a condition: with C and the columns of the condition, the delta of L joined
//!   with R, L joined with that of R, and both deltas joined with each other, all as an inner join and in
//!   the new state. A value that only the old state of R has is in the delta of R, so the old state is
//!   not read. Rows without a partner: those of the delta of L, and those of L that the delta of R has a
//!   partner for, with NULL for R.
//! - A window over partitions by P: the delta of its input by C and P, and C of the rows of partitions
//!   that are in the delta by P.
//!
//! Of the conditions of a join some may be left out, which only makes the delta larger.
//!
//! What follows by no rule is an obstacle. What depends on no input that has changed has no delta,
//! whatever it is.

mod groups;
mod joins;
mod parts;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};
use datafusion::catalog::TableProvider;
use datafusion::common::Column;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::provider_as_source;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::{
    Expr, Filter, LogicalPlan, LogicalPlanBuilder, Projection, SubqueryAlias, TableScan, Union,
};

pub(super) use groups::{grouped, is_one_of, partition_of};
use parts::{add_columns, all_of, described, keys, map};
pub(super) use parts::{below, rename, select, semi_join};

use crate::session::plan_size;

/// What stands in the way of telling which keys have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The part of the query.
    pub node: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Obstacle {
    pub(super) fn new(node: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            node: node.into(),
            reason: reason.into(),
        }
    }
}

impl From<DataFusionError> for Obstacle {
    fn from(error: DataFusionError) -> Self {
        Self::new("the query", error.strip_backtrace())
    }
}

type Traced<T> = Result<T, Obstacle>;

/// The keys that may have changed.
#[derive(Clone, Debug)]
pub enum Delta {
    /// None.
    Nothing,
    /// Those that a plan gives, some of them more than once.
    Keys(Box<LogicalPlan>),
    /// All, since this changed.
    Everything(String),
}

/// What has become of a table that a plan reads.
#[derive(Clone, Debug)]
pub enum Leaf {
    /// It is as it was.
    Same,
    /// These rows came or went, of the columns that the scan reads.
    Changed(Arc<dyn TableProvider>),
    /// It is not as it was, and nothing tells how.
    Other(String),
}

/// What tells the scans of a plan apart: the table, and the columns that are read.
pub type LeafKey = (String, Option<Vec<usize>>);

/// The key of a scan.
pub fn leaf_key(scan: &TableScan) -> LeafKey {
    (scan.table_name.to_string(), scan.projection.clone())
}

/// What has become of the tables of a plan.
#[derive(Debug, Default)]
pub struct Deltas {
    /// Each scan of the plan is among them.
    pub leaves: HashMap<LeafKey, Leaf>,
    /// How many nodes were looked at for the delta that is asked for.
    looked_at: AtomicUsize,
}

/// The most nodes that are looked at for one delta: a window asks for two of its input.
const MAX_NODES: usize = 2_000;

impl Deltas {
    /// For what has become of these scans.
    pub fn new(leaves: HashMap<LeafKey, Leaf>) -> Self {
        Self {
            leaves,
            looked_at: AtomicUsize::new(0),
        }
    }

    /// The delta of a query, by these columns of it.
    ///
    /// # Errors
    /// What is in the way.
    pub fn of_query(&self, query: &LogicalPlan, columns: &[Column]) -> Traced<Delta> {
        self.looked_at.store(0, Ordering::Relaxed);
        let delta = self.of(query, columns)?;
        if let Delta::Keys(plan) = &delta
            && plan_size::check(plan).is_err()
        {
            return Err(too_large());
        }
        Ok(delta)
    }

    /// The delta of a node, by these columns of it.
    fn of(&self, node: &LogicalPlan, columns: &[Column]) -> Traced<Delta> {
        if self.looked_at.fetch_add(1, Ordering::Relaxed) > MAX_NODES {
            return Err(too_large());
        }
        if !self.has_changed(node)? {
            return Ok(Delta::Nothing);
        }
        if columns.is_empty() {
            return Ok(Delta::Everything(self.changed(node)?));
        }
        if self.has_changed_subquery(node)? {
            return Ok(Delta::Everything("a subquery".to_owned()));
        }
        match node {
            LogicalPlan::TableScan(scan) => self.of_scan(scan, columns),
            LogicalPlan::Filter(filter) => self.of_filter(filter, columns),
            LogicalPlan::Projection(projection) => self.of_projection(projection, columns),
            LogicalPlan::SubqueryAlias(alias) => self.of_alias(alias, columns),
            LogicalPlan::Union(union) => self.of_union(union, columns),
            LogicalPlan::Join(join) => self.of_join(join, columns),
            LogicalPlan::Aggregate(aggregate) => self.of_aggregate(aggregate, columns),
            LogicalPlan::Window(window) => self.of_window(window, columns),
            LogicalPlan::Sort(sort) if sort.fetch.is_none() => self.of(&sort.input, columns),
            LogicalPlan::Repartition(repartition) => self.of(&repartition.input, columns),
            LogicalPlan::Distinct(datafusion::logical_expr::Distinct::All(input)) => {
                self.of(input, columns)
            }
            LogicalPlan::Sort(_) | LogicalPlan::Limit(_) => Err(Obstacle::new(
                "LIMIT",
                "which rows are among the first depends on all rows",
            )),
            other => Err(Obstacle::new(
                described(other),
                "nothing is known of how its rows follow from its input",
            )),
        }
    }

    /// Whether a node reads anything that has changed.
    pub fn has_changed(&self, node: &LogicalPlan) -> QueryResult<bool> {
        let mut changed = false;
        node.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                changed |= !matches!(self.leaves.get(&leaf_key(scan)), Some(Leaf::Same));
            }
            Ok(match changed {
                true => TreeNodeRecursion::Stop,
                false => TreeNodeRecursion::Continue,
            })
        })?;
        Ok(changed)
    }

    /// The names of what has changed of what a node reads.
    fn changed(&self, node: &LogicalPlan) -> QueryResult<String> {
        let mut names = BTreeSet::new();
        node.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node
                && !matches!(self.leaves.get(&leaf_key(scan)), Some(Leaf::Same))
            {
                names.insert(scan.table_name.to_string());
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(names.into_iter().collect::<Vec<_>>().join(", "))
    }

    /// Whether a subquery within the expressions of a node reads anything that has changed.
    fn has_changed_subquery(&self, node: &LogicalPlan) -> QueryResult<bool> {
        let mut changed = false;
        node.apply_expressions(|expression| {
            expression.apply(|expression| {
                let subquery = match expression {
                    Expr::ScalarSubquery(subquery) => Some(&subquery.subquery),
                    Expr::Exists(exists) => Some(&exists.subquery.subquery),
                    Expr::InSubquery(within) => Some(&within.subquery.subquery),
                    Expr::SetComparison(comparison) => Some(&comparison.subquery.subquery),
                    _ => None,
                };
                if let Some(subquery) = subquery {
                    changed |= self.has_changed(subquery)?;
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        Ok(changed)
    }

    fn of_scan(&self, scan: &TableScan, columns: &[Column]) -> Traced<Delta> {
        if scan.fetch.is_some() {
            return Err(Obstacle::new(
                "LIMIT",
                "which rows are among the first depends on all rows",
            ));
        }
        match self.leaves.get(&leaf_key(scan)) {
            Some(Leaf::Same) => Ok(Delta::Nothing),
            Some(Leaf::Changed(rows)) => {
                let source = provider_as_source(Arc::clone(rows));
                let rows = LogicalPlanBuilder::scan(scan.table_name.clone(), source, None)?;
                keys(rows.build()?, columns)
            }
            Some(Leaf::Other(reason)) => Err(Obstacle::new(scan.table_name.to_string(), reason)),
            None => Err(Obstacle::new(
                scan.table_name.to_string(),
                "it tells no changes",
            )),
        }
    }

    fn of_filter(&self, filter: &Filter, columns: &[Column]) -> Traced<Delta> {
        let mut all = columns.to_vec();
        add_columns(&mut all, [&filter.predicate]);
        if let Ok(delta) = self.of(&filter.input, &all) {
            let Delta::Keys(plan) = delta else {
                return Ok(delta);
            };
            let kept = Filter::try_new(filter.predicate.clone(), Arc::new(*plan))?;
            return keys(LogicalPlan::Filter(kept), columns);
        }
        self.of(&filter.input, columns)
    }

    fn of_projection(&self, projection: &Projection, columns: &[Column]) -> Traced<Delta> {
        let mut computed = Vec::with_capacity(columns.len());
        for column in columns {
            let index = projection.schema.index_of_column(column)?;
            computed.push(projection.expr[index].clone());
        }
        let mut read = Vec::new();
        add_columns(&mut read, &computed);
        let delta = match read.is_empty() {
            // Constants; any column tells whether there are changes.
            true => {
                let mut found = Ok(Delta::Everything(self.changed(&projection.input)?));
                for column in projection.input.schema().columns() {
                    found = self.of(&projection.input, &[column]);
                    if found.is_ok() {
                        break;
                    }
                }
                found?
            }
            false => self.of(&projection.input, &read)?,
        };
        map(delta, |plan| {
            let named = computed.iter().zip(columns).map(|(expression, column)| {
                let plain = expression.clone().unalias();
                plain.alias_qualified(column.relation.clone(), column.name.clone())
            });
            Ok(
                Projection::try_new(named.collect(), Arc::new(plan))
                    .map(LogicalPlan::Projection)?,
            )
        })
    }

    fn of_alias(&self, alias: &SubqueryAlias, columns: &[Column]) -> Traced<Delta> {
        let inner = below(&alias.schema, alias.input.schema(), columns)?;
        map(self.of(&alias.input, &inner)?, |plan| rename(plan, columns))
    }

    fn of_union(&self, union: &Union, columns: &[Column]) -> Traced<Delta> {
        let mut found = Vec::new();
        for input in &union.inputs {
            let inner = below(&union.schema, input.schema(), columns)?;
            match self.of(input, &inner)? {
                Delta::Nothing => {}
                Delta::Keys(plan) => found.push(rename(*plan, columns)?),
                everything @ Delta::Everything(_) => return Ok(everything),
            }
        }
        all_of(found, columns)
    }
}

fn too_large() -> Obstacle {
    Obstacle::new(
        "the query",
        "it is too large to trace what has changed through it",
    )
}

/// Whether rows can be told apart, or found equal, by values of a type.
pub fn is_comparable(data_type: &DataType) -> bool {
    RowConverter::supports_fields(&[SortField::new(data_type.clone())])
}

/// Whether an index finds rows by values of a type: they are neither arrays nor records.
pub fn is_plain(data_type: &DataType) -> bool {
    !data_type.is_nested()
}
