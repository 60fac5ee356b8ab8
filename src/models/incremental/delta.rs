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

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, JoinType, NullEquality};
use datafusion::datasource::provider_as_source;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{
    Aggregate, Expr, ExprSchemable as _, Filter, GroupingSet, Join, JoinConstraint, LogicalPlan,
    LogicalPlanBuilder, Projection, SubqueryAlias, TableScan, Union, Window, lit,
};
use datafusion::scalar::ScalarValue;

use crate::instance::has_equals;
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

    fn of_aggregate(&self, aggregate: &Aggregate, columns: &[Column]) -> Traced<Delta> {
        let groups = &aggregate.group_expr;
        let has_sets = has_sets(aggregate);
        if !has_sets && grouping_set_to_exprlist(groups)?.len() != groups.len() {
            return Err(Obstacle::new(
                described(&LogicalPlan::Aggregate(aggregate.clone())),
                "it names a column twice",
            ));
        }
        let mut computed = Vec::with_capacity(columns.len());
        let mut is_chosen = false;
        for column in columns {
            let index = aggregate.schema.index_of_column(column)?;
            let value = grouped(aggregate, index);
            // Two that are chosen may be of different rows.
            let may_be_chosen = !is_chosen && !groups.is_empty() && !has_sets;
            is_chosen |= value.is_none();
            let value = value.or_else(|| chosen(aggregate, index).filter(|_| may_be_chosen));
            let Some(value) = value else {
                let reason = match has_sets {
                    true => format!(
                        "the column \"{}\" is not in each of its groupings",
                        column.name
                    ),
                    false => format!("the key's column \"{}\" is not grouped by", column.name),
                };
                let node = described(&LogicalPlan::Aggregate(aggregate.clone()));
                return Err(Obstacle::new(node, reason));
            };
            computed.push(value.clone());
        }
        let named = |plan: LogicalPlan, expressions: &[Expr], names: &[Column]| {
            let named = expressions.iter().zip(names).map(|(expression, column)| {
                let plain = expression.clone().unalias();
                plain.alias_qualified(column.relation.clone(), column.name.clone())
            });
            Projection::try_new(named.collect(), Arc::new(plan)).map(LogicalPlan::Projection)
        };
        let mut read = Vec::new();
        add_columns(&mut read, &computed);
        if !is_chosen {
            let delta = self.of(&aggregate.input, &read)?;
            return map(delta, |plan| Ok(named(plan, &computed, columns)?));
        }
        let mut found = Vec::new();
        add_columns(&mut read, groups);
        match self.of(&aggregate.input, &read)? {
            Delta::Nothing => {}
            Delta::Keys(plan) => found.push(named(*plan, &computed, columns)?),
            everything @ Delta::Everything(_) => return Ok(everything),
        }
        let mut read = Vec::new();
        add_columns(&mut read, groups);
        match self.of(&aggregate.input, &read)? {
            Delta::Nothing => {}
            Delta::Keys(plan) => {
                let changed = named(*plan, groups, &numbered(groups.len()))?;
                let all = semi_join(aggregate.input.as_ref().clone(), groups, changed)?;
                found.push(named(all, &computed, columns)?);
            }
            everything @ Delta::Everything(_) => return Ok(everything),
        }
        all_of(found, columns)
    }

    fn of_window(&self, window: &Window, columns: &[Column]) -> Traced<Delta> {
        let node = || described(&LogicalPlan::Window(window.clone()));
        let input = window.input.schema();
        if let Some(own) = columns.iter().find(|column| !input.has_column(column)) {
            return Err(Obstacle::new(
                node(),
                format!("the key's column \"{}\" is computed by it", own.name),
            ));
        }
        let own = partition_of(window);
        if columns.iter().all(|column| own.contains(column)) {
            return self.of(&window.input, columns);
        }
        let partition = partitioned_by(window);
        if partition.is_empty() {
            return Err(Obstacle::new(
                node(),
                "it is not partitioned by the key, so that each row depends on all others",
            ));
        }
        let mut read = Vec::new();
        add_columns(&mut read, &partition);
        let mut both = columns.to_vec();
        add_columns(&mut both, &partition);
        let changed = self.of(&window.input, &both)?;
        let partitions = self.of(&window.input, &read)?;
        let mut found = Vec::new();
        for delta in [&changed, &partitions] {
            if let Delta::Everything(_) = delta {
                return Ok(delta.clone());
            }
        }
        if let Delta::Keys(plan) = changed {
            found.push(select(*plan, columns)?);
        }
        if let Delta::Keys(plan) = partitions {
            let names = numbered(partition.len()).into_iter();
            let named = partition.iter().zip(names).map(|(expression, name)| {
                let expression = expression.clone();
                expression.alias_qualified(name.relation, name.name)
            });
            let named = Projection::try_new(named.collect(), Arc::new(*plan))?;
            let of_partitions = semi_join(
                window.input.as_ref().clone(),
                &partition,
                LogicalPlan::Projection(named),
            )?;
            found.push(select(of_partitions, columns)?);
        }
        all_of(found, columns)
    }

    /// Takes one condition out of a join by which changes cannot be traced; false where there is none.
    fn leave_out(&self, join: &mut Join) -> bool {
        if join.filter.take().is_some() {
            return true;
        }
        let is_traced = |node: &LogicalPlan, expression: &Expr| {
            let mut read = Vec::new();
            add_columns(&mut read, [expression]);
            self.of(node, &read).is_ok()
        };
        let lost = join.on.iter().position(|(left, right)| {
            !is_traced(&join.left, left) || !is_traced(&join.right, right)
        });
        lost.map(|place| join.on.remove(place)).is_some()
    }

    fn of_join(&self, join: &Join, columns: &[Column]) -> Traced<Delta> {
        let (left, right) = (join.left.schema(), join.right.schema());
        let has = |schema: &DFSchema, column: &Column| schema.has_column(column);
        let own = |schema: &DFSchema| -> Vec<Column> {
            let own = columns.iter().filter(|column| has(schema, column));
            own.cloned().collect()
        };
        if let Some(own) = columns
            .iter()
            .find(|column| !has(left, column) && !has(right, column))
        {
            return Err(Obstacle::new(
                described(&LogicalPlan::Join(join.clone())),
                format!("the key's column \"{}\" is computed by it", own.name),
            ));
        }
        // By fewer conditions more pairs are found than there are. So where the changes of a side cannot
        // be traced by a column, the conditions that read it are left out.
        let mut join = join.clone();
        let (l, r) = loop {
            let (mut of_left, mut of_right) = (own(left), own(right));
            add_columns(&mut of_left, join.on.iter().map(|(left, _)| left));
            add_columns(&mut of_right, join.on.iter().map(|(_, right)| right));
            let mut by_filter = Vec::new();
            add_columns(&mut by_filter, &join.filter);
            for column in by_filter {
                let side = if has(left, &column) {
                    &mut of_left
                } else {
                    &mut of_right
                };
                if !side.contains(&column) {
                    side.push(column);
                }
            }
            let deltas = self
                .of(&join.left, &of_left)
                .and_then(|l| Ok((l, self.of(&join.right, &of_right)?)));
            let obstacle = match deltas {
                Ok(deltas) => break deltas,
                Err(obstacle) => obstacle,
            };
            // Without any of them all rows of one side are pairs of each of the other.
            if !self.leave_out(&mut join) || join.on.is_empty() {
                return Err(obstacle);
            }
        };
        let join = &join;
        for delta in [&l, &r] {
            if let Delta::Everything(_) = delta {
                return Ok(delta.clone());
            }
        }
        if join.null_aware && matches!(r, Delta::Keys(_)) {
            return Err(Obstacle::new(
                "NOT IN",
                "a NULL among the rows of its subquery decides on all rows",
            ));
        }
        let (l, r) = (plan_of(l), plan_of(r));
        let pairs = Pairs { join };
        let sides = Sides::of(join.join_type);
        let mut found = Vec::new();
        let reads_right = columns.iter().any(|column| has(right, column));
        let reads_left = columns.iter().any(|column| has(left, column));
        // Rows of the one side alone, whatever becomes of their partners.
        if let Some(l) = &l
            && (sides.keeps_left && !reads_right)
        {
            found.push(select(l.clone(), columns)?);
        }
        if let Some(r) = &r
            && (sides.keeps_right && !reads_left)
        {
            found.push(select(r.clone(), columns)?);
        }
        // Where all rows of a delta are keys already, its pairs only matter to rows of the other side
        // that may have lost their partner, or found one.
        let left_is_told = sides.keeps_left && !reads_right;
        let right_is_told = sides.keeps_right && !reads_left;
        let wants_left = !left_is_told || sides.keeps_right && reads_left;
        let wants_right = !right_is_told || sides.keeps_left && reads_right;
        let mut met = Vec::new();
        if let Some(l) = l.as_ref().filter(|_| wants_left) {
            met.push(pairs.of(l.clone(), join.right.as_ref().clone())?);
        }
        if let Some(r) = r.as_ref().filter(|_| wants_right) {
            met.push(pairs.of(join.left.as_ref().clone(), r.clone())?);
        }
        if let (Some(l), Some(r), true) = (&l, &r, wants_left && wants_right) {
            met.push(pairs.of(l.clone(), r.clone())?);
        }
        for pair in &met {
            found.push(select(pair.clone(), columns)?);
        }
        if sides.keeps_left && reads_right {
            for rows in l.iter().chain(&met) {
                found.push(select_or_null(rows.clone(), columns, left, &join.schema)?);
            }
        }
        if sides.keeps_right && reads_left {
            for rows in r.iter().chain(&met) {
                found.push(select_or_null(rows.clone(), columns, right, &join.schema)?);
            }
        }
        all_of(found, columns)
    }
}

