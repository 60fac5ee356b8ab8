//! Which arrays have several dimensions is known once a query is planned. Those that have one are their own
//! elements, so that the call for these goes, and nothing of what is planned around such arrays is hidden
//! behind it.

use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, ExprSchemable as _, LogicalPlan};
use tributary_udfs::postgres::{ARRAY_LEAVES, has_dimensions};
use tributary_udfs::rewrite_parts;

use crate::error::Result;

/// Takes the call for the elements of all dimensions from arrays of one.
///
/// # Errors
/// None that planning the query has not met.
pub fn rewrite(plan: LogicalPlan) -> Result<LogicalPlan> {
    let mut has_calls = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                has_calls |= is_call(part);
                Ok(datafusion::common::tree_node::TreeNodeRecursion::Continue)
            })
        })
    })?;
    if !has_calls {
        return Ok(plan);
    }
    let rewritten = plan.transform_up_with_subqueries(|node| {
        let schema = merge_schema(&node.inputs());
        let rewritten = rewrite_parts(node, |part| {
            let Expr::ScalarFunction(call) = &part else {
                return Ok(Transformed::no(part));
            };
            let [array] = call.args.as_slice() else {
                return Ok(Transformed::no(part));
            };
            // What is a parameter has no type yet.
            let data_type = array.get_type(&schema);
            let is_flat = data_type.is_ok_and(|data_type| !has_dimensions(&data_type));
            Ok(match is_call(&part) && is_flat {
                true => Transformed::yes(array.clone()),
                false => Transformed::no(part),
            })
        })?;
        match rewritten.transformed {
            true => rewritten.map_data(LogicalPlan::recompute_schema),
            false => Ok(rewritten),
        }
    });
    let rewritten: QueryResult<LogicalPlan> = rewritten.data();
    Ok(rewritten?)
}

fn is_call(expression: &Expr) -> bool {
    matches!(expression, Expr::ScalarFunction(call) if call.name() == ARRAY_LEAVES)
}
