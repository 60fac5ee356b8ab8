//! The values that stand beside each other in a construct.

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, JoinConstraint, JoinOperator,
    SelectItem, SetExpr,
};

/// The values that a construct brings to one type, in the order in which PostgreSQL looks at them.
pub(super) fn parts<'a>(expr: &'a Expr, construct: &str) -> Option<Vec<&'a Expr>> {
    match expr {
        Expr::Case {
            conditions,
            else_result,
            ..
        } if construct == "CASE" => {
            let otherwise = else_result.as_deref().into_iter();
            let results = conditions.iter().map(|when| &when.result);
            Some(otherwise.chain(results).collect())
        }
        Expr::Array(array) if construct == "ARRAY" => Some(array.elem.iter().collect()),
        Expr::Function(call) if call.name.to_string().eq_ignore_ascii_case(construct) => {
            let FunctionArguments::List(list) = &call.args else {
                return None;
            };
            let arguments = list.args.iter().map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => Some(value),
                _ => None,
            });
            arguments.collect()
        }
        _ => None,
    }
}

/// The values that the queries of a set operation give, each a row; none where one is no list of values.
pub(super) fn rows_of(body: &SetExpr) -> Option<Vec<Vec<&Expr>>> {
    let (mut rows, mut queries) = (Vec::new(), vec![body]);
    while let Some(query) = queries.pop() {
        match query {
            SetExpr::SetOperation { left, right, .. } => {
                queries.extend([right.as_ref(), left.as_ref()]);
            }
            SetExpr::Select(select) => {
                let values = select.projection.iter().map(value_of);
                rows.push(values.collect::<Option<Vec<_>>>()?);
            }
            SetExpr::Query(query) => queries.push(&query.body),
            _ => return None,
        }
    }
    Some(rows)
}

/// What a column of a query is computed by; none where it is a star.
pub(super) fn value_of(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(value) | SelectItem::ExprWithAlias { expr: value, .. } => {
            Some(value)
        }
        _ => None,
    }
}

/// What rows are joined on.
pub(super) fn joined_on(operator: &JoinOperator) -> Option<&Expr> {
    use JoinOperator::{FullOuter, Inner, Join, Left, LeftOuter, Right, RightOuter};
    match operator {
        Join(constraint)
        | Inner(constraint)
        | Left(constraint)
        | LeftOuter(constraint)
        | Right(constraint)
        | RightOuter(constraint)
        | FullOuter(constraint) => match constraint {
            JoinConstraint::On(condition) => Some(condition),
            _ => None,
        },
        _ => None,
    }
}
