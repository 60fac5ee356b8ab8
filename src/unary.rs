//! Operators of one input, of whose rows theirs are.
//!
//! Such an operator says by [`Unary`] what is its own. What it has in common with the others, among them
//! that it keeps its input's partitions, is [`UnaryExec`].

use std::fmt;
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Statistics, internal_err};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::Distribution;
use datafusion::physical_plan::execution_plan::CardinalityEffect;
use datafusion::physical_plan::filter_pushdown::{
    ChildFilterDescription, FilterDescription, FilterPushdownPhase,
};
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::{
    ChildStats, DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties,
    StatisticsArgs,
};

/// What an operator adds to its input.
pub(crate) trait Unary: fmt::Debug + Clone + Send + Sync + 'static {
    /// The operator's name in plans.
    const NAME: &'static str;

    /// Whether rows stay in the order of the input.
    const KEEPS_ORDER: bool = true;

    /// Whether rows are known to be those of the input, so that limits may be moved below the operator
    /// and statistics are the input's.
    const IS_TRANSPARENT: bool = false;

    /// Its own over another input: a rule has replaced it, or the plan is run once more.
    fn over(&self, _: &Arc<dyn ExecutionPlan>) -> Result<Self> {
        Ok(self.clone())
    }

    /// What is known of its rows.
    fn properties(&self, input: &Arc<dyn ExecutionPlan>) -> Arc<PlanProperties> {
        Arc::clone(input.properties())
    }

    /// How rows are to be distributed among the partitions of the input.
    fn distribution(&self) -> Distribution {
        Distribution::UnspecifiedDistribution
    }

    /// Looks at the expressions that it computes.
    fn expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    /// Which filters on its rows may be moved to the input.
    fn filters(
        &self,
        filters: &[Arc<dyn PhysicalExpr>],
        _: &Arc<dyn ExecutionPlan>,
    ) -> Result<ChildFilterDescription> {
        Ok(ChildFilterDescription::all_unsupported(filters))
    }

    /// Its line in plans.
    fn display(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAME)
    }

    /// Its rows of a partition.
    fn execute(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        input.execute(partition, context)
    }

    /// What was measured as it ran.
    fn metrics(&self) -> Option<MetricsSet> {
        None
    }
}

/// An operator of one input.
#[derive(Debug)]
pub(crate) struct UnaryExec<T> {
    pub(crate) input: Arc<dyn ExecutionPlan>,
    pub(crate) own: T,
    properties: Arc<PlanProperties>,
}

impl<T: Unary> UnaryExec<T> {
    pub(crate) fn new(input: Arc<dyn ExecutionPlan>, own: T) -> Self {
        let properties = own.properties(&input);
        Self {
            input,
            own,
            properties,
        }
    }
}

impl<T: Unary> DisplayAs for UnaryExec<T> {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.own.display(kind, f)
    }
}

impl<T: Unary> ExecutionPlan for UnaryExec<T> {
    fn name(&self) -> &str {
        T::NAME
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![self.own.distribution()]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![T::KEEPS_ORDER]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        look: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.own.expressions(look)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match children.as_slice() {
            [input] => {
                let own = self.own.over(input)?;
                Ok(Arc::new(Self::new(Arc::clone(input), own)))
            }
            _ => internal_err!("{} has one input", T::NAME),
        }
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        self.own.execute(&self.input, partition, context)
    }

    fn metrics(&self) -> Option<MetricsSet> {
        self.own.metrics()
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![match T::IS_TRANSPARENT {
            true => ChildStats::At(partition),
            false => ChildStats::Skip,
        }]
    }

    fn statistics_from_inputs(
        &self,
        inputs: &[Arc<Statistics>],
        _: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        match inputs {
            [input] if T::IS_TRANSPARENT => Ok(Arc::clone(input)),
            _ => Ok(Arc::new(Statistics::new_unknown(&self.schema()))),
        }
    }

    fn supports_limit_pushdown(&self) -> bool {
        T::IS_TRANSPARENT
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        match T::IS_TRANSPARENT {
            true => CardinalityEffect::Equal,
            false => CardinalityEffect::Unknown,
        }
    }

    fn gather_filters_for_pushdown(
        &self,
        _: FilterPushdownPhase,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        _: &ConfigOptions,
    ) -> Result<FilterDescription> {
        let passed = self.own.filters(&filters, &self.input)?;
        Ok(FilterDescription::new().with_child(passed))
    }
}
