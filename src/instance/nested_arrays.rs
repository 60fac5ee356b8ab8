//! `@>` and `<@` of arrays of several dimensions, whose elements are those of all of them, and `||` of one and an
//! element, which goes into arrays of one dimension alone.

use datafusion::common::DFSchema;
use datafusion::common::utils::list_ndims;
use datafusion::error::Result;
use datafusion::functions_nested::expr_fn::array_has_all;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable};
use datafusion::sql::sqlparser::ast::BinaryOperator;
use tributary_udfs::FunctionError;
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
        use BinaryOperator::{ArrowAt, AtArrow, StringConcat};
        if !matches!(expr.op, AtArrow | ArrowAt | StringConcat) {
            return Ok(PlannerResult::Original(expr));
        }
        let dimensions = |side: &Expr| side.get_type(schema).map(|it| list_ndims(&it));
        if expr.op == StringConcat {
            // What has no type yet is told where it is planned.
            let (Ok(left), Ok(right)) = (dimensions(&expr.left), dimensions(&expr.right)) else {
                return Ok(PlannerResult::Original(expr));
            };
            let added = if left == 0 { &expr.left } else { &expr.right };
            return match left.min(right) == 0 && left.max(right) > 1 && is_element(added, schema) {
                true => Err(FunctionError {
                    sqlstate: "22000",
                    message: "argument must be empty or one-dimensional array".to_owned(),
                    hint: None,
                }
                .into()),
                false => Ok(PlannerResult::Original(expr)),
            };
        }
        let (left, right) = (dimensions(&expr.left)?, dimensions(&expr.right)?);
        if left.min(right) == 0 || left.max(right) == 1 {
            return Ok(PlannerResult::Original(expr));
        }
        let leaves = |side: Expr| array_leaves().call(vec![side]);
        let (left, right) = (leaves(expr.left), leaves(expr.right));
        Ok(PlannerResult::Planned(match expr.op {
            ArrowAt => array_has_all(right, left),
            _ => array_has_all(left, right),
        }))
    }
}

/// Whether what is no array is an element: a literal without a type, NULL and a parameter are arrays there.
fn is_element(value: &Expr, schema: &DFSchema) -> bool {
    let is_open = match value {
        Expr::Placeholder(_) => true,
        Expr::Literal(literal, _) => literal.is_null() || literal.data_type().is_string(),
        _ => false,
    };
    !is_open && value.get_type(schema).is_ok_and(|own| !own.is_null())
}
