//! What a subquery refers to of the queries around it.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema};
use datafusion::error::Result;
use datafusion::logical_expr::expr::{Exists, InSubquery, SetComparison};
use datafusion::logical_expr::{Expr, LogicalPlan, Subquery};

/// The columns of queries around a plan that it refers to, each once. A name is of the nearest query
/// that has it.
///
/// # Errors
/// None that planning the query has not met.
pub(super) fn references(plan: &LogicalPlan) -> Result<Vec<Column>> {
    let mut found = Vec::new();
    collect(plan, &mut found)?;
    Ok(found)
}

fn collect(plan: &LogicalPlan, found: &mut Vec<Column>) -> Result<()> {
    let mut add = |column: &Column| {
        if !found.contains(column) {
            found.push(column.clone());
        }
    };
    plan.apply_expressions(|expression| {
        expression.apply(|part| {
            if let Expr::OuterReferenceColumn(_, column) = part {
                add(column);
            }
            if let Some(subquery) = subquery_of(part) {
                let within = references(&subquery.subquery)?;
                let inputs = plan.inputs();
                within
                    .iter()
                    .filter(|column| !inputs.iter().any(|input| has(input.schema(), column)))
                    .for_each(&mut add);
            }
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    if let LogicalPlan::Join(join) = plan {
        collect(&join.left, found)?;
        // The right side of a lateral join refers to the left one.
        let right = references(&join.right)?;
        for column in right {
            if !has(join.left.schema(), &column) && !found.contains(&column) {
                found.push(column);
            }
        }
        return Ok(());
    }
    for input in plan.inputs() {
        collect(input, found)?;
    }
    Ok(())
}

/// Whether a schema has a column.
pub(super) fn has(schema: &DFSchema, column: &Column) -> bool {
    schema.maybe_index_of_column(column).is_some()
}

/// The subquery that an expression is.
pub(super) fn subquery_of(expression: &Expr) -> Option<&Subquery> {
    match expression {
        Expr::ScalarSubquery(subquery)
        | Expr::Exists(Exists { subquery, .. })
        | Expr::InSubquery(InSubquery { subquery, .. })
        | Expr::SetComparison(SetComparison { subquery, .. }) => Some(subquery),
        _ => None,
    }
}

/// Whether there is a subquery in an expression.
pub(in crate::session) fn has_subquery(expression: &Expr) -> bool {
    let is_one = |part: &Expr| Ok(subquery_of(part).is_some());
    expression.exists(is_one).unwrap_or(false)
}

/// The subqueries in an expression that DataFusion does not run wherever they stand: all but values
/// that are the same for every row.
pub(super) fn has_dependent_subquery(expression: &Expr) -> Result<bool> {
    expression.exists(|part| match part {
        Expr::ScalarSubquery(subquery) => Ok(!references(&subquery.subquery)?.is_empty()),
        other => Ok(subquery_of(other).is_some()),
    })
}
