//! `lead(x, n, default)` and `lag`, whose default DataFusion takes only where it is a literal. Another one
//! is computed beside it, where no row is that far ahead or behind. A number of rows that is no literal takes
//! functions of their own.

use datafusion::sql::sqlparser::ast::{
    CaseWhen, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName,
    UnaryOperator, Value, helpers::attached_token::AttachedToken,
};
use tributary_udfs::postgres::SHIFTED;

use super::calls::arguments;
use crate::sql::cursor::folded;

/// `CASE WHEN lead(true, n) OVER w IS NULL THEN default ELSE lead(x, n) OVER w END`.
pub(super) fn with_default(function: &Function) -> Option<Expr> {
    let [part] = function.name.0.as_slice() else {
        return None;
    };
    let ident = part.as_ident()?;
    let name = folded(ident);
    if !matches!(name.as_str(), "lead" | "lag")
        || function.over.is_none()
        || function.null_treatment.is_some()
    {
        return None;
    }
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    let [value, offset, default] = list.args.as_slice() else {
        return None;
    };
    let (value, offset, default) = (plain(value)?, plain(offset)?, plain(default)?);
    // Where the offset is NULL, so is the answer, whatever the default.
    if is_literal(default) || !is_literal(offset) || is_null(offset) {
        return None;
    }
    let row = |value: Expr| {
        let mut function = function.clone();
        function.args = arguments(vec![value, offset.clone()]);
        Box::new(Expr::Function(function))
    };
    let is_absent = Expr::IsNull(row(Expr::value(Value::Boolean(true))));
    Some(Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![CaseWhen {
            condition: is_absent,
            result: default.clone(),
        }],
        else_result: Some(row(value.clone())),
    })
}

/// `lead(x, n)` or `lag(x, n)` by a number that is no literal, or NULL.
pub(super) fn shifted(function: &Function) -> Option<Expr> {
    let [part] = function.name.0.as_slice() else {
        return None;
    };
    let called = folded(part.as_ident()?);
    let (_, name) = SHIFTED.iter().find(|(own, _)| *own == called)?;
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    let [_, offset, ..] = list.args.as_slice() else {
        return None;
    };
    let is_plain = function.over.is_some() && function.null_treatment.is_none();
    let offset = plain(offset)?;
    // DataFusion takes NULL for no rows.
    if !is_plain || is_literal(offset) && !is_null(offset) {
        return None;
    }
    let mut shifted = function.clone();
    shifted.name = ObjectName::from(vec![Ident::new(*name)]);
    Some(Expr::Function(shifted))
}

fn plain(argument: &FunctionArg) -> Option<&Expr> {
    match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    }
}

fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) => true,
        Expr::UnaryOp {
            op: UnaryOperator::Minus | UnaryOperator::Plus,
            expr,
        } => is_literal(expr),
        _ => false,
    }
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, Value::Null))
}