/// The expression that a column of an aggregate has the value of, where it is grouped by that: so has what
/// a choice of one of the group's values gives, as those of `DISTINCT ON` are.
pub(super) fn grouped(aggregate: &Aggregate, index: usize) -> Option<&Expr> {
    let groups = &aggregate.group_expr;
    if has_sets(aggregate) {
        return in_all_sets(aggregate, index);
    }
    if index < groups.len() {
        return groups.get(index);
    }
    let value = chosen(aggregate, index)?;
    let group = groups.iter().find(|group| value == *group)?;
    // Equal values that are not the same are one group, and one of them is chosen.
    let data_type = group.get_type(aggregate.input.schema()).ok()?;
    (!has_equals(&data_type)).then_some(group)
}

/// Whether an aggregate has several groupings: `GROUPING SETS`, `ROLLUP` or `CUBE`.
fn has_sets(aggregate: &Aggregate) -> bool {
    let mut groups = aggregate.group_expr.iter();
    groups.any(|group| matches!(group, Expr::GroupingSet(_)))
}

/// The expression that a column has the value of, if each grouping has it. Of `ROLLUP` and `CUBE` by
/// themselves one has none: it is of all rows.
fn in_all_sets(aggregate: &Aggregate, index: usize) -> Option<&Expr> {
    let all = grouping_set_to_exprlist(&aggregate.group_expr).ok()?;
    let expression = *all.get(index)?;
    let [Expr::GroupingSet(GroupingSet::GroupingSets(sets))] = aggregate.group_expr.as_slice()
    else {
        return None;
    };
    let is_in_all = sets.iter().all(|set| set.contains(expression));
    is_in_all.then_some(expression)
}

