//! `SET column[2] = value` and `SET column[1:2] = values`: the column is assigned what it has, with
//! other elements, by a function. What is assigned to several places of one column is put in from left
//! to right.

use arrow::datatypes::DataType;
use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Subscript,
};

use super::shown::Shown;
use super::standard_forms;
use crate::error::{Error, Result, SqlState};

/// The function.
const FUNCTION: &str = "array_assign";

/// A column of a table as an expression.
pub(super) fn column(table: &str, column: &str) -> Expr {
    let quoted = |name| Ident::with_quote('"', name);
    Expr::CompoundIdentifier(vec![quoted(table), quoted(column)])
}

/// An array with a value at a place, or with the elements of one at several.
///
/// # Errors
/// 0A000 for an element of an array of arrays, and for a slice that leaves out a bound.
pub fn assigned(array: Expr, places: Vec<AccessExpr>, value: Expr) -> Result<Expr> {
    let mut arguments = vec![array];
    match only(places) {
        Some(Subscript::Index { index }) => arguments.push(index),
        Some(Subscript::Slice {
            lower_bound: Some(first),
            upper_bound: Some(last),
            stride: None,
        }) => arguments.extend([first, last]),
        Some(Subscript::Slice { .. }) => {
            return Err(
                Error::unsupported("assigning to a slice that leaves out a bound")
                    .with_hint("Give the first and the last place, as in SET a[1:2] = '{5,6}'."),
            );
        }
        None => {
            return Err(Error::unsupported(
                "assigning to elements of arrays of several dimensions",
            ));
        }
    }
    arguments.push(value);
    let mut call = standard_forms::call(Ident::new(FUNCTION));
    call.args = standard_forms::arguments(arguments);
    Ok(Expr::Function(call))
}

/// That an element has no default of its own.
pub fn no_default() -> Error {
    Error::new(
        SqlState::FEATURE_NOT_SUPPORTED,
        "cannot set an array element to DEFAULT",
    )
}

fn only(places: Vec<AccessExpr>) -> Option<Subscript> {
    let mut places = places.into_iter();
    match (places.next(), places.next()) {
        (Some(AccessExpr::Subscript(place)), None) => Some(place),
        _ => None,
    }
}

/// Such a value as text, with what is assigned in the type of the column's elements and places as
/// integers; none for another value. `name_of` tells what a cast calls a type.
pub fn text(
    value: &Expr,
    column: &DataType,
    name_of: &dyn Fn(&DataType) -> String,
) -> Option<String> {
    let DataType::List(element) = column else {
        return None;
    };
    let Expr::Function(Function {
        name,
        args: FunctionArguments::List(list),
        ..
    }) = value
    else {
        return None;
    };
    if name.to_string() != FUNCTION {
        return None;
    }
    let arguments = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Some(argument),
        _ => None,
    });
    let arguments: Vec<&Expr> = arguments.collect::<Option<_>>()?;
    let shown = |expression: &Expr| Shown(expression).to_string();
    let array = |array: &Expr| text(array, column, name_of).unwrap_or_else(|| shown(array));
    let place = |place: &Expr| format!("CAST({} AS INTEGER)", shown(place));
    Some(match arguments.as_slice() {
        [before, index, value] => format!(
            "{FUNCTION}({}, {}, CAST({} AS {}))",
            array(before),
            place(index),
            shown(value),
            name_of(element.data_type())
        ),
        [before, first, last, values] => format!(
            "{FUNCTION}({}, {}, {}, CAST({} AS {}))",
            array(before),
            place(first),
            place(last),
            shown(values),
            name_of(column)
        ),
        _ => return None,
    })
}
