//! `@>` and `<@` of arrays of several dimensions, whose elements are those of all of them.

use datafusion::common::DFSchema;
use datafusion::common::utils::list_ndims;
use datafusion::error::Result;
use datafusion::functions_nested::expr_fn::array_has_all;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable};
use datafusion::sql::sqlparser::ast::BinaryOperator;
use tributary_udfs::postgres::array_leaves;

/// The planner.
#[derive(Debug)]
pub(super) struct NestedArrays;

impl ExprPlanner for NestedArrays {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        if !matches!(expr.op, BinaryOperator::AtArrow | BinaryOperator::ArrowAt) {
            return Ok(PlannerResult::Original(expr));
        }
        let dimensions = |side: &Expr| side.get_type(schema).map(|it| list_ndims(&it));
        let (left, right) = (dimensions(&expr.left)?, dimensions(&expr.right)?);
        if left.min(right) == 0 || left.max(right) == 1 {
            return Ok(PlannerResult::Original(expr));
        }
        let leaves = |side: Expr| array_leaves().call(vec![side]);
        let (left, right) = (leaves(expr.left), leaves(expr.right));
        Ok(PlannerResult::Planned(match expr.op {
            BinaryOperator::ArrowAt => array_has_all(right, left),
            _ => array_has_all(left, right),
        }))
    }
}
