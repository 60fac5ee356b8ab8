//! Which expressions can end a statement in an error for a row, as far as their form tells.

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, ExprSchemable as _, Operator};
use datafusion::scalar::ScalarValue;

use super::arithmetic::{CheckedArithmetic, Operation};
use super::conversion::Conversion;
use super::domain::CheckedFunction;

/// Functions of texts and numbers that refuse some of them.
const READERS: [&str; 13] = [
    "decode",
    "div",
    "factorial",
    "json_agg_member",
    "make_date",
    "make_time",
    "make_timestamp",
    "make_timestamptz",
    "mod",
    "to_date",
    "to_number",
    "to_timestamp",
    "width_bucket",
];

/// Whether a branch may fail where it is computed for rows that it is not meant for: by anything but what
/// looks at values alone.
pub(super) fn may_fail(expression: &Expr) -> bool {
    expression
        .exists(|part| {
            Ok(matches!(
                part,
                Expr::ScalarFunction(_) | Expr::Cast(_) | Expr::Negative(_)
            ) || matches!(part, Expr::BinaryExpr(both) if Operation::of(both.op).is_some()))
        })
        .unwrap_or(true)
}

/// Whether an expression refuses values that are common: zero as a divisor, texts that are no numbers,
/// what a function has no answer to. That sums overflow is left out, for it is rare and sums are not.
pub(super) fn refuses_values(expression: &Expr, schema: &DFSchema) -> bool {
    let refuses = |part: &Expr| match part {
        Expr::ScalarFunction(function) => function_refuses(function, schema),
        Expr::Cast(Cast { expr, field }) => is_read(expr, field.data_type(), schema),
        Expr::BinaryExpr(BinaryExpr {
            op: Operator::Divide | Operator::Modulo,
            right,
            ..
        }) => may_be_zero(right),
        _ => false,
    };
    expression.exists(|part| Ok(refuses(part))).unwrap_or(true)
}

/// How many operators and functions an expression computes.
pub(super) fn cost(expression: &Expr) -> usize {
    let mut count = 0;
    let counted = expression.apply(|part| {
        let is_computed = match part {
            Expr::BinaryExpr(both) => !matches!(both.op, Operator::And | Operator::Or),
            Expr::ScalarFunction(_) | Expr::Cast(_) | Expr::Like(_) | Expr::Negative(_) => true,
            _ => false,
        };
        count += usize::from(is_computed);
        Ok(TreeNodeRecursion::Continue)
    });
    match counted {
        Ok(_) => count,
        Err(_) => usize::MAX,
    }
}

fn function_refuses(function: &ScalarFunction, schema: &DFSchema) -> bool {
    let inner = function.func.inner();
    if let Some(arithmetic) = inner.downcast_ref::<CheckedArithmetic>() {
        let divides = matches!(
            arithmetic.operation(),
            Operation::Divide | Operation::Modulo
        );
        return divides && function.args.last().is_none_or(may_be_zero);
    }
    if let Some(conversion) = inner.downcast_ref::<Conversion>() {
        let mut args = function.args.iter();
        return args.any(|value| is_read(value, conversion.to(), schema));
    }
    inner.downcast_ref::<CheckedFunction>().is_some() || READERS.contains(&function.name())
}

/// Whether a cast reads texts, of which some are no value of the type.
fn is_read(value: &Expr, to: &DataType, schema: &DFSchema) -> bool {
    let is_literal = matches!(value, Expr::Literal(..));
    !is_literal
        && !to.is_string()
        && value
            .get_type(schema)
            .is_ok_and(|from| from.is_string() || from.is_binary())
}

/// Whether a divisor is anything but a literal that is not zero.
fn may_be_zero(divisor: &Expr) -> bool {
    match divisor {
        Expr::Literal(value, _) => ScalarValue::new_zero(&value.data_type())
            .map_or(true, |zero| zero == *value || value.is_null()),
        Expr::Cast(cast) => may_be_zero(&cast.expr),
        Expr::Alias(alias) => may_be_zero(&alias.expr),
        Expr::ScalarFunction(function)
            if function.func.inner().downcast_ref::<Conversion>().is_some() =>
        {
            function.args.first().is_none_or(may_be_zero)
        }
        _ => true,
    }
}
