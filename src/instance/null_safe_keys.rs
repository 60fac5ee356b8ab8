//! Joins in which NULL is NULL, said in such that it is not.
//!
//! A join says that of all its keys. DataFusion (as of version 55) makes keys of whatever equalities
//! come into a join's condition, and puts joins that stand side by side together, so that `a = b` of a
//! `WHERE` would find NULL equal to NULL. So keys that may be NULL become two: a value that stands for
//! NULL, and whether it is NULL.

use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, JoinType, NullEquality};
use datafusion::error::Result;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, ExprSchemable as _, Join, LogicalPlan, lit};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use datafusion::scalar::ScalarValue;

/// The rule. It comes first, before those that make keys of conditions.
#[derive(Debug)]
pub(super) struct NullSafeKeys;

impl OptimizerRule for NullSafeKeys {
    fn name(&self) -> &str {
        "null_safe_keys"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Join(join) = plan else {
            return Ok(Transformed::no(plan));
        };
        if !may_get_keys(&join) {
            return Ok(Transformed::no(LogicalPlan::Join(join)));
        }
        let mut on = Vec::with_capacity(join.on.len());
        for (left, right) in &join.on {
            match null_safe(left, right, &join)? {
                Some(pairs) => on.extend(pairs),
                None => return Ok(Transformed::no(LogicalPlan::Join(join))),
            }
        }
        Ok(Transformed::yes(LogicalPlan::Join(Join {
            on,
            null_equality: NullEquality::NullEqualsNothing,
            ..join
        })))
    }
}

/// Whether other conditions may become keys of a join in which NULL is NULL.
fn may_get_keys(join: &Join) -> bool {
    let is_outer = matches!(
        join.join_type,
        JoinType::Left | JoinType::Right | JoinType::Full
    );
    join.null_equality == NullEquality::NullEqualsNull
        && !join.on.is_empty()
        && (join.join_type == JoinType::Inner || is_outer && join.filter.is_some())
}

/// Keys that are equal where these are, or both NULL; none where no value can stand for NULL.
fn null_safe(left: &Expr, right: &Expr, join: &Join) -> Result<Option<Vec<(Expr, Expr)>>> {
    let (of_left, of_right) = (join.left.schema(), join.right.schema());
    let may_be_null = left.nullable(of_left)? && right.nullable(of_right)?;
    if !may_be_null {
        return Ok(Some(vec![(left.clone(), right.clone())]));
    }
    let or_else = |key: &Expr, side: &DFSchema| -> Result<Expr> {
        let value = ScalarValue::new_default(&key.get_type(side)?)?;
        Ok(coalesce(vec![key.clone(), lit(value)]))
    };
    let (Ok(left_value), Ok(right_value)) = (or_else(left, of_left), or_else(right, of_right))
    else {
        return Ok(None);
    };
    Ok(Some(vec![
        (left_value, right_value),
        (left.clone().is_null(), right.clone().is_null()),
    ]))
}
