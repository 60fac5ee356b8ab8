//! Which arrays have several dimensions is known once a query is planned. Those that have one are their own
//! elements, so that the call for these goes, and nothing of what is planned around such arrays is hidden
//! behind it. A cast to an array, a call till then, has the dimensions of what is cast.

use std::sync::Arc;

use datafusion::common::DFSchema;
use datafusion::common::tree_node::{
    Transformed, TransformedResult as _, TreeNode as _, TreeNodeRecursion,
};
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Cast, Expr, ExprSchemable as _, LogicalPlan};
use tributary_udfs::postgres::{ARRAY_AS, ARRAY_LEAVES, as_deep_as, has_dimensions};
use tributary_udfs::rewrite_parts;

use crate::error::Result;

/// Takes the call for the elements of all dimensions from arrays of one, and makes casts of the calls that
/// are such.
///
/// # Errors
/// None that planning the query has not met.
pub fn rewrite(plan: LogicalPlan) -> Result<LogicalPlan> {
    let mut has_calls = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                has_calls |= is_call(part);
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    if !has_calls {
        return Ok(plan);
    }
    let rewritten = plan.transform_up_with_subqueries(|node| {
        let schema = merge_schema(&node.inputs());
        let rewritten = rewrite_parts(node, |part| {
            let known = match &part {
                Expr::ScalarFunction(call) => known(call, &schema)?,
                _ => None,
            };
            Ok(match known {
                Some(known) => Transformed::yes(known),
                None => Transformed::no(part),
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

/// What a call is, once the type of its array is known: that of a parameter is not yet.
fn known(call: &ScalarFunction, schema: &DFSchema) -> QueryResult<Option<Expr>> {
    let Some(own) = call.args.first().and_then(|it| it.get_type(schema).ok()) else {
        return Ok(None);
    };
    Ok(match (call.name(), call.args.as_slice()) {
        (ARRAY_LEAVES, [array]) if !has_dimensions(&own) => Some(array.clone()),
        (ARRAY_AS, [array, null]) => {
            let to = match null {
                Expr::Cast(cast) => Arc::clone(&cast.field),
                other => other.to_field(schema)?.1,
            };
            let field = as_deep_as(&to, &own);
            let cast = Cast::new_from_field(Box::new(array.clone()), field);
            Some(Expr::Cast(cast))
        }
        _ => None,
    })
}

fn is_call(expression: &Expr) -> bool {
    matches!(expression, Expr::ScalarFunction(call) if matches!(call.name(), ARRAY_LEAVES | ARRAY_AS))
}
