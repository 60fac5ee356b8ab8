//! Keeps the optimizer from taking for constant what is so before an operator and not behind it.
//!
//! DataFusion knows of the rows of each operator which columns have one value, and leaves them out of
//! what rows are sorted by. It goes on to believe so where values become NULL: in the rows of an outer
//! join that have no partner, and in the groups of `ROLLUP`, `CUBE` and `GROUPING SETS`. The branches
//! of a union may have a constant each; what is the greatest so far in one of them says nothing about
//! another one then.

use std::sync::Arc;

use datafusion::common::JoinType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::filter_pushdown::ChildFilterDescription;
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec, SortMergeJoinExec};
use datafusion::physical_plan::union::{InterleaveExec, UnionExec};
use datafusion::physical_plan::{
    ExecutionPlan, PhysicalExpr, PlanProperties, replace_children_if_necessary,
};

use crate::unary::{Unary, UnaryExec};

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
                return Ok(Transformed::yes(Arc::new(UnaryExec::new(plan, Varies)) as _));
            }
            let varies = becoming_null(plan.as_ref());
            if !varies.contains(&true) {
                return Ok(Transformed::no(plan));
            }
            let children = plan.children().into_iter().zip(varies);
            let children = children.map(|(child, varies)| match varies {
                true => Arc::new(UnaryExec::new(Arc::clone(child), Varies)) as _,
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

/// Has no order of its input's rows known, nor any column to be constant.
#[derive(Clone, Debug)]
struct Varies;

impl Unary for Varies {
    const NAME: &'static str = "VariesExec";

    /// Else what rows are sorted by would be moved to where it is taken for constant.
    const KEEPS_ORDER: bool = false;

    const IS_TRANSPARENT: bool = true;

    fn properties(&self, input: &Arc<dyn ExecutionPlan>) -> Arc<PlanProperties> {
        let equivalences = EquivalenceProperties::new(input.schema());
        let properties = PlanProperties::clone(input.properties());
        Arc::new(properties.with_eq_properties(equivalences))
    }

    fn filters(
        &self,
        filters: &[Arc<dyn PhysicalExpr>],
        input: &Arc<dyn ExecutionPlan>,
    ) -> Result<ChildFilterDescription> {
        ChildFilterDescription::from_child(filters, input)
    }
}
