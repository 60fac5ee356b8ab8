//! Sorts of inner queries whose order is seen.
//!
//! A logical plan has no others left (`session/inner_orders.rs`). DataFusion takes a sort for one that nobody wants
//! where none of the columns is left that it is by, although its rows are numbered above that, or the first ones
//! left out.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::physical_expr::{Distribution, OrderingRequirements};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::output_requirements::OutputRequirementExec;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::sorts::sort::SortExec;

/// Has DataFusion keep the order of each sort, as it does for that of the whole query; to stand before the rule
/// that leaves out sorts. DataFusion's own last rule about outputs takes it back.
#[derive(Debug)]
pub(super) struct KeepSeenSorts;

impl PhysicalOptimizerRule for KeepSeenSorts {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            let order = match plan.downcast_ref::<SortExec>() {
                // The first rows of an order are kept as they are.
                Some(sort) if sort.fetch().is_none() && !sort.preserve_partitioning() => {
                    OrderingRequirements::from(sort.expr().clone())
                }
                _ => return Ok(Transformed::no(plan)),
            };
            let one = Distribution::SinglePartition;
            let kept = OutputRequirementExec::new(plan, Some(order), one, None);
            Ok(Transformed::yes(Arc::new(kept) as _))
        })
        .data()
    }

    fn name(&self) -> &str {
        "keep_seen_sorts"
    }

    fn schema_check(&self) -> bool {
        true
    }
}
