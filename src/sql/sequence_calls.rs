//! The sequences that an expression takes numbers of: calls of `nextval` and the like that have the
//! name of one in writing.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Value,
};

use super::QualifiedName;
use super::model_functions::parse_name;
use super::name::ObjectName;
use crate::error::Result;
use crate::sql::walk::{ended, flow, visit_expressions_mut};

/// The functions that take the name of a sequence first.
const FUNCTIONS: [&str; 3] = ["nextval", "currval", "setval"];

/// Gives each name of a sequence, and where it is written, to `act`.
///
/// # Errors
/// 42602 for what is no name; that of `act`.
pub fn for_each(
    expression: &mut Expr,
    mut act: impl FnMut(&mut Expr, ObjectName) -> Result<()>,
) -> Result<()> {
    let found = visit_expressions_mut(expression, |part| {
        let Some(argument) = first_argument(part) else {
            return ControlFlow::Continue(());
        };
        let Some(text) = written(argument) else {
            return ControlFlow::Continue(());
        };
        flow(parse_name(text).and_then(|name| act(argument, name)))
    });
    ended(found)
}

/// Whether an expression, whose names are full, takes numbers of a sequence.
pub fn uses(expression: &Expr, sequence: &QualifiedName) -> bool {
    let mut found = false;
    let looked = for_each(&mut expression.clone(), |_, name| {
        found |= name.schema.as_ref() == Some(&sequence.schema) && name.name == sequence.name;
        Ok(())
    });
    found && looked.is_ok()
}

/// The name of a sequence, as an argument of `nextval`.
pub fn argument(sequence: &QualifiedName) -> Expr {
    Expr::Cast {
        kind: CastKind::DoubleColon,
        expr: Box::new(Expr::value(Value::SingleQuotedString(sequence.to_string()))),
        data_type: DataType::Regclass,
        format: None,
        array: false,
    }
}

/// Whether an expression calls one of the functions.
pub(super) fn is_call(expression: &Expr) -> bool {
    let Expr::Function(function) = expression else {
        return false;
    };
    let name = function.name.0.last().and_then(|part| part.as_ident());
    name.is_some_and(|name| FUNCTIONS.contains(&name.value.to_lowercase().as_str()))
}

/// What a call of one of the functions has first.
pub(super) fn first_argument(expression: &mut Expr) -> Option<&mut Expr> {
    if !is_call(expression) {
        return None;
    }
    let Expr::Function(function) = expression else {
        return None;
    };
    let FunctionArguments::List(list) = &mut function.args else {
        return None;
    };
    match list.args.first_mut()? {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Some(argument),
        _ => None,
    }
}

/// A text that is written, or one that is cast to `regclass`.
pub(super) fn written(argument: &Expr) -> Option<&str> {
    match argument {
        Expr::Nested(inner) => written(inner),
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        Expr::Cast {
            expr, data_type, ..
        } if is_regclass(data_type) => written(expr),
        _ => None,
    }
}

fn is_regclass(data_type: &DataType) -> bool {
    match data_type {
        DataType::Regclass => true,
        // With its schema.
        DataType::Custom(name, _) => {
            let name = name.0.last().and_then(|part| part.as_ident());
            name.is_some_and(|name| name.value.eq_ignore_ascii_case("regclass"))
        }
        _ => false,
    }
}
