//! A query for some keys alone: only such rows of its inputs are read that can lead to them.
//!
//! A node is replaced by one that may lack rows of other keys, and has all rows of these. So the rows
//! of the keys are told from the others once more where the query ends.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::Array as _;
use datafusion::common::{Column, JoinType, ScalarValue};
use datafusion::datasource::provider_as_source;
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Distinct, Expr, Join, LogicalPlan, LogicalPlanBuilder};

use super::changed::Held;
use super::delta::{below, grouped, partition_of, rename, select, semi_join};
use crate::error::{Error, Result};
use crate::instance::has_equals;

/// A column of a node that must have the value that a key has at this place.
type Bound = (Column, usize);

/// So many values of a column are listed, at most, where a table is read: an index of its key then tells
/// which rows to read, and the statistics of files which to skip.
const MAX_LISTED: usize = 1000;

/// What the keys that are wanted are called in plans.
pub(super) const WANTED: &str = "tributary:wanted";

/// The keys that are wanted.
pub struct Wanted<'a> {
    /// Their rows; the columns are those of the key, in order.
    pub keys: &'a Held,
}

impl Wanted<'_> {
    /// The rows of a query of these keys, found in these columns of it.
    ///
    /// # Errors
    /// None that the query's own plan has not met.
    pub fn rows(&self, query: &LogicalPlan, key: &[Column]) -> Result<LogicalPlan> {
        let bounds: Vec<Bound> = key.iter().cloned().zip(0..).collect();
        let restricted = self.within(query, &bounds)?;
        self.only(restricted, &bounds)
    }

    /// The rows of a plan whose values are those of a key.
    ///
    /// # Errors
    /// None that the plan has not met.
    pub fn only(&self, plan: LogicalPlan, bounds: &[Bound]) -> Result<LogicalPlan> {
        if bounds.is_empty() {
            return Ok(plan);
        }
        let plan = match &plan {
            LogicalPlan::TableScan(scan) if scan.fetch.is_none() => self.listed(plan, bounds)?,
            _ => plan,
        };
        let source = provider_as_source(Arc::clone(&self.keys.rows));
        let keys = LogicalPlanBuilder::scan("tributary:keys", source, None)?.build()?;
        let all = keys.schema().columns();
        let places = bounds.iter().filter_map(|(_, place)| all.get(*place));
        let wanted: Vec<Column> = places.cloned().collect();
        let names = (0..wanted.len())
            .map(|number| Column::new(Some(WANTED), format!("k{number}")))
            .collect::<Vec<_>>();
        let keys = rename(select(keys, &wanted)?, &names)
            .map_err(|obstacle| Error::internal(obstacle.reason))?;
        let columns = bounds
            .iter()
            .map(|(column, _)| Expr::Column(column.clone()));
        Ok(semi_join(plan, &columns.collect::<Vec<_>>(), keys)?)
    }

    /// A scan that the values of its columns are listed for.
    fn listed(&self, scan: LogicalPlan, bounds: &[Bound]) -> QueryResult<LogicalPlan> {
        if self.keys.count > MAX_LISTED {
            return Ok(scan);
        }
        let mut listed = Vec::new();
        for (column, place) in bounds {
            let mut values = HashSet::new();
            for batch in &self.keys.batches {
                let of_batch = batch.column(*place);
                for row in 0..of_batch.len() {
                    values.insert(ScalarValue::try_from_array(of_batch, row)?);
                }
            }
            let is_plain =
                |value: &ScalarValue| !value.is_null() && !has_equals(&value.data_type());
            if values.iter().all(is_plain) {
                let values = values.into_iter().map(|value| Expr::Literal(value, None));
                listed.push(Expr::Column(column.clone()).in_list(values.collect(), false));
            }
        }
        match conjunction(listed) {
            None => Ok(scan),
            Some(listed) => LogicalPlanBuilder::from(scan).filter(listed)?.build(),
        }
    }

    fn within(&self, node: &LogicalPlan, bounds: &[Bound]) -> Result<LogicalPlan> {
        if bounds.is_empty() && !matches!(node, LogicalPlan::Join(_)) {
            return Ok(node.clone());
        }
        let inputs = match node {
            LogicalPlan::Filter(filter) => vec![self.within(&filter.input, bounds)?],
            LogicalPlan::Sort(sort) if sort.fetch.is_none() => {
                vec![self.within(&sort.input, bounds)?]
            }
            LogicalPlan::Repartition(repartition) => {
                vec![self.within(&repartition.input, bounds)?]
            }
            LogicalPlan::Distinct(Distinct::All(input)) => vec![self.within(input, bounds)?],
            LogicalPlan::Projection(projection) => {
                let passed = passed(bounds, &projection.expr, |column| {
                    projection.schema.index_of_column(column)
                })?;
                vec![self.within(&projection.input, &passed)?]
            }
            LogicalPlan::SubqueryAlias(alias) => {
                let below = at(bounds, |columns| {
                    below(&alias.schema, alias.input.schema(), columns)
                })?;
                vec![self.within(&alias.input, &below)?]
            }
            LogicalPlan::Union(union) => {
                let mut inputs = Vec::with_capacity(union.inputs.len());
                for input in &union.inputs {
                    let below = at(bounds, |columns| {
                        below(&union.schema, input.schema(), columns)
                    })?;
                    inputs.push(self.within(input, &below)?);
                }
                inputs
            }
            LogicalPlan::Aggregate(aggregate) => {
                let places = 0..aggregate.schema.fields().len();
                let none = Expr::Literal(ScalarValue::Null, None);
                let read = places.map(|place| grouped(aggregate, place).unwrap_or(&none).clone());
                let passed = passed(bounds, &read.collect::<Vec<_>>(), |column| {
                    aggregate.schema.index_of_column(column)
                })?;
                vec![self.within(&aggregate.input, &passed)?]
            }
            LogicalPlan::Window(window) => {
                let partition = partition_of(window);
                let of_partition = bounds
                    .iter()
                    .filter(|(column, _)| partition.contains(column));
                let of_partition: Vec<Bound> = of_partition.cloned().collect();
                vec![self.within(&window.input, &of_partition)?]
            }
            LogicalPlan::Join(join) => {
                let (left, right) = sides(join, bounds);
                vec![
                    self.within(&join.left, &left)?,
                    self.within(&join.right, &right)?,
                ]
            }
            _ => return self.only(node.clone(), bounds),
        };
        Ok(node.with_new_exprs(node.expressions(), inputs)?)
    }
}

