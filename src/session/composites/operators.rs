//! Comparisons of rows of composite types with literals and with records.

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable as _, cast};
use datafusion::sql::sqlparser::ast::BinaryOperator;
use tributary_udfs::composites::CompositeKind;

/// What stands beside a row is of its type, which DataFusion finds for records alone.
#[derive(Debug)]
pub struct CompositeOperators;

impl ExprPlanner for CompositeOperators {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
        if !matches!(expr.op, Eq | NotEq | Lt | LtEq | Gt | GtEq) {
            return Ok(PlannerResult::Original(expr));
        }
        let RawBinaryExpr { op, left, right } = expr;
        let of_row = |value: &Expr| {
            let own = value.get_type(schema).ok()?;
            CompositeKind::of(&own).is_some().then_some(own)
        };
        let (left, right) = match (of_row(&left), of_row(&right)) {
            (Some(of), None) if takes_type(&right, &of, schema) => (left, cast(right, of)),
            (None, Some(of)) if takes_type(&left, &of, schema) => (cast(left, of), right),
            _ => (left, right),
        };
        Ok(PlannerResult::Original(RawBinaryExpr { op, left, right }))
    }
}

/// Whether a value is a literal, a parameter or a record, which are of the type that stands beside them.
fn takes_type(value: &Expr, beside: &DataType, schema: &DFSchema) -> bool {
    match value {
        Expr::Placeholder(_) => true,
        Expr::Literal(literal, _) => literal.is_null() || literal.try_as_str().is_some(),
        other => {
            let own = other.get_type(schema);
            matches!(
                (own, beside),
                (Ok(DataType::Struct(_)), DataType::Struct(_))
            )
        }
    }
}
