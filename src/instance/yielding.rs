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
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;

/// Operators that can make many rows of one.
const MULTIPLIERS: [&str; 5] = [
    "CrossJoinExec",
    "NestedLoopJoinExec",
    "HashJoinExec",
    "SortMergeJoinExec",
    "UnnestExec",
];

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
            Ok(if MULTIPLIERS.contains(&plan.name()) {
                Transformed::yes(Arc::new(CooperativeExec::new(plan)) as _)
            } else {
                Transformed::no(plan)
            })
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
