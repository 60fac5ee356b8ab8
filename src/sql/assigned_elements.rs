//! `SET column[2] = value` and `SET column[1:2] = values`: the column is assigned what it has, with
//! other elements, by a function. What is assigned to several places of one column is put in from left
//! to right. So it is in a document, `SET column['key'][2] = value`, for which another function stands once the
//! column's type is known.

use arrow::datatypes::{DataType, Field};
use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Subscript,
};
use tributary_udfs::json::JsonKind;
use tributary_udfs::type_name;

use super::shown::Shown;
use super::standard_forms;
use crate::error::{Error, Result, SqlState};

/// The function.
const FUNCTION: &str = "array_assign";

/// What stands for an element that several places lead to, until the column's type is known: its value, then the places.
const DEEP: &str = "element_assign";

/// The function of documents.
const DOCUMENT_FUNCTION: &str = "jsonb_set_element";

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
    if places.len() > 1 {
        let Some(places) = indexes(&places) else {
            return Err(of_several_dimensions());
        };
        arguments.push(value);
        arguments.extend(places);
        return Ok(call(DEEP, arguments));
    }
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
        None => return Err(of_several_dimensions()),
    }
    arguments.push(value);
    Ok(call(FUNCTION, arguments))
}

fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let mut call = standard_forms::call(Ident::new(name));
    call.args = standard_forms::arguments(arguments);
    Expr::Function(call)
}

fn of_several_dimensions() -> Error {
    Error::unsupported("assigning to elements of arrays of several dimensions")
}

/// Places that are all indexes; none where a slice is among them.
fn indexes(places: &[AccessExpr]) -> Option<Vec<Expr>> {
    let places = places.iter().map(|place| match place {
        AccessExpr::Subscript(Subscript::Index { index }) => Some(index.clone()),
        _ => None,
    });
    places.collect()
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
///
/// # Errors
/// 0A000 for an element of an array of arrays; 42804 for places within what has no elements, and for a slice of a
/// document.
pub fn text(
    value: &Expr,
    field: &Field,
    name_of: &dyn Fn(&DataType) -> String,
) -> Result<Option<String>> {
    let Some((function, arguments)) = parts(value) else {
        return Ok(None);
    };
    let shown = |expression: &Expr| Shown(expression).to_string();
    let before = |before: &Expr| {
        let text = text(before, field, name_of)?;
        Ok::<_, Error>(text.unwrap_or_else(|| shown(before)))
    };
    if JsonKind::of_field(field) == Some(JsonKind::Jsonb) {
        let (document, value, places) = match (function, arguments.as_slice()) {
            (FUNCTION, [document, place, value]) => (document, value, vec![*place]),
            (DEEP, [document, value, places @ ..]) => (document, value, places.to_vec()),
            _ => {
                let message = "jsonb subscript does not support slices";
                return Err(Error::new(SqlState::DATATYPE_MISMATCH, message));
            }
        };
        let places: Vec<String> = places.into_iter().map(shown).collect();
        return Ok(Some(format!(
            "{DOCUMENT_FUNCTION}({}, CAST({} AS JSONB), {})",
            before(document)?,
            shown(value),
            places.join(", ")
        )));
    }
    let column = field.data_type();
    let element = match (column, function) {
        (DataType::List(_), DEEP) => return Err(of_several_dimensions()),
        (DataType::List(element), _) => element,
        (other, _) => {
            let kind = JsonKind::of_field(field);
            let message = format!(
                "cannot subscript type {} because it does not support subscripting",
                kind.map_or_else(|| type_name(other), |kind| kind.name().to_owned())
            );
            return Err(Error::new(SqlState::DATATYPE_MISMATCH, message));
        }
    };
    let array = before;
    let place = |place: &Expr| format!("CAST({} AS INTEGER)", shown(place));
    Ok(Some(match arguments.as_slice() {
        [before, index, value] => format!(
            "{FUNCTION}({}, {}, CAST({} AS {}))",
            array(before)?,
            place(index),
            shown(value),
            name_of(element.data_type())
        ),
        [before, first, last, values] => format!(
            "{FUNCTION}({}, {}, {}, CAST({} AS {}))",
            array(before)?,
            place(first),
            place(last),
            shown(values),
            name_of(column)
        ),
        _ => return Ok(None),
    }))
}

/// The function that an assigned value is a call of, and its arguments; none for another value.
fn parts(value: &Expr) -> Option<(&'static str, Vec<&Expr>)> {
    let Expr::Function(Function {
        name,
        args: FunctionArguments::List(list),
        ..
    }) = value
    else {
        return None;
    };
    let name = name.to_string();
    let function = [FUNCTION, DEEP].into_iter().find(|own| *own == name)?;
    let arguments = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Some(argument),
        _ => None,
    });
    Some((function, arguments.collect::<Option<_>>()?))
}
