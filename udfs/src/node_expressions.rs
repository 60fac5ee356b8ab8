//! The expressions of the nodes of plans.

use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::error::Result;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Expr, LogicalPlan};

/// Rewrites all parts of the expressions of a node, the innermost first. The columns that they are keep
/// their names; the node keeps the types that they had, until its schema is computed again.
///
/// # Errors
/// Those of `rewrite`.
pub fn rewrite_parts(
    node: LogicalPlan,
    mut rewrite: impl FnMut(Expr) -> Result<Transformed<Expr>>,
) -> Result<Transformed<LogicalPlan>> {
    let names = NamePreserver::new(&node);
    node.map_expressions(|expression| {
        let name = names.save(&expression);
        let rewritten = expression.transform_up(&mut rewrite)?;
        Ok(rewritten.update_data(|expression| name.restore(expression)))
    })
}
