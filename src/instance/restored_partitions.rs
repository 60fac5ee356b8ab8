//! Rows of one group in one partition, where a plan no longer has them so.
//!
//! DataFusion brings few rows together in one partition rather than divide them by their keys. For a sort
//! above it then sorts each partition of its own and takes away what brought them together, though an
//! aggregate between the two needs it. Its check of the finished plan refuses a query that is right.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{
    ChildSatisfactionOptions, ExecutionPlan, replace_children_if_necessary,
};

/// Brings together the partitions that an operator with one input needs divided by its keys, and that are
/// not; to come when the plan is made, before sorts are restored.
#[derive(Debug)]
pub(super) struct RestorePartitions;

impl PhysicalOptimizerRule for RestorePartitions {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| match brought_together(&plan)? {
            Some(input) => replace_children_if_necessary(plan, vec![input]).map(Transformed::yes),
            None => Ok(Transformed::no(plan)),
        })
        .data()
    }

    fn name(&self) -> &str {
        "restore_partitions"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The one input of an operator in one partition; none where the operator can do with it as it is.
fn brought_together(plan: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let [input] = plan.children()[..] else {
        return Ok(None);
    };
    let options = ChildSatisfactionOptions::new().with_allow_subset(true);
    let wanted = plan.input_distribution_requirements();
    if wanted
        .child_satisfaction(0, input.as_ref(), options)?
        .is_satisfied()
    {
        return Ok(None);
    }
    let order = plan.required_input_ordering().into_iter().next().flatten();
    let input = Arc::clone(input);
    Ok(Some(match order {
        Some(order) => {
            let order = order.into_single().into();
            Arc::new(SortPreservingMergeExec::new(order, input))
        }
        None => Arc::new(CoalescePartitionsExec::new(input)),
    }))
}
