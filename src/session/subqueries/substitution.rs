//! Values in the place of columns around a plan.

use std::cell::Cell;
use std::sync::Arc;

use arrow::datatypes::FieldRef;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchemaRef};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, Join, LogicalPlan, Subquery};
use tributary_udfs::rewrite_parts;

use super::references::{has, subquery_of};
use super::shape::subquery;

/// The value that a column around a plan has; none for one that stays.
pub(in crate::session) type ValueOf<'a> = dyn Fn(&FieldRef, &Column) -> Option<Expr> + 'a;

/// A plan with values in the place of columns around it, in the subqueries of it too. A name is of the
/// nearest query that has it: none where what a value refers to would be of a nearer one.
///
/// # Errors
/// None that planning the query has not met.
pub(in crate::session) fn with_values(
    plan: LogicalPlan,
    value_of: &ValueOf<'_>,
) -> Result<Option<LogicalPlan>> {
    let is_captured = Cell::new(false);
    let plan = put(plan, value_of, &is_captured)?;
    Ok((!is_captured.get()).then_some(plan))
}

fn put(plan: LogicalPlan, value_of: &ValueOf<'_>, is_captured: &Cell<bool>) -> Result<LogicalPlan> {
    if let LogicalPlan::Subquery(lateral) = &plan {
        let rows = put(lateral.subquery.as_ref().clone(), value_of, is_captured)?;
        return Ok(LogicalPlan::Subquery(subquery(rows)));
    }
    let plan = match plan {
        LogicalPlan::Join(join) => {
            let left = put(join.left.as_ref().clone(), value_of, is_captured)?;
            let schemas = [Arc::clone(left.schema())];
            let beyond = |field: &FieldRef, column: &Column| {
                beyond(&schemas, value_of, is_captured, field, column)
            };
            let right = put(join.right.as_ref().clone(), &beyond, is_captured)?;
            LogicalPlan::Join(Join {
                left: Arc::new(left),
                right: Arc::new(right),
                ..join
            })
        }
        other => {
            let children = other
                .map_children(|input| Ok(Transformed::yes(put(input, value_of, is_captured)?)));
            children?.data
        }
    };
    let inputs = plan.inputs().into_iter();
    let schemas: Vec<DFSchemaRef> = inputs.map(|input| Arc::clone(input.schema())).collect();
    let beyond =
        |field: &FieldRef, column: &Column| beyond(&schemas, value_of, is_captured, field, column);
    let plan = rewrite_parts(plan, |part| {
        if let Expr::OuterReferenceColumn(field, column) = &part {
            return Ok(match value_of(field, column) {
                Some(value) => Transformed::yes(value),
                None => Transformed::no(part),
            });
        }
        let Some(own) = subquery_of(&part) else {
            return Ok(Transformed::no(part));
        };
        let rows = put(own.subquery.as_ref().clone(), &beyond, is_captured)?;
        Ok(Transformed::yes(of_subquery(part, subquery(rows))))
    })?;
    plan.data.recompute_schema()
}

/// The value of a column within a subquery of a query that has these columns.
fn beyond(
    schemas: &[DFSchemaRef],
    value_of: &ValueOf<'_>,
    is_captured: &Cell<bool>,
    field: &FieldRef,
    column: &Column,
) -> Option<Expr> {
    let is_own = |column: &Column| schemas.iter().any(|schema| has(schema, column));
    if is_own(column) {
        return None;
    }
    let value = value_of(field, column)?;
    let refers_to_own = value
        .exists(|part| Ok(matches!(part, Expr::OuterReferenceColumn(_, column) if is_own(column))));
    if refers_to_own.unwrap_or(true) {
        is_captured.set(true);
    }
    Some(value)
}

/// The expression of another subquery.
fn of_subquery(expression: Expr, rows: Subquery) -> Expr {
    match expression {
        Expr::ScalarSubquery(_) => Expr::ScalarSubquery(rows),
        Expr::Exists(mut exists) => {
            exists.subquery = rows;
            Expr::Exists(exists)
        }
        Expr::InSubquery(mut membership) => {
            membership.subquery = rows;
            Expr::InSubquery(membership)
        }
        Expr::SetComparison(mut compared) => {
            compared.subquery = rows;
            Expr::SetComparison(compared)
        }
        other => other,
    }
}
