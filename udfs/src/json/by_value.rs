//! Grouping and joining by `jsonb`, whose values may be equal where their texts are not: `1` and `1.0`.
//!
//! What is hashed is the key that documents sort by (`order`); of equal documents the first that comes
//! stands for all. Grouping sets still tell documents apart by their texts.

use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema, JoinConstraint};
use datafusion::error::Result;
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::logical_expr::{
    Aggregate, Distinct, DistinctOn, Expr, LogicalPlan, LogicalPlanBuilder,
};

use super::kind::JsonKind;
use super::rule::{declared, order_by_value, sort_key};

/// A node that tells rows apart by documents, as one that does so by the values of these.
pub(super) fn tell_apart(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    Ok(match plan {
        LogicalPlan::Aggregate(aggregate) if groups_documents(&aggregate) => {
            Transformed::yes(group(aggregate)?)
        }
        LogicalPlan::Distinct(Distinct::All(input)) if has_document(input.schema()) => {
            let columns = input.schema().columns().into_iter().map(Expr::Column);
            let columns = columns.collect();
            Transformed::yes(group(Aggregate::try_new(input, columns, Vec::new())?)?)
        }
        LogicalPlan::Distinct(Distinct::On(on)) => distinct_on(on)?,
        LogicalPlan::Join(mut join) => {
            let (left, right) = (join.left.schema(), join.right.schema());
            let mut is_changed = false;
            for (own, other) in &mut join.on {
                if is_document(own, left) && is_document(other, right) {
                    *own = sort_key(own.clone());
                    *other = sort_key(other.clone());
                    is_changed = true;
                }
            }
            // What `USING` joins by are columns, of which these are none.
            if is_changed {
                join.join_constraint = JoinConstraint::On;
            }
            Transformed::new_transformed(LogicalPlan::Join(join), is_changed)
        }
        other => Transformed::no(other),
    })
}

/// An expression that is compared by its value; whether that is another one.
pub(super) fn compare_by_value(expression: &mut Expr, schema: &DFSchema) -> bool {
    let is_changed = is_document(expression, schema);
    if is_changed {
        *expression = sort_key(expression.clone());
    }
    is_changed
}

fn is_document(expression: &Expr, schema: &DFSchema) -> bool {
    JsonKind::of(expression, schema) == Some(JsonKind::Jsonb)
}

fn groups_documents(aggregate: &Aggregate) -> bool {
    let schema = aggregate.input.schema();
    let mut groups = aggregate.group_expr.iter();
    groups.any(|group| is_document(group, schema))
}

fn has_document(schema: &DFSchema) -> bool {
    let mut fields = schema.fields().iter();
    fields.any(|field| JsonKind::of_field(field) == Some(JsonKind::Jsonb))
}

fn distinct_on(mut on: DistinctOn) -> Result<Transformed<LogicalPlan>> {
    let schema = Arc::clone(on.input.schema());
    let mut is_changed = false;
    for expression in &mut on.on_expr {
        is_changed |= compare_by_value(expression, &schema);
    }
    if let Some(order) = &mut on.sort_expr {
        is_changed |= order_by_value(order, &schema)?;
    }
    let plan = LogicalPlan::Distinct(Distinct::On(on));
    Ok(Transformed::new_transformed(plan, is_changed))
}

/// Groups by the keys of documents, and gives the first document of each group the place and the name
/// that its group had.
fn group(aggregate: Aggregate) -> Result<LogicalPlan> {
    let Aggregate {
        input,
        mut group_expr,
        mut aggr_expr,
        schema,
        ..
    } = aggregate;
    let mut shown: Vec<Expr> = schema.iter().map(Expr::from).collect();
    let places = group_expr.iter_mut().zip(schema.iter()).zip(&mut shown);
    for (index, ((group, (relation, field)), shown)) in places.enumerate() {
        if !is_document(group, input.schema()) {
            continue;
        }
        let first = format!("__first_{index}");
        let of_group = first_value_udaf().call(vec![group.clone()]);
        aggr_expr.push(of_group.alias(&first));
        *group = sort_key(group.clone());
        let document = declared(Expr::Column(Column::from_name(first)), JsonKind::Jsonb);
        *shown = document.alias_qualified(relation.cloned(), field.name());
    }
    let grouped = Aggregate::try_new(input, group_expr, aggr_expr)?;
    LogicalPlanBuilder::from(LogicalPlan::Aggregate(grouped))
        .project(shown)?
        .build()
}
