//! Functions that wait, such as those that tell how large tables are or take locks, are computed of
//! rows in their order, and leave it.
//!
//! DataFusion computes them by an operator of their own, of which its optimizer believes that no order
//! outlives it: a sort below it was left out as of no use.

use std::fmt;
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
    DisplayFormatType, ExecutionPlan, ExecutionPlanProperties as _, PhysicalExpr, PlanProperties,
    replace_children_if_necessary,
};

use crate::unary::{Unary, UnaryExec};

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
            let [input] = plan.children()[..] else {
                return internal_err!("functions that wait have one input");
            };
            let (input, waits) = (Arc::clone(input), WaitInOrder(plan));
            Ok(Transformed::yes(Arc::new(UnaryExec::new(input, waits)) as _))
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
#[derive(Clone, Debug)]
struct WaitInOrder(Arc<dyn ExecutionPlan>);

impl Unary for WaitInOrder {
    const NAME: &'static str = "async_func";

    fn over(&self, input: &Arc<dyn ExecutionPlan>) -> Result<Self> {
        let children = vec![Arc::clone(input)];
        replace_children_if_necessary(Arc::clone(&self.0), children).map(Self)
    }

    fn properties(&self, input: &Arc<dyn ExecutionPlan>) -> Arc<PlanProperties> {
        let mut equivalences = EquivalenceProperties::new(self.0.schema());
        let orders = input.equivalence_properties().oeq_class().iter();
        equivalences.add_orderings(orders.cloned());
        Arc::new(PlanProperties::new(
            equivalences,
            input.output_partitioning().clone(),
            input.pipeline_behavior(),
            input.boundedness(),
        ))
    }

    fn expressions(
        &self,
        look: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.0.apply_expressions(look)
    }

    fn display(&self, kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as(kind, f)
    }

    fn execute(
        &self,
        _: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        self.0.execute(partition, context)
    }

    fn metrics(&self) -> Option<MetricsSet> {
        self.0.metrics()
    }
}
