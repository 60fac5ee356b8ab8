//! Intervals of one length are equal, and one group: `'1 day'` and `'24 hours'`.
//!
//! Arrow tells them apart where rows are grouped or joined. Here they are told apart by their lengths, and
//! of the equal ones the first that is met is shown, as PostgreSQL shows it.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema};
use datafusion::error::Result;
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::logical_expr::expr::{InSubquery, SetComparison};
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, GroupingSet, Join, JoinConstraint, LogicalPlan, Projection,
    Subquery, when,
};

use super::interval::{are_intervals, order_by_span, span};

/// Before the place of the group whose first interval it is.
const FIRST: &str = "tributary:interval:";

/// Has the rows of a plan be one group where their intervals are equal, and partners in joins.
pub(super) fn by_length(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    match plan {
        LogicalPlan::Aggregate(aggregate) => group(aggregate),
        LogicalPlan::Distinct(Distinct::All(input)) if has_intervals(input.schema()) => {
            let columns = input.schema().columns();
            let columns = columns.into_iter().map(Expr::Column).collect();
            group(Aggregate::try_new(input, columns, Vec::new())?)
        }
        LogicalPlan::Distinct(Distinct::On(mut distinct)) => {
            let schema = Arc::clone(distinct.input.schema());
            let mut is_changed = false;
            for key in &mut distinct.on_expr {
                is_changed |= key_by_length(key, &schema);
            }
            if let Some(order) = &mut distinct.sort_expr {
                is_changed |= order_by_span(order, &schema);
            }
            let plan = LogicalPlan::Distinct(Distinct::On(distinct));
            Ok(Transformed::new_transformed(plan, is_changed))
        }
        LogicalPlan::Join(join) => Ok(join_by_length(join)),
        other => Ok(Transformed::no(other)),
    }
}

/// Puts the length of an interval in the place of a key; answers whether it was one.
pub(super) fn key_by_length(key: &mut Expr, schema: &DFSchema) -> bool {
    let is_interval = are_intervals([&*key], schema);
    if is_interval {
        *key = span(std::mem::take(key));
    }
    is_interval
}

/// `k IN (SELECT ...)` and `k = ANY (SELECT ...)`.
pub(super) fn member_by_length(expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    Ok(match expression {
        Expr::InSubquery(member) if are_comparable(&member.expr, &member.subquery, schema) => {
            Transformed::yes(Expr::InSubquery(InSubquery {
                expr: Box::new(span(*member.expr)),
                subquery: lengths(member.subquery)?,
                negated: member.negated,
            }))
        }
        Expr::SetComparison(compared)
            if are_comparable(&compared.expr, &compared.subquery, schema) =>
        {
            Transformed::yes(Expr::SetComparison(SetComparison {
                expr: Box::new(span(*compared.expr)),
                subquery: lengths(compared.subquery)?,
                ..compared
            }))
        }
        other => Transformed::no(other),
    })
}

fn has_intervals(schema: &DFSchema) -> bool {
    let mut types = schema.fields().iter().map(|field| field.data_type());
    types.any(|data_type| matches!(data_type, DataType::Interval(_)))
}

fn are_comparable(value: &Expr, subquery: &Subquery, schema: &DFSchema) -> bool {
    are_intervals([value], schema) && has_intervals(subquery.subquery.schema())
}

/// The lengths of the intervals that a subquery gives.
fn lengths(subquery: Subquery) -> Result<Subquery> {
    let columns = subquery.subquery.schema().columns().into_iter();
    let lengths = columns.map(|column| {
        let name = column.name.clone();
        span(Expr::Column(column)).alias(name)
    });
    let lengths = lengths.collect();
    let plan = Projection::try_new(lengths, Arc::clone(&subquery.subquery))?;
    Ok(subquery.with_plan(Arc::new(LogicalPlan::Projection(plan))))
}

