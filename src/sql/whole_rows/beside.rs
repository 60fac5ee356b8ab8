//! Rows of relations as values within `FROM`: what a function is called with there, or a lateral subquery computes,
//! of relations that stand before it, and the conditions of joins.

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, JoinConstraint, JoinOperator, Query, SelectItem, SetExpr,
    TableFactor,
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
        } => return within(subquery, calls),
        _ => return,
    };
    for argument in arguments {
        if let FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) = argument {
            let _ = value.visit(calls);
        }
    }
}

/// A query in which names are of relations around it alone: it reads none, or does so within a subquery of its
/// `FROM`, which sees nothing that stands beside it.
fn within(query: &mut Query, calls: &mut Calls<'_>) {
    if query.with.is_none() {
        within_body(&mut query.body, calls);
    }
}

fn within_body(body: &mut SetExpr, calls: &mut Calls<'_>) {
    match body {
        SetExpr::Select(select) if select.from.is_empty() => {
            for item in &mut select.projection {
                if let SelectItem::UnnamedExpr(value)
                | SelectItem::ExprWithAlias { expr: value, .. } = item
                {
                    let _ = value.visit(calls);
                }
            }
            if let Some(condition) = &mut select.selection {
                let _ = condition.visit(calls);
            }
        }
        SetExpr::Select(select) => {
            for table in &mut select.from {
                let joined = table.joins.iter_mut().map(|join| &mut join.relation);
                for factor in std::iter::once(&mut table.relation).chain(joined) {
                    if let TableFactor::Derived {
                        lateral: false,
                        subquery,
                        ..
                    } = factor
                    {
                        within(subquery, calls);
                    }
                }
            }
        }
        SetExpr::SetOperation { left, right, .. } => {
            within_body(left, calls);
            within_body(right, calls);
        }
        SetExpr::Query(query) => within(query, calls),
        _ => {}
    }
}
