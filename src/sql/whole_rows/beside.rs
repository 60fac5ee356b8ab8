//! Rows of relations as values within `FROM`: what a function is called with there, or a lateral subquery computes,
//! of relations that stand before it, and the conditions of joins.

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, JoinConstraint, JoinOperator, TableFactor,
};

use super::Calls;
use crate::sql::walk::VisitMut;

/// Whether the columns of a relation can be known.
pub(super) fn is_known(factor: &TableFactor) -> bool {
    matches!(
        factor,
        TableFactor::Table { args: None, .. } | TableFactor::Derived { .. }
    )
}

/// The condition of a join.
pub(super) fn condition(operator: &mut JoinOperator) -> Option<&mut Expr> {
    use JoinOperator::{FullOuter, Inner, Join, Left, LeftOuter, Right, RightOuter};
    match operator {
        Join(JoinConstraint::On(condition))
        | Inner(JoinConstraint::On(condition))
        | Left(JoinConstraint::On(condition))
        | LeftOuter(JoinConstraint::On(condition))
        | Right(JoinConstraint::On(condition))
        | RightOuter(JoinConstraint::On(condition))
        | FullOuter(JoinConstraint::On(condition)) => Some(condition),
        _ => None,
    }
}

/// What a relation is computed with.
pub(super) fn arguments(factor: &mut TableFactor, calls: &mut Calls<'_>) {
    let arguments = match factor {
        TableFactor::Table {
            args: Some(arguments),
            ..
        } => &mut arguments.args,
        TableFactor::Function { args, .. } => args,
        TableFactor::UNNEST { array_exprs, .. } => {
            for array in array_exprs {
                let _ = array.visit(calls);
            }
            return;
        }
        TableFactor::Derived {
            lateral: true,
            subquery,
            ..
        } => {
            let _ = subquery.visit(calls);
            return;
        }
        _ => return,
    };
    for argument in arguments {
        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) = argument {
            let _ = value.visit(calls);
        }
    }
}
