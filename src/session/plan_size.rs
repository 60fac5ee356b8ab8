//! How large a plan may be.
//!
//! DataFusion puts a view's whole plan wherever the view is read, so views that each read the one
//! below twice double the plan with every level. The nodes are shared until the optimizer takes
//! the plan apart, so they are counted before, each once.

use std::collections::HashMap;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::LogicalPlan;

use crate::error::{Error, Result, SqlState};

/// The most nodes of a plan. Planning takes time and memory in proportion to them, and neither a
/// cancel request nor `statement_timeout` is heard while the optimizer is at work.
const MAX_NODES: usize = 20_000;

/// Refuses a plan that is too large.
///
/// # Errors
/// 54001.
pub fn check(plan: &LogicalPlan) -> Result<()> {
    let nodes = count(plan, &mut HashMap::new())?;
    if nodes <= MAX_NODES {
        return Ok(());
    }
    Err(Error::new(
        SqlState::STATEMENT_TOO_COMPLEX,
        format!("the plan has more than {MAX_NODES} nodes"),
    )
    .with_detail("A view that is read several times is planned as often, and so is what it reads.")
    .with_hint("Make one of the views that are read most a materialized view."))
}

/// The nodes of a plan; `known` are those below nodes that several others share.
fn count(plan: &LogicalPlan, known: &mut HashMap<*const LogicalPlan, usize>) -> Result<usize> {
    let key = std::ptr::from_ref(plan);
    if let Some(nodes) = known.get(&key) {
        return Ok(*nodes);
    }
    let mut nodes = 1_usize;
    for input in plan.inputs() {
        nodes = nodes.saturating_add(count(input, known)?);
    }
    let mut failed = None;
    plan.apply_subqueries(|subquery| {
        // What is handed over is a copy; only the plan within it is the one that others share.
        if let LogicalPlan::Subquery(subquery) = subquery {
            match count(&subquery.subquery, known) {
                Ok(below) => nodes = nodes.saturating_add(below),
                Err(error) => failed = Some(error),
            }
        }
        Ok(TreeNodeRecursion::Jump)
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    known.insert(key, nodes);
    Ok(nodes)
}
