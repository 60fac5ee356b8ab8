//! Sorts of inner queries whose order is seen.
//!
//! A logical plan has no others left (`session/inner_orders.rs`). DataFusion takes a sort for one that nobody wants
//! where none of the columns is left that it is by, although its rows are numbered above that, or the first ones
//! left out; and it hands rows about among cores then, behind which they are in no order. Rows of functions are kept
//! from that, too (`given_rows.rs`).

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::physical_expr::{Distribution, OrderingRequirements};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::output_requirements::OutputRequirementExec;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::sorts::sort::SortExec;

use super::given_rows;

type Rule = Arc<dyn PhysicalOptimizerRule + Send + Sync>;

/// Operators that leave rows in the order in which a query answers with them.
const OF_ANSWERS: [&str; 3] = [
    "GlobalLimitExec",
    "OutputRequirementExec",
    "ScalarSubqueryExec",
];

/// These rules, of which the one that leaves out sorts keeps the order of each sort, as it does for that of the
/// whole query. DataFusion's last rule about outputs takes back what tells it so.
pub(super) fn guard(rules: Vec<Rule>) -> Vec<Rule> {
    let guarded = rules.into_iter().map(|rule| match rule.name() {
        "EnsureRequirements" => Arc::new(KeepsSorts(rule)) as Rule,
        _ => rule,
    });
    guarded.collect()
}

#[derive(Debug)]
struct KeepsSorts(Rule);

impl PhysicalOptimizerRule for KeepsSorts {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let few = config.execution.batch_size.get();
        let in_order = sorts_within(&plan, few)? || given_rows::are_in_order(&plan, few);
        let plan = plan.transform_up(|plan| {
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
        });
        let plan = plan.data()?;
        if !in_order {
            return self.0.optimize(plan, config);
        }
        let mut config = config.clone();
        config.optimizer.enable_round_robin_repartition = false;
        self.0.optimize(plan, &config)
    }

    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema_check(&self) -> bool {
        self.0.schema_check()
    }
}

/// Whether rows that may be more than `few` are sorted before what a query answers with is computed of them: fewer
/// are never handed about.
fn sorts_within(plan: &Arc<dyn ExecutionPlan>, few: usize) -> Result<bool> {
    let mut sorts = 0;
    plan.apply(|plan| {
        sorts += usize::from(sorts_many(plan, few));
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(sorts > usize::from(sorts_answer(plan, few)))
}

fn sorts_many(plan: &Arc<dyn ExecutionPlan>, few: usize) -> bool {
    let sort = plan.downcast_ref::<SortExec>();
    sort.is_some_and(|sort| sort.fetch().is_none_or(|rows| rows > few))
}

/// Whether a query answers with the rows of such a sort, of which columns are computed at most once.
fn sorts_answer(plan: &Arc<dyn ExecutionPlan>, few: usize) -> bool {
    let mut node = plan;
    let mut has_computed = false;
    loop {
        if sorts_many(node, few) {
            return true;
        }
        let computes = node.is::<ProjectionExec>() && !has_computed;
        if !computes && !OF_ANSWERS.contains(&node.name()) {
            return false;
        }
        has_computed |= computes;
        match node.children().first().copied() {
            Some(input) => node = input,
            None => return false,
        }
    }
}