/// The expression of whose values in a group a column of an aggregate is one.
fn chosen(aggregate: &Aggregate, index: usize) -> Option<&Expr> {
    let place = index.checked_sub(aggregate.group_expr.len())?;
    let mut expression = aggregate.aggr_expr.get(place)?;
    while let Expr::Alias(alias) = expression {
        expression = &alias.expr;
    }
    let Expr::AggregateFunction(function) = expression else {
        return None;
    };
    let chooses = ["first_value", "last_value", "max", "min"].contains(&function.func.name());
    // Of a group whose rows are filtered none may be left, and then NULL is none of its values.
    match chooses && function.params.filter.is_none() {
        true => function.params.args.first(),
        false => None,
    }
}

fn too_large() -> Obstacle {
    Obstacle::new(
        "the query",
        "it is too large to trace what has changed through it",
    )
}

/// Of which sides of a join rows without a partner are answered, or partners only decide.
struct Sides {
    keeps_left: bool,
    keeps_right: bool,
}

impl Sides {
    fn of(kind: JoinType) -> Self {
        use JoinType::{
            Full, Inner, Left, LeftAnti, LeftMark, LeftSemi, Right, RightAnti, RightMark, RightSemi,
        };
        let (keeps_left, keeps_right) = match kind {
            Inner => (false, false),
            Left | LeftSemi | LeftAnti | LeftMark => (true, false),
            Right | RightSemi | RightAnti | RightMark => (false, true),
            Full => (true, true),
        };
        Self {
            keeps_left,
            keeps_right,
        }
    }
}

