//! Calls and casts, as they are written.

use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, ObjectName, Value,
};

pub(super) fn named_call(name: &str, given: Vec<Expr>) -> Expr {
    let mut function = call(Ident::new(name));
    function.args = arguments(given);
    Expr::Function(function)
}

pub(super) fn no_arguments() -> FunctionArguments {
    arguments(Vec::new())
}

pub(in crate::sql) fn arguments(expressions: Vec<Expr>) -> FunctionArguments {
    let unnamed = |expression| FunctionArg::Unnamed(FunctionArgExpr::Expr(expression));
    FunctionArguments::List(FunctionArgumentList {
        duplicate_treatment: None,
        args: expressions.into_iter().map(unnamed).collect(),
        clauses: Vec::new(),
    })
}

pub(in crate::sql) fn call(name: Ident) -> Function {
    Function {
        name: ObjectName::from(vec![name]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: no_arguments(),
        null_treatment: None,
        filter: None,
        over: None,
        within_group: Vec::new(),
    }
}

pub(super) fn cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(expr),
        data_type,
        array: false,
        format: None,
    }
}

/// What is in a place of an expression, which is NULL from then on.
pub(super) fn taken(part: &mut Expr) -> Expr {
    std::mem::replace(part, Expr::value(Value::Null))
}

pub(super) fn literal_text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}
