//! Functions that wait, such as those that tell how large tables are or take locks, are computed of
//! rows in their order, and leave it.
//!
//! DataFusion computes them by an operator of their own, of which its optimizer believes that no order
//! outlives it: a sort below it was left out as of no use.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::internal_err;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::async_func::AsyncFuncExec;
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties as _, PhysicalExpr,
    PlanProperties, replace_children_if_necessary,
};

/// Has the optimizer know what [`AsyncFuncExec`] keeps; to be the first rule.
#[derive(Debug)]
pub(super) struct KeepOrderOfWaits;

impl PhysicalOptimizerRule for KeepOrderOfWaits {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            if !plan.as_ref().is::<AsyncFuncExec>() {
                return Ok(Transformed::no(plan));
            }
            Ok(Transformed::yes(Arc::new(WaitInOrderExec::new(plan)?) as _))
        })
        .data()
    }

    fn name(&self) -> &str {
        "keep_order_of_waits"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// An [`AsyncFuncExec`] that tells of what order its rows are: that of its input, whose columns are
/// its first ones.
#[derive(Debug)]
struct WaitInOrderExec {
    waiting: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl WaitInOrderExec {
    fn new(waiting: Arc<dyn ExecutionPlan>) -> Result<Self> {
        let [input] = waiting.children()[..] else {
            return internal_err!("functions that wait have one input");
        };
        let mut equivalences = EquivalenceProperties::new(waiting.schema());
        let orders = input.equivalence_properties().oeq_class().iter();
        equivalences.add_orderings(orders.cloned());
        let properties = PlanProperties::new(
            equivalences,
            input.output_partitioning().clone(),
            input.pipeline_behavior(),
            input.boundedness(),
        );
        Ok(Self {
            waiting,
            properties: Arc::new(properties),
        })
    }
}

impl DisplayAs for WaitInOrderExec {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.waiting.fmt_as(kind, f)
    }
}

impl ExecutionPlan for WaitInOrderExec {
    fn name(&self) -> &str {
        self.waiting.name()
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.waiting.children()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        look: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.waiting.apply_expressions(look)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let waiting = replace_children_if_necessary(Arc::clone(&self.waiting), children)?;
        Ok(Arc::new(Self::new(waiting)?))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        self.waiting.metrics()
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        self.waiting.execute(partition, context)
    }
}
