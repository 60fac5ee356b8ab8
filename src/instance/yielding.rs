//! Makes operators that multiply rows give way to others.
//!
//! DataFusion counts the batches that leave its scans and exchanges, and lets other tasks run after
//! some of them. A join can make batches without end from one batch of its input: an aggregate that
//! takes them would hold its thread for as long, and neither a cancel request nor another client
//! would be heard.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::{ExecutionPlan, replace_children_if_necessary};

use super::pacing::InPieces;
use crate::unary::UnaryExec;

/// Operators that can make many rows of one.
const MULTIPLIERS: [&str; 5] = [
    "CrossJoinExec",
    "NestedLoopJoinExec",
    "HashJoinExec",
    "SortMergeJoinExec",
    "UnnestExec",
];

/// Joins that compare pair by pair those of equal keys, and may drop them all. Nested loops, which
/// compare all pairs, have pieces of their own.
fn compares(plan: &dyn ExecutionPlan) -> bool {
    plan.downcast_ref::<HashJoinExec>()
        .is_some_and(|join| join.filter().is_some())
}

/// Hands such a join its probe side in pieces.
fn paced(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    match plan.children().as_slice() {
        [built, probed] if compares(plan.as_ref()) => {
            let probed = Arc::new(UnaryExec::new(Arc::clone(probed), InPieces));
            let children = vec![Arc::clone(built), probed as _];
            replace_children_if_necessary(Arc::clone(&plan), children)
        }
        _ => Ok(plan),
    }
}

/// Counts the batches of [`MULTIPLIERS`] too.
#[derive(Debug)]
pub(super) struct YieldWithinJoins;

impl PhysicalOptimizerRule for YieldWithinJoins {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            if !MULTIPLIERS.contains(&plan.name()) {
                return Ok(Transformed::no(plan));
            }
            let plan = paced(plan)?;
            Ok(Transformed::yes(Arc::new(CooperativeExec::new(plan)) as _))
        })
        .data()
    }

    fn name(&self) -> &str {
        "yield_within_joins"
    }

    fn schema_check(&self) -> bool {
        true
    }
}
