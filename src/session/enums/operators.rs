//! Operators of arrays whose items are of an enum type: they compare texts.

use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Cast, Expr};
use datafusion::sql::sqlparser::ast::BinaryOperator;
use tributary_udfs::enums::{self, EnumKind};

use super::expressions::is_unknown;

/// `@>`, `<@` and `&&`, which DataFusion plans for items of equal types alone.
#[derive(Debug)]
pub struct EnumOperators;

impl ExprPlanner for EnumOperators {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        let is_of_arrays = matches!(
            expr.op,
            BinaryOperator::AtArrow | BinaryOperator::ArrowAt | BinaryOperator::PGOverlap
        );
        if !is_of_arrays {
            return Ok(PlannerResult::Original(expr));
        }
        let kind = EnumKind::of(&expr.left, schema).or_else(|| EnumKind::of(&expr.right, schema));
        let Some(kind) = kind.filter(|kind| kind.is_array) else {
            return Ok(PlannerResult::Original(expr));
        };
        let texts = |value: Expr| match is_unknown(&value) {
            true => {
                let read = Cast::new_from_field(Box::new(value), kind.field(""));
                enums::text(Expr::Cast(read))
            }
            false => enums::text(value),
        };
        Ok(PlannerResult::Original(RawBinaryExpr {
            op: expr.op,
            left: texts(expr.left),
            right: texts(expr.right),
        }))
    }
}