/// Joins by the lengths of intervals, in the keys of `USING`, `INTERSECT` and `EXCEPT`.
fn join_by_length(mut join: Join) -> Transformed<LogicalPlan> {
    let (left, right) = (join.left.schema(), join.right.schema());
    let mut is_changed = false;
    for (one, other) in &mut join.on {
        if are_intervals([&*one], left) && are_intervals([&*other], right) {
            *one = span(std::mem::take(one));
            *other = span(std::mem::take(other));
            is_changed = true;
        }
    }
    if is_changed {
        // DataFusion takes the keys of `USING` for columns.
        join.join_constraint = JoinConstraint::On;
    }
    Transformed::new_transformed(LogicalPlan::Join(join), is_changed)
}

/// Groups rows by the lengths of their intervals, under the columns that the plan had.
fn group(aggregate: Aggregate) -> Result<Transformed<LogicalPlan>> {
    let input = aggregate.input.schema();
    let groups = grouping_set_to_exprlist(&aggregate.group_expr)?;
    let groups: Vec<Expr> = groups.into_iter().cloned().collect();
    let is_interval: Vec<bool> = groups.iter().map(|it| are_intervals([it], input)).collect();
    if !is_interval.contains(&true) {
        return Ok(Transformed::no(LogicalPlan::Aggregate(aggregate)));
    }
    let is_set = matches!(aggregate.group_expr.as_slice(), [Expr::GroupingSet(_)]);
    let by_lengths = aggregate.group_expr.iter().map(|it| grouped(it, input));
    let by_lengths = by_lengths.collect();
    let mut values = aggregate.aggr_expr.clone();
    for (place, key) in groups.iter().enumerate() {
        if is_interval.get(place) == Some(&true) {
            let first = first_value_udaf().call(vec![key.clone().unalias()]);
            values.push(first.alias(format!("{FIRST}{place}")));
        }
    }
    let below = Aggregate::try_new(Arc::clone(&aggregate.input), by_lengths, values)?;
    // The columns that were there before stand where they did.
    let columns = below.schema.columns().into_iter().map(Expr::Column);
    let mut shown = Vec::with_capacity(aggregate.schema.fields().len());
    for (place, (column, (qualifier, field))) in columns.zip(aggregate.schema.iter()).enumerate() {
        if is_interval.get(place) != Some(&true) {
            shown.push(column);
            continue;
        }
        let first = Expr::Column(Column::from_name(format!("{FIRST}{place}")));
        // A group of all rows has no interval.
        let first = match is_set {
            true => when(column.is_not_null(), first).end()?,
            false => first,
        };
        shown.push(first.alias_qualified(qualifier.cloned(), field.name()));
    }
    let below = Arc::new(LogicalPlan::Aggregate(below));
    let shown = Projection::try_new_with_schema(shown, below, Arc::clone(&aggregate.schema))?;
    Ok(Transformed::yes(LogicalPlan::Projection(shown)))
}

/// What rows are grouped by, with the lengths of intervals in their place.
fn grouped(key: &Expr, input: &DFSchema) -> Expr {
    let all = |keys: &[Expr]| -> Vec<Expr> { keys.iter().map(|it| grouped(it, input)).collect() };
    match key {
        Expr::GroupingSet(GroupingSet::Rollup(keys)) => {
            Expr::GroupingSet(GroupingSet::Rollup(all(keys)))
        }
        Expr::GroupingSet(GroupingSet::Cube(keys)) => {
            Expr::GroupingSet(GroupingSet::Cube(all(keys)))
        }
        Expr::GroupingSet(GroupingSet::GroupingSets(sets)) => {
            let sets = sets.iter().map(|keys| all(keys)).collect();
            Expr::GroupingSet(GroupingSet::GroupingSets(sets))
        }
        key if !are_intervals([key], input) => key.clone(),
        Expr::Alias(alias) => {
            let mut alias = alias.clone();
            *alias.expr = span(std::mem::take(&mut *alias.expr));
            Expr::Alias(alias)
        }
        key => span(key.clone()),
    }
}
