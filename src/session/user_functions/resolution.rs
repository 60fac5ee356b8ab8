//! Which function a call means.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName as AstName,
    Value,
};

use crate::catalog::{Object, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::sql::create_function::{Argument, CreateFunction, type_text};
use crate::sql::cursor::object_name_from;

/// A function, its definition, and the values of its arguments.
pub(super) type Resolved<'a> = (&'a Arc<Object>, &'a CreateFunction, Vec<Expr>);

/// The function that a call means, and the values of its arguments; none for one that no user has
/// made.
pub(super) fn resolve<'a>(
    snapshot: &'a Snapshot,
    path: &[String],
    name: &AstName,
    given: Vec<(Option<String>, Expr)>,
) -> Result<Option<Resolved<'a>>> {
    let Ok(name) = object_name_from(name) else {
        return Ok(None);
    };
    let schemas = match &name.schema {
        Some(schema) => std::slice::from_ref(schema),
        None => path,
    };
    let all: Vec<_> = schemas
        .iter()
        .flat_map(|schema| snapshot.functions_of(schema, &name.name))
        .collect();
    if all.is_empty() {
        return Ok(None);
    }
    let mut fitting: Vec<_> = all
        .iter()
        .filter_map(|(object, create)| {
            let values = values(&create.arguments, &given)?;
            let fit = fit(&create.arguments, &values)?;
            Some((fit, *object, *create, values))
        })
        .collect();
    let best = fitting.iter().map(|(fit, ..)| *fit).max();
    fitting.retain(|(fit, ..)| Some(*fit) == best);
    match (fitting.pop(), fitting.is_empty()) {
        (Some((_, object, create, values)), true) => Ok(Some((object, create, values))),
        (Some(_), false) => Err(Error::new(
            SqlState::AMBIGUOUS_FUNCTION,
            format!("function {} is not unique", name.name),
        )
        .with_hint("Could not choose a best candidate function. You might need to add explicit type casts.")),
        (None, _) => {
            let types = given.iter().map(|(_, value)| {
                known_type(value).unwrap_or_else(|| "unknown".to_owned())
            });
            let types: Vec<String> = types.collect();
            let candidates = all.iter().map(|(_, create)| create.signature());
            let candidates: Vec<String> = candidates.collect();
            Err(Error::new(
                SqlState::UNDEFINED_FUNCTION,
                format!("function {}({}) does not exist", name.name, types.join(", ")),
            )
            .with_hint(format!(
                "No function matches the given name and argument types. There is {}.",
                candidates.join(", ")
            )))
        }
    }
}

/// The arguments of a call that is one of a plain function.
pub(super) fn plain_arguments(function: &Function) -> Option<Vec<(Option<String>, Expr)>> {
    let is_plain = function.over.is_none()
        && function.filter.is_none()
        && function.within_group.is_empty()
        && function.null_treatment.is_none();
    match &function.args {
        FunctionArguments::List(list)
            if is_plain && list.duplicate_treatment.is_none() && list.clauses.is_empty() =>
        {
            unnamed(&list.args)
        }
        FunctionArguments::None if is_plain => Some(Vec::new()),
        _ => None,
    }
}

pub(super) fn unnamed(arguments: &[FunctionArg]) -> Option<Vec<(Option<String>, Expr)>> {
    let argument = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => Some((None, value.clone())),
        FunctionArg::Named {
            name,
            arg: FunctionArgExpr::Expr(value),
            ..
        } => Some((Some(name.value.clone()), value.clone())),
        FunctionArg::ExprNamed {
            name: Expr::Identifier(name),
            arg: FunctionArgExpr::Expr(value),
            ..
        } => Some((Some(name.value.clone()), value.clone())),
        _ => None,
    };
    arguments.iter().map(argument).collect()
}

/// The values of a function's arguments, where it can be called so.
fn values(arguments: &[Argument], given: &[(Option<String>, Expr)]) -> Option<Vec<Expr>> {
    if given.len() > arguments.len() {
        return None;
    }
    let mut values: Vec<Option<Expr>> = vec![None; arguments.len()];
    for (place, (name, value)) in given.iter().enumerate() {
        let place = match name {
            Some(name) => arguments
                .iter()
                .position(|argument| argument.name.as_ref() == Some(name))?,
            None => place,
        };
        let slot = values.get_mut(place)?;
        if slot.is_some() {
            return None;
        }
        *slot = Some(value.clone());
    }
    let values = values.into_iter().zip(arguments);
    values
        .map(|(value, argument)| value.or_else(|| argument.default.clone()))
        .collect()
}

/// How well values fit the types of arguments: how many are of them. None where one cannot be.
fn fit(arguments: &[Argument], values: &[Expr]) -> Option<usize> {
    let mut fits = 0;
    for (argument, value) in arguments.iter().zip(values) {
        let wanted = type_text(&argument.data_type);
        let Some(known) = known_type(value) else {
            continue;
        };
        if known == wanted {
            fits += 1;
        } else if !widens(&known, &wanted) {
            return None;
        }
    }
    Some(fits)
}

/// The type of a value that is written, or cast.
fn known_type(value: &Expr) -> Option<String> {
    match value {
        Expr::Nested(inner) => known_type(inner),
        Expr::Cast { data_type, .. } => Some(type_text(data_type)),
        Expr::TypedString(typed) => Some(type_text(&typed.data_type)),
        Expr::UnaryOp { expr, .. } => known_type(expr),
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) if digits.contains(['.', 'e', 'E']) => {
                Some("numeric".to_owned())
            }
            Value::Number(digits, _) if digits.parse::<i32>().is_ok() => Some("integer".to_owned()),
            Value::Number(digits, _) if digits.parse::<i64>().is_ok() => Some("bigint".to_owned()),
            Value::Number(..) => Some("numeric".to_owned()),
            Value::Boolean(_) => Some("boolean".to_owned()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether values of a type become those of another without a word.
fn widens(from: &str, to: &str) -> bool {
    const NUMBERS: [&str; 6] = [
        "smallint",
        "integer",
        "bigint",
        "numeric",
        "real",
        "double precision",
    ];
    const TEXTS: [&str; 3] = ["character", "character varying", "text"];
    const MOMENTS: [&str; 3] = [
        "date",
        "timestamp without time zone",
        "timestamp with time zone",
    ];
    [NUMBERS.as_slice(), &TEXTS, &MOMENTS].iter().any(|order| {
        let place = |name: &str| order.iter().position(|known| *known == name);
        place(from)
            .zip(place(to))
            .is_some_and(|(from, to)| from < to)
    })
}

pub(super) fn full_name(object: &Object, create: &CreateFunction) -> AstName {
    AstName::from(vec![
        Ident::with_quote('"', &object.name.schema),
        Ident::with_quote('"', &create.name.name),
    ])
}
