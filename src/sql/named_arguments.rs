//! Arguments by name, `jsonb_path_query(document, path, silent => true)`, of functions whose
//! parameters have names and defaults in PostgreSQL: in their order, with the defaults of those that
//! are left out.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectName, Query, TableFactor, Value,
    VisitorMut,
};

use super::cursor::folded;
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{VisitMut, ended, flow};

/// The parameters of `make_timestamptz`; `make_timestamp` has no zone.
const MOMENT_FIELDS: [&str; 7] = ["year", "month", "mday", "hour", "min", "sec", "timezone"];

/// A parameter's name and default.
type Parameter = (&'static str, Option<Value>);

/// Puts named arguments in the order of parameters.
///
/// # Errors
/// 42883 for a name that is no parameter's, and for an argument that is missing.
pub fn rewrite(query: &mut Query) -> Result<()> {
    ended(query.visit(&mut Rewriter))
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = Error;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        match factor {
            TableFactor::Table {
                name,
                args: Some(arguments),
                ..
            } => flow(put_in_order(name, &mut arguments.args)),
            TableFactor::Function { name, args, .. } => flow(put_in_order(name, args)),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        match expr {
            Expr::Function(function) => match &mut function.args {
                FunctionArguments::List(list) => flow(put_in_order(&function.name, &mut list.args)),
                _ => ControlFlow::Continue(()),
            },
            _ => ControlFlow::Continue(()),
        }
    }
}

/// The parameters of a function that is called with so many arguments, where these may be given by their
/// names.
fn parameters(function: &str, count: usize) -> Option<Vec<Parameter>> {
    let required = |names: &[&'static str]| -> Vec<Parameter> {
        names.iter().map(|name| (*name, None)).collect()
    };
    let mut parameters = match function {
        "jsonb_set" | "jsonb_set_lax" => required(&["jsonb_in", "path", "replacement"]),
        "jsonb_insert" => required(&["jsonb_in", "path", "replacement"]),
        path if path.starts_with("jsonb_path_") => required(&["target", "path"]),
        "parse_ident" => required(&["str"]),
        "make_date" => return Some(required(&["year", "month", "day"])),
        "make_time" => return Some(required(&["hour", "min", "sec"])),
        "make_timestamp" => return Some(required(MOMENT_FIELDS.split_at(6).0)),
        "make_timestamptz" => return Some(required(MOMENT_FIELDS.split_at(count.clamp(6, 7)).0)),
        _ => return None,
    };
    let text = |text: &str| Some(Value::SingleQuotedString(text.to_owned()));
    match function {
        "jsonb_insert" => parameters.push(("insert_after", Some(Value::Boolean(false)))),
        "jsonb_set" => parameters.push(("create_if_missing", Some(Value::Boolean(true)))),
        "jsonb_set_lax" => {
            parameters.push(("create_if_missing", Some(Value::Boolean(true))));
            parameters.push(("null_value_treatment", text("use_json_null")));
        }
        "parse_ident" => parameters.push(("strict", Some(Value::Boolean(true)))),
        _ => {
            parameters.push(("vars", text("{}")));
            parameters.push(("silent", Some(Value::Boolean(false))));
        }
    }
    Some(parameters)
}

fn put_in_order(function: &ObjectName, arguments: &mut Vec<FunctionArg>) -> Result<()> {
    let is_named = |argument: &FunctionArg| matches!(argument, FunctionArg::Named { .. });
    if !arguments.iter().any(is_named) {
        return Ok(());
    }
    let name = function.0.last().and_then(|part| part.as_ident());
    let Some(name) = name.map(folded) else {
        return Ok(());
    };
    let Some(parameters) = parameters(&name, arguments.len()) else {
        return Ok(());
    };
    let unknown = |what: String| {
        Error::new(
            SqlState::UNDEFINED_FUNCTION,
            format!("function {name} has no such form: {what}"),
        )
        .with_hint("Its parameters are those of PostgreSQL, by their names or in their order.")
    };
    let mut ordered: Vec<Option<FunctionArg>> = vec![None; parameters.len()];
    for (place, argument) in arguments.drain(..).enumerate() {
        let (place, argument) = match argument {
            FunctionArg::Named {
                name: given, arg, ..
            } => {
                let given = folded(&given);
                let place = parameters.iter().position(|(known, _)| *known == given);
                let place =
                    place.ok_or_else(|| unknown(format!("no parameter is named {given}")))?;
                (place, FunctionArg::Unnamed(arg))
            }
            other => (place, other),
        };
        match ordered.get_mut(place) {
            Some(free @ None) => *free = Some(argument),
            Some(_) => return Err(unknown("an argument is given twice".to_owned())),
            None => return Err(unknown("it takes fewer arguments".to_owned())),
        }
    }
    for (argument, (parameter, default)) in ordered.into_iter().zip(parameters) {
        arguments.push(match (argument, default) {
            (Some(argument), _) => argument,
            (None, Some(default)) => {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::value(default)))
            }
            (None, None) => return Err(unknown(format!("{parameter} is missing"))),
        });
    }
    Ok(())
}
