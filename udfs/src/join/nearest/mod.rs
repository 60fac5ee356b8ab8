//! The nearest texts to a constant: `ORDER BY levenshtein(name, 'x') LIMIT 10` without computing
//! each distance to its end.
//!
//! Below the sort, which keeps the first rows in its own order and settles ties, rows are left out
//! that are further than as many others as are asked for. How far that is bounds the distances
//! that are still to be computed.

mod bounded;
mod exec;
mod furthest;
#[cfg(test)]
pub(super) mod tests;

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::ChildrenPropertiesMode;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{ExecutionPlan, ReplaceChildrenOptions};

pub(super) use self::bounded::Bounded;
pub(super) use self::exec::NearestRowsExec;
use super::setting::TributaryOptions;

/// More rows than these are left to the sort: what is saved is in no relation to their number.
pub(super) const MOST_ROWS: usize = 10_000;

/// Plans [`NearestRowsExec`] below sorts by a similarity that keep few rows.
#[derive(Debug)]
pub(super) struct NearestRows;

impl PhysicalOptimizerRule for NearestRows {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if !TributaryOptions::of(config).similarity_join {
            return Ok(plan);
        }
        plan.transform_up(|plan| {
            Ok(match planned(&plan)? {
                Some(sort) => Transformed::yes(sort),
                None => Transformed::no(plan),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "nearest_rows"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn planned(plan: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(sort) = plan.downcast_ref::<SortExec>() else {
        return Ok(None);
    };
    let Some(rows) = sort.fetch().filter(|rows| (1..=MOST_ROWS).contains(rows)) else {
        return Ok(None);
    };
    let first = sort.expr().first();
    // The sort may be by a column that a projection computes.
    let projection = sort.input().downcast_ref::<ProjectionExec>();
    let column = first.expr.downcast_ref::<Column>();
    let (by, input): (Arc<dyn PhysicalExpr>, _) = match (projection, column) {
        (Some(projection), Some(column)) => {
            let Some(computed) = projection.expr().get(column.index()) else {
                return Ok(None);
            };
            (Arc::clone(&computed.expr), projection.input())
        }
        _ => (Arc::clone(&first.expr), sort.input()),
    };
    if input.downcast_ref::<NearestRowsExec>().is_some() {
        return Ok(None);
    }
    let Some(by) = Bounded::new(&by, first.options, &input.schema())? else {
        return Ok(None);
    };
    let nearest: Arc<dyn ExecutionPlan> =
        Arc::new(NearestRowsExec::new(Arc::clone(input), by, rows));
    let below = match projection {
        Some(_) if column.is_some() => with_child(sort.input(), nearest)?,
        _ => nearest,
    };
    Ok(Some(with_child(plan, below)?))
}

fn with_child(
    plan: &Arc<dyn ExecutionPlan>,
    child: Arc<dyn ExecutionPlan>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let keep = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
    Arc::clone(plan).replace_children(vec![child], keep)
}
