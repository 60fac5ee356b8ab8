//! Operators between dates, timestamps, intervals and numbers, where PostgreSQL has others than
//! DataFusion.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, ExprSchemable, Operator, Volatility};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::calendar::{INTERVAL_QUOTIENT, INTERVAL_TIMES, TIMESTAMP_DIFFERENCE, TIMESTAMP_PLUS};
use super::days::Days;
use super::row_function::{Form, RowFunction};

/// Plans intervals times numbers, the difference of timestamps as an interval of days and hours,
/// the days between dates as an integer, a date and an interval as a timestamp, and a time of day beside a
/// timestamp as an interval.
#[derive(Debug)]
pub struct MomentArithmetic;

impl ExprPlanner for MomentArithmetic {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        let (Ok(left), Ok(right)) = (expr.left.get_type(schema), expr.right.get_type(schema))
        else {
            return Ok(PlannerResult::Original(expr));
        };
        let planned = match (&left, &expr.op, &right) {
            (DataType::Interval(_), BinaryOperator::Multiply, number) if number.is_numeric() => {
                call("interval_times", INTERVAL_TIMES, expr.left, expr.right)
            }
            (number, BinaryOperator::Multiply, DataType::Interval(_)) if number.is_numeric() => {
                call("interval_times", INTERVAL_TIMES, expr.right, expr.left)
            }
            (DataType::Interval(_), BinaryOperator::Divide, number) if number.is_numeric() => call(
                "interval_quotient",
                INTERVAL_QUOTIENT,
                expr.left,
                expr.right,
            ),
            (DataType::Timestamp(..), BinaryOperator::Minus, DataType::Timestamp(..))
            | (DataType::Timestamp(..), BinaryOperator::Minus, DataType::Date32)
            | (DataType::Date32, BinaryOperator::Minus, DataType::Timestamp(..)) => call(
                "timestamp_difference",
                TIMESTAMP_DIFFERENCE,
                expr.left,
                expr.right,
            ),
            // A parameter of no declared type is of the type of what it stands beside.
            (DataType::Timestamp(..), BinaryOperator::Minus, _) if is_open(&expr.right) => {
                let right = cast(expr.right, left.clone());
                call(
                    "timestamp_difference",
                    TIMESTAMP_DIFFERENCE,
                    expr.left,
                    right,
                )
            }
            (_, BinaryOperator::Minus, DataType::Timestamp(..)) if is_open(&expr.left) => {
                let left = cast(expr.left, right.clone());
                call(
                    "timestamp_difference",
                    TIMESTAMP_DIFFERENCE,
                    left,
                    expr.right,
                )
            }
            (DataType::Date32, BinaryOperator::Minus, DataType::Date32) => {
                Days::Between.call(expr.left, expr.right)
            }
            // A text without a type is of the type of what it stands beside.
            (DataType::Date32, BinaryOperator::Minus, text)
                if text.is_string() && is_literal(&expr.right) =>
            {
                Days::Between.call(expr.left, date(expr.right))
            }
            (text, BinaryOperator::Minus, DataType::Date32)
                if text.is_string() && is_literal(&expr.left) =>
            {
                Days::Between.call(date(expr.left), expr.right)
            }
            (DataType::Date32, BinaryOperator::Plus, days) if days.is_integer() => {
                Days::Later.call(expr.left, number(expr.right))
            }
            (days, BinaryOperator::Plus, DataType::Date32) if days.is_integer() => {
                Days::Later.call(expr.right, number(expr.left))
            }
            (DataType::Date32, BinaryOperator::Minus, days) if days.is_integer() => {
                Days::Earlier.call(expr.left, number(expr.right))
            }
            (DataType::Date32, BinaryOperator::Plus, DataType::Interval(_)) => {
                binary(timestamp(expr.left), Operator::Plus, expr.right)
            }
            (DataType::Date32, BinaryOperator::Minus, DataType::Interval(_)) => {
                binary(timestamp(expr.left), Operator::Minus, expr.right)
            }
            (DataType::Interval(_), BinaryOperator::Plus, DataType::Date32) => {
                binary(timestamp(expr.right), Operator::Plus, expr.left)
            }
            (DataType::Timestamp(..), BinaryOperator::Plus, DataType::Time64(unit)) => {
                binary(expr.left, Operator::Plus, since_midnight(expr.right, *unit))
            }
            (DataType::Timestamp(..), BinaryOperator::Minus, DataType::Time64(unit)) => binary(
                expr.left,
                Operator::Minus,
                since_midnight(expr.right, *unit),
            ),
            (DataType::Time64(unit), BinaryOperator::Plus, DataType::Timestamp(..)) => {
                binary(expr.right, Operator::Plus, since_midnight(expr.left, *unit))
            }
            _ => return Ok(PlannerResult::Original(expr)),
        };
        Ok(PlannerResult::Planned(planned))
    }
}

/// A moment and an interval, whose days and months are those of the session's clock.
pub(in crate::postgres) fn timestamp_plus(moment: Expr, interval: Expr) -> Expr {
    let function = RowFunction::udf("timestamp_plus", TIMESTAMP_PLUS, Volatility::Stable, None);
    Expr::ScalarFunction(ScalarFunction::new_udf(function, vec![moment, interval]))
}

fn call(name: &'static str, forms: &'static [Form], left: Expr, right: Expr) -> Expr {
    let function = RowFunction::udf(name, forms, Volatility::Immutable, None);
    Expr::ScalarFunction(ScalarFunction::new_udf(function, vec![left, right]))
}

fn binary(left: Expr, operator: Operator, right: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(left), operator, Box::new(right)))
}

/// A time of day as the interval that has passed.
fn since_midnight(time: Expr, unit: TimeUnit) -> Expr {
    let midnight = match unit {
        TimeUnit::Nanosecond => ScalarValue::Time64Nanosecond(Some(0)),
        _ => ScalarValue::Time64Microsecond(Some(0)),
    };
    binary(time, Operator::Minus, Expr::Literal(midnight, None))
}

fn is_literal(expression: &Expr) -> bool {
    matches!(expression, Expr::Literal(..))
}

/// Whether this is a parameter whose type nobody has told.
fn is_open(expression: &Expr) -> bool {
    matches!(expression, Expr::Placeholder(placeholder) if placeholder.field.is_none())
}

fn timestamp(date: Expr) -> Expr {
    cast(date, DataType::Timestamp(TimeUnit::Microsecond, None))
}

fn number(days: Expr) -> Expr {
    cast(days, DataType::Int64)
}

fn date(text: Expr) -> Expr {
    cast(text, DataType::Date32)
}

fn cast(expression: Expr, data_type: DataType) -> Expr {
    Expr::Cast(Cast::new(Box::new(expression), data_type))
}
