//! Parameters and literals beside moments and intervals that nobody has told the types of: what is added
//! to a moment is an interval, and an interval is multiplied by a number. DataFusion takes parameters for
//! what they stand beside, and literals for texts.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, IntervalUnit};
use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Cast, Expr, ExprSchemable};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::BinaryOperator;

use crate::error::{Error, SqlState};

/// The planner. It is asked before those that look at types.
#[derive(Debug)]
pub(super) struct MomentOperands;

impl ExprPlanner for MomentOperands {
    fn plan_binary_op(
        &self,
        mut expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        let (place, beside, comes_first) = match (is_open(&expr.left), is_open(&expr.right)) {
            (true, false) => (&mut expr.left, &expr.right, true),
            (false, true) => (&mut expr.right, &expr.left, false),
            (false, false) if are_times_added(&expr, schema) => {
                let operands = "time without time zone + time without time zone";
                return Err(not_unique(operands).into());
            }
            _ => return Ok(PlannerResult::Original(expr)),
        };
        if let Ok(beside) = beside.get_type(schema)
            && let Some(data_type) = wanted(&expr.op, &beside, comes_first)?
        {
            *place = read(std::mem::take(place), data_type);
        }
        Ok(PlannerResult::Original(expr))
    }
}

/// Whether a time is added to a time, which either may be an interval for.
fn are_times_added(expr: &RawBinaryExpr, schema: &DFSchema) -> bool {
    let is_time = |operand: &Expr| matches!(operand.get_type(schema), Ok(DataType::Time64(_)));
    expr.op == BinaryOperator::Plus && is_time(&expr.left) && is_time(&expr.right)
}

fn is_open(operand: &Expr) -> bool {
    match operand {
        Expr::Placeholder(placeholder) => placeholder.field.is_none(),
        Expr::Literal(value, _) => matches!(value, ScalarValue::Utf8(Some(_))),
        _ => false,
    }
}

/// An operand as one of a type.
fn read(operand: Expr, data_type: DataType) -> Expr {
    match operand {
        Expr::Placeholder(mut placeholder) => {
            placeholder.field = Some(Arc::new(Field::new("", data_type, true)));
            Expr::Placeholder(placeholder)
        }
        literal => Expr::Cast(Cast::new(Box::new(literal), data_type)),
    }
}

/// The type that PostgreSQL finds for an operand beside a value of a type, where it is not that type.
fn wanted(
    operator: &BinaryOperator,
    beside: &DataType,
    comes_first: bool,
) -> Result<Option<DataType>> {
    use BinaryOperator::{Divide, Multiply, Plus};
    Ok(match (beside, operator) {
        (DataType::Interval(_), Multiply) => Some(DataType::Float64),
        (DataType::Interval(_), Divide) if !comes_first => Some(DataType::Float64),
        (DataType::Timestamp(..) | DataType::Time64(_), Plus) => {
            Some(DataType::Interval(IntervalUnit::MonthDayNano))
        }
        // A number of days, an interval and a time can be added to a date.
        (DataType::Date32, Plus) => {
            let operands = match comes_first {
                true => "unknown + date",
                false => "date + unknown",
            };
            return Err(not_unique(operands).into());
        }
        _ => None,
    })
}

fn not_unique(operands: &str) -> Error {
    Error::new(
        SqlState::AMBIGUOUS_FUNCTION,
        format!("operator is not unique: {operands}"),
    )
    .with_hint(
        "Could not choose a best candidate operator. You might need to add explicit type casts.",
    )
}