/// The pairs that a join brings together, of other inputs.
struct Pairs<'a> {
    join: &'a Join,
}

impl Pairs<'_> {
    fn of(&self, left: LogicalPlan, right: LogicalPlan) -> QueryResult<LogicalPlan> {
        let join = self.join;
        Ok(LogicalPlan::Join(Join::try_new(
            Arc::new(left),
            Arc::new(right),
            join.on.clone(),
            join.filter.clone(),
            JoinType::Inner,
            JoinConstraint::On,
            join.null_equality,
            false,
        )?))
    }
}

/// What all functions of a window are partitioned by.
fn partitioned_by(window: &Window) -> Vec<Expr> {
    let mut common: Option<Vec<Expr>> = None;
    for expression in &window.window_expr {
        let Expr::WindowFunction(function) = expression.clone().unalias() else {
            return Vec::new();
        };
        let mut by = function.params.partition_by;
        if let Some(common) = common {
            by.retain(|expression| common.contains(expression));
        }
        common = Some(by);
    }
    common.unwrap_or_default()
}

/// The columns among these.
pub(super) fn partition_of(window: &Window) -> Vec<Column> {
    let by = partitioned_by(window).into_iter();
    let columns = by.filter_map(|expression| match expression {
        Expr::Column(column) => Some(column),
        _ => None,
    });
    columns.collect()
}

fn plan_of(delta: Delta) -> Option<LogicalPlan> {
    match delta {
        Delta::Keys(plan) => Some(*plan),
        Delta::Nothing | Delta::Everything(_) => None,
    }
}

fn map(delta: Delta, change: impl FnOnce(LogicalPlan) -> Traced<LogicalPlan>) -> Traced<Delta> {
    Ok(match delta {
        Delta::Keys(plan) => Delta::Keys(Box::new(change(*plan)?)),
        other => other,
    })
}

fn keys(plan: LogicalPlan, columns: &[Column]) -> Traced<Delta> {
    Ok(Delta::Keys(Box::new(select(plan, columns)?)))
}

/// These columns of a plan, by their names.
pub(super) fn select(plan: LogicalPlan, columns: &[Column]) -> QueryResult<LogicalPlan> {
    let columns = columns.iter().cloned().map(Expr::Column).collect();
    Projection::try_new(columns, Arc::new(plan)).map(LogicalPlan::Projection)
}

/// These columns of a plan, and NULL for those that are not of one side of a join.
fn select_or_null(
    plan: LogicalPlan,
    columns: &[Column],
    side: &DFSchema,
    types: &DFSchema,
) -> QueryResult<LogicalPlan> {
    let mut selected = Vec::with_capacity(columns.len());
    for column in columns {
        selected.push(match side.has_column(column) {
            true => Expr::Column(column.clone()),
            false => {
                let index = types.index_of_column(column)?;
                let null = ScalarValue::try_from(types.field(index).data_type())?;
                lit(null).alias_qualified(column.relation.clone(), column.name.clone())
            }
        });
    }
    Projection::try_new(selected, Arc::new(plan)).map(LogicalPlan::Projection)
}

