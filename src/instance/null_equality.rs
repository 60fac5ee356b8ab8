//! Keeps two of DataFusion's rules from joins that take NULL for equal to NULL.
//!
//! Such a join says so of all its keys. `extract_equijoin_predicate` would add to them what a filter
//! compares by `=`, which NULLs do not pass, and `eliminate_cross_join` would put the keys of several
//! joins into one, of which only one may be of that kind.

use std::sync::Arc;

use datafusion::common::NullEquality;
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::error::Result;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{Optimizer, OptimizerConfig, OptimizerRule};

type Rule = Arc<dyn OptimizerRule + Send + Sync>;

/// DataFusion's rules, with these two guarded.
pub(super) fn optimizer_rules() -> Vec<Rule> {
    let rules = Optimizer::new().rules.into_iter();
    rules
        .map(|rule| match rule.name() {
            "extract_equijoin_predicate" => Guarded::by(rule, would_mix_keys),
            "eliminate_cross_join" => Guarded::by(rule, has_equal_nulls),
            _ => rule,
        })
        .collect()
}

/// A rule that is kept from some plans.
#[derive(Debug)]
struct Guarded {
    rule: Rule,
    is_refused: fn(&LogicalPlan) -> bool,
}

impl Guarded {
    fn by(rule: Rule, is_refused: fn(&LogicalPlan) -> bool) -> Rule {
        Arc::new(Self { rule, is_refused })
    }
}

impl OptimizerRule for Guarded {
    fn name(&self) -> &str {
        self.rule.name()
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.rule.apply_order()
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        match (self.is_refused)(&plan) {
            true => Ok(Transformed::no(plan)),
            false => self.rule.rewrite(plan, config),
        }
    }
}

/// Whether a join has a condition beside keys of which NULLs are equal.
fn would_mix_keys(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Join(join) => {
            join.null_equality == NullEquality::NullEqualsNull && join.filter.is_some()
        }
        _ => false,
    }
}

fn has_equal_nulls(plan: &LogicalPlan) -> bool {
    let is_one = |node: &LogicalPlan| match node {
        LogicalPlan::Join(join) => join.null_equality == NullEquality::NullEqualsNull,
        _ => false,
    };
    plan.exists(|node| Ok(is_one(node))).unwrap_or(true)
}
