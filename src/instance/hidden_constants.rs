//! Keeps the optimizer from taking for constant what is so before an operator and not behind it.
//!
//! DataFusion knows of the rows of each operator which columns have one value, and leaves them out of
//! what rows are sorted by. It goes on to believe so where values become NULL: in the rows of an outer
//! join that have no partner, and in the groups of `ROLLUP`, `CUBE` and `GROUPING SETS`. The branches
//! of a union may have a constant each; what is the greatest so far in one of them says nothing about
//! another one then.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{JoinType, Statistics, internal_err};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::execution_plan::CardinalityEffect;
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterDescription, FilterPushdownPhase, FilterPushdownPropagation,
};
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec, SortMergeJoinExec};
use datafusion::physical_plan::union::{InterleaveExec, UnionExec};
use datafusion::physical_plan::{
    ChildStats, DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties,
    StatisticsArgs, replace_children_if_necessary,
};

/// Hides constants where values may become others; to be among the first rules.
#[derive(Debug)]
pub(super) struct HideConstants;

impl PhysicalOptimizerRule for HideConstants {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            if plan.as_ref().is::<UnionExec>() || plan.as_ref().is::<InterleaveExec>() {
                return Ok(Transformed::yes(Arc::new(VariesExec::new(plan)) as _));
            }
            let varies = becoming_null(plan.as_ref());
            if !varies.contains(&true) {
                return Ok(Transformed::no(plan));
            }
            let children = plan.children().into_iter().zip(varies);
            let children = children.map(|(child, varies)| match varies {
                true => Arc::new(VariesExec::new(Arc::clone(child))) as _,
                false => Arc::clone(child),
            });
            let children: Vec<Arc<dyn ExecutionPlan>> = children.collect();
            replace_children_if_necessary(Arc::clone(&plan), children).map(Transformed::yes)
        })
        .data()
    }

    fn name(&self) -> &str {
        "hide_constants"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Of which inputs an operator's rows may have NULL in the place of values.
fn becoming_null(plan: &dyn ExecutionPlan) -> Vec<bool> {
    if let Some(aggregate) = plan.downcast_ref::<AggregateExec>() {
        return vec![aggregate.group_expr().has_grouping_set()];
    }
    let hash = plan.downcast_ref::<HashJoinExec>();
    let hash = hash.map(|join| *join.join_type());
    let loops = plan.downcast_ref::<NestedLoopJoinExec>();
    let loops = loops.map(|join| *join.join_type());
    let merge = plan.downcast_ref::<SortMergeJoinExec>();
    let merge = merge.map(SortMergeJoinExec::join_type);
    match hash.or(loops).or(merge) {
        Some(JoinType::Left) => vec![false, true],
        Some(JoinType::Right) => vec![true, false],
        Some(JoinType::Full) => vec![true, true],
        _ => Vec::new(),
    }
}

/// Its input, of which no order is known, nor any column to be constant.
#[derive(Debug)]
struct VariesExec {
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl VariesExec {
    fn new(input: Arc<dyn ExecutionPlan>) -> Self {
        let equivalences = EquivalenceProperties::new(input.schema());
        let properties = PlanProperties::clone(input.properties());
        let properties = Arc::new(properties.with_eq_properties(equivalences));
        Self { input, properties }
    }
}

impl DisplayAs for VariesExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl ExecutionPlan for VariesExec {
    fn name(&self) -> &str {
        "VariesExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    /// Else what rows are sorted by would be moved to where it is taken for constant.
    fn maintains_input_order(&self) -> Vec<bool> {
        vec![false]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match children.as_slice() {
            [input] => Ok(Arc::new(Self::new(Arc::clone(input)))),
            _ => internal_err!("VariesExec has one input"),
        }
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(
        &self,
        inputs: &[Arc<Statistics>],
        _: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        match inputs {
            [input] => Ok(Arc::clone(input)),
            _ => internal_err!("VariesExec has one input"),
        }
    }

    fn supports_limit_pushdown(&self) -> bool {
        true
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::Equal
    }

    fn gather_filters_for_pushdown(
        &self,
        _: FilterPushdownPhase,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        _: &ConfigOptions,
    ) -> Result<FilterDescription> {
        FilterDescription::from_children(filters, &self.children())
    }

    fn handle_child_pushdown_result(
        &self,
        _: FilterPushdownPhase,
        found: ChildPushdownResult,
        _: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        Ok(FilterPushdownPropagation::if_all(found))
    }
}