/// The columns of a plan under other names, by their places.
pub(super) fn rename(plan: LogicalPlan, names: &[Column]) -> Traced<LogicalPlan> {
    let own = plan.schema().columns();
    let renamed = own.into_iter().zip(names).map(|(column, name)| {
        Expr::Column(column).alias_qualified(name.relation.clone(), name.name.clone())
    });
    Ok(Projection::try_new(renamed.collect(), Arc::new(plan)).map(LogicalPlan::Projection)?)
}

/// The rows of all of these plans.
fn all_of(plans: Vec<LogicalPlan>, columns: &[Column]) -> Traced<Delta> {
    let mut plans = plans.into_iter();
    let Some(first) = plans.next() else {
        return Ok(Delta::Nothing);
    };
    let mut all = LogicalPlanBuilder::from(first);
    for plan in plans {
        all = all.union(plan)?;
    }
    Ok(Delta::Keys(Box::new(rename(all.build()?, columns)?)))
}

/// Names that no column of a query has.
fn numbered(count: usize) -> Vec<Column> {
    let numbers = 0..count;
    numbers
        .map(|number| Column::new(Some("tributary:keys"), format!("k{number}")))
        .collect()
}

/// The rows of a plan whose values of these expressions are among those of another plan, NULL like any
/// other value.
pub(super) fn semi_join(
    plan: LogicalPlan,
    by: &[Expr],
    among: LogicalPlan,
) -> QueryResult<LogicalPlan> {
    let pairs = by.iter().cloned().zip(among.schema().columns());
    let on = pairs.map(|(left, right)| (left, Expr::Column(right)));
    Ok(LogicalPlan::Join(Join::try_new(
        Arc::new(plan),
        Arc::new(among),
        on.collect(),
        None,
        JoinType::LeftSemi,
        JoinConstraint::On,
        NullEquality::NullEqualsNull,
        false,
    )?))
}

/// The columns of an input that are at the places of these of its node.
pub(super) fn below(
    schema: &DFSchema,
    input: &DFSchema,
    columns: &[Column],
) -> QueryResult<Vec<Column>> {
    let own = columns.iter().map(|column| {
        let index = schema.index_of_column(column)?;
        Ok(Column::from(input.qualified_field(index)))
    });
    own.collect()
}

fn add_columns<'a>(columns: &mut Vec<Column>, expressions: impl IntoIterator<Item = &'a Expr>) {
    for expression in expressions {
        // A stable order: the plan of the same query is the same each time.
        let mut read: Vec<&Column> = expression.column_refs().into_iter().collect();
        read.sort();
        for column in read {
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
    }
}

/// How a part of a plan is called, without what it reads.
pub(super) fn described(node: &LogicalPlan) -> String {
    match node {
        LogicalPlan::Aggregate(aggregate) if aggregate.group_expr.is_empty() => {
            "an aggregate without GROUP BY".to_owned()
        }
        LogicalPlan::Aggregate(_) => "GROUP BY".to_owned(),
        LogicalPlan::Window(window) => {
            let function = window.window_expr.first().map(|expression| {
                let mut name = expression.clone().unalias().schema_name().to_string();
                if let Some((end, _)) = name.char_indices().nth(80) {
                    name.truncate(end);
                    name.push('…');
                }
                name
            });
            format!("the window function {}", function.unwrap_or_default())
        }
        LogicalPlan::Join(join) => format!("a {} join", join.join_type),
        LogicalPlan::TableScan(scan) => scan.table_name.to_string(),
        LogicalPlan::SubqueryAlias(alias) => alias.alias.to_string(),
        LogicalPlan::RecursiveQuery(_) => "WITH RECURSIVE".to_owned(),
        LogicalPlan::Unnest(_) => "unnest".to_owned(),
        other => {
            let shown = other.display().to_string();
            let first = shown.split([':', ' ']).next();
            first.unwrap_or_default().to_owned()
        }
    }
}

/// Whether rows can be told apart, or found equal, by values of a type.
pub fn is_comparable(data_type: &DataType) -> bool {
    !data_type.is_nested()
}
