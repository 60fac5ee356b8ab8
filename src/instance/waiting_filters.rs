//! Keeps joins from waiting for each other's filters without end.
//!
//! A hash join tells the scan of its other side which keys it has, once all its partitions have told
//! theirs. A join by partitions that has no rows in one of them does not ask its other side for that
//! one; where another hash join stands there, its partitions that are asked would wait for the one that
//! is not. Nor are scans told of keys that are lists or rows, whose bounds are not what they seem.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};

type Rule = Arc<dyn PhysicalOptimizerRule + Send + Sync>;

/// Operators that ask all partitions of what is below them, whichever of their own are asked.
const ASK_ALL: [&str; 3] = [
    "RepartitionExec",
    "CoalescePartitionsExec",
    "SortPreservingMergeExec",
];

/// DataFusion's rules, of which the one that gives scans the filters of joins leaves such plans alone.
pub(super) fn physical_optimizer_rules() -> Vec<Rule> {
    let rules = PhysicalOptimizer::new().rules.into_iter();
    rules
        .map(|rule| match rule.name() {
            "FilterPushdown(Post)" => Arc::new(WithoutWaiting(rule)) as Rule,
            _ => rule,
        })
        .collect()
}

#[derive(Debug)]
struct WithoutWaiting(Rule);

impl PhysicalOptimizerRule for WithoutWaiting {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if !may_wait(&plan) && !has_nested_keys(&plan) {
            return self.0.optimize(plan, config);
        }
        let mut config = config.clone();
        config.optimizer.enable_join_dynamic_filter_pushdown = false;
        self.0.optimize(plan, &config)
    }

    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema_check(&self) -> bool {
        self.0.schema_check()
    }
}

/// Whether a hash join stands on the other side of one by partitions, and has the same ones.
fn may_wait(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let is_here = as_hash_join(plan).is_some_and(|join| {
        *join.partition_mode() != PartitionMode::CollectLeft && has_join(join.right())
    });
    is_here || plan.children().into_iter().any(may_wait)
}

/// Whether a hash join has a key of parts: of such values DataFusion tells a least and a greatest one
/// that are none.
fn has_nested_keys(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let is_here = as_hash_join(plan).is_some_and(|join| {
        let schema = join.left().schema();
        let mut keys = join.on().iter();
        keys.any(|(key, _)| key.data_type(&schema).is_ok_and(|it| it.is_nested()))
    });
    is_here || plan.children().into_iter().any(has_nested_keys)
}

fn has_join(plan: &Arc<dyn ExecutionPlan>) -> bool {
    if ASK_ALL.contains(&plan.name()) {
        return false;
    }
    as_hash_join(plan).is_some() || plan.children().into_iter().any(has_join)
}

fn as_hash_join(plan: &Arc<dyn ExecutionPlan>) -> Option<&HashJoinExec> {
    plan.as_ref().downcast_ref::<HashJoinExec>()
}
