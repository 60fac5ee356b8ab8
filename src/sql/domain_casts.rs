//! Casts to domains as they are planned: a cast to the type that the domain is over, in a call of a function
//! that tells which domain is meant.

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Value,
};

use super::standard_forms;

/// The function: of a value, what tells the domain, and its name.
pub const FUNCTION: &str = "tributary_domain";

/// A value as one of a domain.
pub fn cast(value: Expr, key: String, name: String) -> Expr {
    let text = |text: String| Expr::value(Value::SingleQuotedString(text));
    let mut function = standard_forms::call(Ident::new(FUNCTION));
    function.args = standard_forms::arguments(vec![value, text(key), text(name)]);
    Expr::Function(function)
}

/// What tells the domain in such a call, and the value.
pub(super) fn told(function: &Function) -> Option<(&str, &Expr)> {
    let (value, _) = parts(function)?;
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    match list.args.get(1)? {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(key))) => match &key.value {
            Value::SingleQuotedString(key) => Some((key, value)),
            _ => None,
        },
        _ => None,
    }
}

/// Another value, of the type that the domain is over, as one of the domain of such a call.
pub(super) fn of_same(function: &Function, value: Expr) -> Option<Expr> {
    let (key, _) = told(function)?;
    let (_, name) = parts(function)?;
    Some(cast(value, key.to_owned(), name.to_owned()))
}

/// The value of such a call, and the name of the domain.
pub(super) fn parts(function: &Function) -> Option<(&Expr, &str)> {
    let name = function.name.0.last()?.as_ident()?;
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    match list.args.as_slice() {
        [
            FunctionArg::Unnamed(FunctionArgExpr::Expr(value)),
            _,
            FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(domain))),
        ] if name.value == FUNCTION => match &domain.value {
            Value::SingleQuotedString(domain) => Some((value, domain)),
            _ => None,
        },
        _ => None,
    }
}