/// Bounds by other columns.
fn at(
    bounds: &[Bound],
    change: impl FnOnce(&[Column]) -> QueryResult<Vec<Column>>,
) -> QueryResult<Vec<Bound>> {
    let columns: Vec<Column> = bounds.iter().map(|(column, _)| column.clone()).collect();
    let places = bounds.iter().map(|(_, place)| *place);
    Ok(change(&columns)?.into_iter().zip(places).collect())
}

/// The bounds of columns that a node only passes on.
fn passed(
    bounds: &[Bound],
    expressions: &[Expr],
    index_of: impl Fn(&Column) -> QueryResult<usize>,
) -> QueryResult<Vec<Bound>> {
    let mut passed = Vec::new();
    for (column, place) in bounds {
        let expression = expressions.get(index_of(column)?);
        if let Some(Expr::Column(own)) = expression.map(|own| own.clone().unalias()) {
            passed.push((own, *place));
        }
    }
    Ok(passed)
}

/// What bounds on a join's rows mean for its inputs.
///
/// A side whose rows are answered without a partner too is bound by its own columns alone. A side that
/// only gives partners may lack those of rows that are not wanted: what a wanted row is joined with by
/// equal columns has the value of the key as well.
fn sides(join: &Join, bounds: &[Bound]) -> (Vec<Bound>, Vec<Bound>) {
    use JoinType::{
        Full, Inner, Left, LeftAnti, LeftMark, LeftSemi, Right, RightAnti, RightMark, RightSemi,
    };
    let own = |is_left: bool| -> Vec<Bound> {
        let schema = if is_left {
            join.left.schema()
        } else {
            join.right.schema()
        };
        let own = bounds
            .iter()
            .filter(|(column, _)| schema.has_column(column));
        own.cloned().collect()
    };
    let (left, right) = (own(true), own(false));
    match join.join_type {
        Inner => {
            let of_right = across(join, &left, true);
            let of_left = across(join, &right, false);
            (joined(left, of_left), joined(right, of_right))
        }
        Left | LeftSemi | LeftAnti | LeftMark => {
            // A NULL anywhere among the partners of NOT IN decides.
            let right = match join.null_aware {
                true => Vec::new(),
                false => across(join, &left, true),
            };
            (left, right)
        }
        Right | RightSemi | RightAnti | RightMark => {
            let left = across(join, &right, false);
            (left, right)
        }
        Full => (Vec::new(), Vec::new()),
    }
}

/// Bounds of one side, by the columns of the other one that equal them in each pair.
fn across(join: &Join, bounds: &[Bound], from_left: bool) -> Vec<Bound> {
    let mut found = Vec::new();
    for (left, right) in &join.on {
        let (Expr::Column(left), Expr::Column(right)) = (left, right) else {
            continue;
        };
        let (from, to) = if from_left {
            (left, right)
        } else {
            (right, left)
        };
        let types = (
            join.left.schema().data_type_of(left),
            join.right.schema().data_type_of(right),
        );
        if types.0.is_none() || types.0 != types.1 {
            continue;
        }
        let bound = bounds.iter().find(|(column, _)| column == from);
        if let Some((_, place)) = bound {
            found.push((to.clone(), *place));
        }
    }
    found
}

fn joined(mut own: Vec<Bound>, others: Vec<Bound>) -> Vec<Bound> {
    for other in others {
        if !own.contains(&other) {
            own.push(other);
        }
    }
    own
}

/// The type of a column.
trait TypeOf {
    fn data_type_of(&self, column: &Column) -> Option<arrow::datatypes::DataType>;
}

impl TypeOf for datafusion::common::DFSchemaRef {
    fn data_type_of(&self, column: &Column) -> Option<arrow::datatypes::DataType> {
        let index = self.index_of_column(column).ok()?;
        Some(self.field(index).data_type().clone())
    }
}
