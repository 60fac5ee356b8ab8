//! What orders values of types that users have made orders them by their places (`enums`, `composites`).

use datafusion::common::DFSchema;
use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Distinct, Expr, LogicalPlan, SortExpr};

/// Puts the place of a value in its place; whether it is one of such a type.
pub(super) type Place<'a> = dyn Fn(&mut Expr) -> Result<bool> + 'a;

/// Orders by places; whether there are any among what is ordered by.
pub(super) fn order(order: &mut [SortExpr], place: &Place<'_>) -> Result<bool> {
    let mut is_changed = false;
    for sort in order {
        is_changed |= place(&mut sort.expr)?;
    }
    Ok(is_changed)
}

/// A node that orders its rows by places, if it orders any.
pub(super) fn ordered(plan: LogicalPlan, place: &Place<'_>) -> Result<Transformed<LogicalPlan>> {
    Ok(match plan {
        LogicalPlan::Sort(mut sort) => {
            let is_changed = order(&mut sort.expr, place)?;
            Transformed::new_transformed(LogicalPlan::Sort(sort), is_changed)
        }
        LogicalPlan::Distinct(Distinct::On(mut on)) => {
            let mut is_changed = match &mut on.sort_expr {
                Some(by) => order(by, place)?,
                None => false,
            };
            // What rows are told apart by is what they are ordered by.
            for expression in &mut on.on_expr {
                is_changed |= place(expression)?;
            }
            let plan = LogicalPlan::Distinct(Distinct::On(on));
            Transformed::new_transformed(plan, is_changed)
        }
        other => Transformed::no(other),
    })
}

/// What the expressions of a node are over.
pub(super) fn columns_below(node: &LogicalPlan) -> Result<DFSchema> {
    let mut schema = merge_schema(&node.inputs());
    // A plan that was optimized before has scans that filter.
    if let LogicalPlan::TableScan(scan) = node {
        let (name, columns) = (scan.table_name.clone(), scan.source.schema());
        schema.merge(&DFSchema::try_from_qualified_schema(name, &columns)?);
    }
    Ok(schema)
}
