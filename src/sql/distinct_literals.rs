//! Literals beside `IS [NOT] DISTINCT FROM`, which are of the type that stands on its other side.
//!
//! DataFusion asks the planners of expressions about operators of two sides alone, and takes this one for
//! another thing. So where a side is a literal, it is said as such an operator, of which a planner makes what
//! it means (`instance/unknown_literals.rs`).

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::logical_expr::Operator;
use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, Value};

use crate::sql::walk::{VisitMut, visit_expressions_mut};

const DISTINCT: &str = "IS DISTINCT FROM";
const NOT_DISTINCT: &str = "IS NOT DISTINCT FROM";

/// Marks the comparisons of what is to be planned.
pub fn mark(part: &mut impl VisitMut) {
    let _ = visit_expressions_mut(part, |expression| {
        if let Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) = expression
            && (is_literal(left) || is_literal(right))
        {
            let (left, right) = (take(left), take(right));
            let sign = match expression {
                Expr::IsDistinctFrom(..) => DISTINCT,
                _ => NOT_DISTINCT,
            };
            *expression = Expr::BinaryOp {
                left: Box::new(left),
                op: BinaryOperator::Custom(sign.to_owned()),
                right: Box::new(right),
            };
        }
        ControlFlow::<Infallible>::Continue(())
    });
}

/// The operator that a mark stands for.
pub fn marked(operator: &BinaryOperator) -> Option<Operator> {
    match operator {
        BinaryOperator::Custom(sign) if sign == DISTINCT => Some(Operator::IsDistinctFrom),
        BinaryOperator::Custom(sign) if sign == NOT_DISTINCT => Some(Operator::IsNotDistinctFrom),
        _ => None,
    }
}

fn is_literal(expression: &Expr) -> bool {
    match expression {
        Expr::Nested(inner) => is_literal(inner),
        Expr::Value(value) => matches!(
            value.value,
            Value::SingleQuotedString(_)
                | Value::EscapedStringLiteral(_)
                | Value::DollarQuotedString(_)
        ),
        _ => false,
    }
}

fn take(expression: &mut Expr) -> Expr {
    std::mem::replace(expression, Expr::value(Value::Null))
}
