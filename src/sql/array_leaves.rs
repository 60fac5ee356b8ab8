//! The elements of all dimensions of an array, which `unnest`, `ANY`, `ALL` and `&&` see as if there were one.
//! Which arrays have several is known once a query is planned: those that may have are said to be a call,
//! which goes where they have not.

use datafusion::sql::sqlparser::ast::{ArrayElemTypeDef, DataType, Expr, Ident, Value};
use tributary_udfs::postgres::ARRAY_LEAVES;

use super::standard_forms::{arguments, call};

/// An array as one of its innermost elements.
pub(super) fn leaves(array: Expr) -> Expr {
    if !may_have_dimensions(&array) {
        return array;
    }
    let mut leaves = call(Ident::new(ARRAY_LEAVES));
    leaves.args = arguments(vec![array]);
    Expr::Function(leaves)
}

fn may_have_dimensions(array: &Expr) -> bool {
    match array {
        Expr::Nested(inner) => may_have_dimensions(inner),
        Expr::Value(_) => false,
        Expr::Array(array) => !array.elem.iter().all(is_literal),
        Expr::Cast {
            expr, data_type, ..
        } => match data_type {
            DataType::Array(ArrayElemTypeDef::SquareBracket(item, _)) => {
                // Those that parameters have are as many as their type says.
                matches!(**item, DataType::Array(_)) || !is_parameter(expr)
            }
            _ => false,
        },
        _ => true,
    }
}

fn is_literal(element: &Expr) -> bool {
    match element {
        Expr::Value(value) => !matches!(value.value, Value::Placeholder(_)),
        Expr::UnaryOp { expr, .. } => is_literal(expr),
        _ => false,
    }
}

fn is_parameter(value: &Expr) -> bool {
    matches!(value, Expr::Value(value) if matches!(value.value, Value::Placeholder(_)))
}
