//! What an aggregate is ordered by several times orders it once: `first_value(b ORDER BY id, b, id)`.
//!
//! DataFusion leaves the repeated keys out of the order and gives the aggregate their values nevertheless,
//! which finds more values than keys then. `DISTINCT ON` becomes such aggregates.

use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

/// Leaves repeated keys out of the orders of aggregates.
#[derive(Debug)]
pub(super) struct OrderOnce;

impl OptimizerRule for OrderOnce {
    fn name(&self) -> &str {
        "order_once"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Aggregate(mut aggregate) = plan else {
            return Ok(Transformed::no(plan));
        };
        let mut is_changed = false;
        for call in &mut aggregate.aggr_expr {
            if let Some(other) = ordered_once(call) {
                *call = other;
                is_changed = true;
            }
        }
        let plan = LogicalPlan::Aggregate(aggregate);
        Ok(Transformed::new_transformed(plan, is_changed))
    }
}

/// A call of the same name without the keys that it repeats; none where it repeats none. Rows that are
/// equal by a key are so by it again, in whichever direction.
fn ordered_once(call: &Expr) -> Option<Expr> {
    let (relation, name) = call.qualified_name();
    let Expr::AggregateFunction(mut function) = call.clone().unalias() else {
        return None;
    };
    let order = std::mem::take(&mut function.params.order_by);
    let given = order.len();
    for key in order {
        let mut known = function.params.order_by.iter();
        if !known.any(|it| it.expr == key.expr) {
            function.params.order_by.push(key);
        }
    }
    if function.params.order_by.len() == given {
        return None;
    }
    Some(Expr::AggregateFunction(function).alias_qualified(relation, name))
}
