//! Items of a list that are no constants are compared one by one: `a IN (1, CASE b WHEN 1 THEN c END)`.
//!
//! DataFusion takes for constants what gives one value for a batch without rows. So does a `CASE`, and it
//! is NULL then, whatever it is for the rows.

use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::utils::disjunction;
use datafusion::logical_expr::{Expr, LogicalPlan, Operator, binary_expr, in_list, not};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use tributary_udfs::rewrite_parts;

/// Compares such items; to be the last rule, for others make `CASE` of other forms.
#[derive(Debug)]
pub(super) struct CompareItems;

impl OptimizerRule for CompareItems {
    fn name(&self) -> &str {
        "compare_items"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        rewrite_parts(plan, |part| Ok(compared(part)))
    }
}

fn compared(expression: Expr) -> Transformed<Expr> {
    let Expr::InList(list) = expression else {
        return Transformed::no(expression);
    };
    // A value that is another one each time is computed once.
    if list.list.iter().all(is_constant) || list.expr.is_volatile() {
        return Transformed::no(Expr::InList(list));
    }
    let InList {
        expr,
        list,
        negated,
    } = list;
    let (constants, others): (Vec<Expr>, Vec<Expr>) = list.into_iter().partition(is_constant);
    let value = || expr.as_ref().clone();
    let among = (!constants.is_empty()).then(|| in_list(value(), constants, false));
    let equal = others
        .into_iter()
        .map(|item| binary_expr(value(), Operator::Eq, item));
    let found = disjunction(among.into_iter().chain(equal));
    let found = found.unwrap_or_else(|| in_list(value(), Vec::new(), false));
    Transformed::yes(match negated {
        true => not(found),
        false => found,
    })
}

/// Whether an expression reads no columns.
fn is_constant(expression: &Expr) -> bool {
    expression.column_refs().is_empty()
}
