//! The optimizer rule that plans joins on a similarity.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{JoinType, NullEquality, Statistics};
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExprRef;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{
    HashJoinExec, JoinOn, NestedLoopJoinExec, SortMergeJoinExec,
};
use datafusion::physical_plan::{
    ExecutionPlan, ExecutionPlanProperties, StatisticsArgs, StatisticsContext, displayable,
};

use super::cost;
use super::exec::SimilarityJoinExec;
use super::keys;
use super::parts::{Build, Parts};
use super::recognize::recognize;
use super::setting::TributaryOptions;

/// Plans joins whose filter has a similarity as [`SimilarityJoinExec`].
#[derive(Debug)]
pub(crate) struct SimilarityJoins;

impl PhysicalOptimizerRule for SimilarityJoins {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if !TributaryOptions::of(config).similarity_join {
            return Ok(plan);
        }
        plan.transform_up(|plan| {
            Ok(match planned(&plan)? {
                Some(join) => Transformed::yes(join),
                None => Transformed::no(plan),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "similarity_joins"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn planned(plan: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(join) = Planned::of(plan) else {
        return Ok(None);
    };
    if join.left.boundedness().is_unbounded() {
        return Ok(None);
    }
    let (left, right) = (join.left.schema(), join.right.schema());
    let Some(recognized) = recognize(join.filter, &left, &right)? else {
        return Ok(None);
    };
    let (left, right) = (statistics(join.left)?, statistics(join.right)?);
    let right_is_bounded = !join.right.boundedness().is_unbounded();
    let Some(build) = cost::side_to_build(&left, &right, &join.on) else {
        return Ok(None);
    };
    let mirror =
        right_is_bounded && left.num_rows == right.num_rows && look_alike(join.left, join.right);
    let build = if mirror || !right_is_bounded {
        Build::Left
    } else {
        build
    };
    let join = SimilarityJoinExec::try_new(Parts {
        left: Arc::clone(join.left),
        right: Arc::clone(join.right),
        join_type: join.join_type,
        on: join.on,
        null_equality: join.null_equality,
        similarity: recognized.similarity,
        filter: recognized.filter,
        projection: join.projection,
        mirror,
        build,
    })?;
    Ok(Some(Arc::new(join)))
}

/// A join as DataFusion planned it.
struct Planned<'a> {
    left: &'a Arc<dyn ExecutionPlan>,
    right: &'a Arc<dyn ExecutionPlan>,
    join_type: JoinType,
    on: JoinOn,
    null_equality: NullEquality,
    filter: &'a JoinFilter,
    projection: Option<Vec<usize>>,
}

impl<'a> Planned<'a> {
    fn of(plan: &'a Arc<dyn ExecutionPlan>) -> Option<Self> {
        if let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>() {
            return Some(Self {
                left: join.left(),
                right: join.right(),
                join_type: *join.join_type(),
                on: Vec::new(),
                null_equality: NullEquality::NullEqualsNothing,
                filter: join.filter()?,
                projection: join.projection().as_deref().map(<[usize]>::to_vec),
            });
        }
        if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
            // NOT IN asks more of NULLs than equality does.
            if join.null_aware || join.fetch().is_some() || !has_same_types(join.on(), plan) {
                return None;
            }
            return Some(Self {
                left: join.left(),
                right: join.right(),
                join_type: *join.join_type(),
                on: join.on().to_vec(),
                null_equality: join.null_equality(),
                filter: join.filter()?,
                projection: join.projection.as_deref().map(<[usize]>::to_vec),
            });
        }
        let join = plan.downcast_ref::<SortMergeJoinExec>()?;
        // What follows may count on the order in which this join gives out its rows.
        if plan.properties().output_ordering().is_some() || !has_same_types(join.on(), plan) {
            return None;
        }
        Some(Self {
            left: join.left(),
            right: join.right(),
            join_type: join.join_type(),
            on: join.on().to_vec(),
            null_equality: join.null_equality(),
            filter: join.filter().as_ref()?,
            projection: None,
        })
    }
}

/// Whether the keys of both sides have the same types, so that equal ones have equal bytes.
fn has_same_types(
    on: &[(PhysicalExprRef, PhysicalExprRef)],
    plan: &Arc<dyn ExecutionPlan>,
) -> bool {
    let children = plan.children();
    let [left, right] = children.as_slice() else {
        return false;
    };
    let (left, right) = (left.schema(), right.schema());
    on.iter().all(|(left_key, right_key)| {
        match (left_key.data_type(&left), right_key.data_type(&right)) {
            (Ok(left), Ok(right)) => left == right && keys::are_supported(&left),
            _ => false,
        }
    })
}

fn statistics(plan: &Arc<dyn ExecutionPlan>) -> Result<Arc<Statistics>> {
    StatisticsContext::new().compute(plan.as_ref(), &StatisticsArgs::new())
}

/// Whether two plans look as if they read the same rows. Whether they do shows when they run.
fn look_alike(left: &Arc<dyn ExecutionPlan>, right: &Arc<dyn ExecutionPlan>) -> bool {
    let shown =
        |plan: &Arc<dyn ExecutionPlan>| displayable(plan.as_ref()).indent(false).to_string();
    shown(left) == shown(right)
}
