//! Sorts that a plan lacks.
//!
//! DataFusion leaves columns that have one value out of what rows are sorted by, and moves sorts below
//! joins and unions, behind which it no longer knows that a column has one value. Its check of the
//! finished plan then refuses a query that is right.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::physical_expr::LexOrdering;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{
    ExecutionPlan, ExecutionPlanProperties as _, replace_children_if_necessary,
};

/// Sorts the rows of each operator that wants them in an order which they are not known to have; to be
/// the last rule before the check of the plan.
#[derive(Debug)]
pub(super) struct RestoreSorts;

impl PhysicalOptimizerRule for RestoreSorts {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| match with_sorted_inputs(&plan)? {
            Some(children) => replace_children_if_necessary(plan, children).map(Transformed::yes),
            None => Ok(Transformed::no(plan)),
        })
        .data()
    }

    fn name(&self) -> &str {
        "restore_sorts"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The inputs of an operator, in the orders that it wants; none where they have them.
fn with_sorted_inputs(
    plan: &Arc<dyn ExecutionPlan>,
) -> Result<Option<Vec<Arc<dyn ExecutionPlan>>>> {
    let mut wanted = plan.required_input_ordering().into_iter();
    let mut is_other = false;
    let mut inputs = Vec::new();
    for input in plan.children() {
        let order = wanted.next().flatten().map(|order| order.into_single());
        let sorted = match order {
            Some(order)
                if !input
                    .equivalence_properties()
                    .ordering_satisfy_requirement(order.clone())? =>
            {
                is_other = true;
                sort(input, order.into())
            }
            _ => Arc::clone(input),
        };
        inputs.push(sorted);
    }
    Ok(is_other.then_some(inputs))
}

/// The rows of each partition in an order.
fn sort(input: &Arc<dyn ExecutionPlan>, order: LexOrdering) -> Arc<dyn ExecutionPlan> {
    let has_several = input.output_partitioning().partition_count() > 1;
    let sort = SortExec::new(order, Arc::clone(input));
    Arc::new(sort.with_preserve_partitioning(has_several))
}
