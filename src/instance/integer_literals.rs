//! Integer literals of the types that PostgreSQL reads them as, where `sql/integer_literals.rs` has
//! marked them.

use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::BinaryOperator;

use crate::sql::integer_literals::OPERATOR;

/// The most digits of an integer of 64 bits without a sign.
const UNSIGNED_DIGITS: u8 = 20;

/// The planner.
#[derive(Debug)]
pub(super) struct IntegerLiterals;

impl ExprPlanner for IntegerLiterals {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        _: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        let is_marked = matches!(
            &expr.op,
            BinaryOperator::PGCustomBinaryOperator(name) if name.iter().eq(OPERATOR)
        );
        if !is_marked {
            return Ok(PlannerResult::Original(expr));
        }
        Ok(PlannerResult::Planned(match expr.left {
            Expr::Literal(value, metadata) => Expr::Literal(of_postgres(value), metadata),
            other => other,
        }))
    }
}

/// The literal that the planner has read, of the type that it has in PostgreSQL.
fn of_postgres(value: ScalarValue) -> ScalarValue {
    match value {
        ScalarValue::Int64(Some(number)) => match i32::try_from(number) {
            Ok(number) => number.into(),
            Err(_) => number.into(),
        },
        ScalarValue::UInt64(Some(number)) => {
            ScalarValue::Decimal128(Some(number.into()), UNSIGNED_DIGITS, 0)
        }
        other => other,
    }
}
