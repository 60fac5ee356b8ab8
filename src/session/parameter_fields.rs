//! The places of a plan that give types to parameters: beside values that have one, and within casts.

use arrow::datatypes::Field;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};

use crate::error::Result;

/// How a parameter gets a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Beside values that have one.
    Beside,
    /// Within a cast.
    Cast,
}

/// Shows the number of each parameter with the field that gives a type to it, once for each place. Those
/// beside values come first.
///
/// # Errors
/// A parameter that stands beside values of several types.
pub(super) fn for_each(
    plan: &LogicalPlan,
    mut see: impl FnMut(usize, &Field, Place),
) -> Result<()> {
    let number = |name: &str| name.trim_start_matches('$').parse::<usize>().ok();
    for (name, field) in plan.get_parameter_fields()? {
        if let (Some(number), Some(field)) = (number(&name), field) {
            see(number, &field, Place::Beside);
        }
    }
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                if let Expr::Cast(cast) = part
                    && let Expr::Placeholder(placeholder) = cast.expr.as_ref()
                    && let Some(number) = number(&placeholder.id)
                {
                    see(number, &cast.field, Place::Cast);
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(())
}
