//! `concat(VARIADIC names)`: the elements of an array as the last arguments of a call.
//!
//! The elements of an array that is written out stand where they are; of another array, functions have it
//! that do the same with one.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
    ObjectName, Query, Value, VisitorMut,
};
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::cursor::folded;
use super::standard_forms;
use crate::error::{Error, Result, SqlState};
use crate::sql::walk::{VisitMut, ended};

const VARIADIC: &str = "VARIADIC";

/// Parses such an argument, if there is one.
pub(super) fn argument(parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
    let is_variadic = matches!(
        &parser.peek_token_ref().token,
        Token::Word(word)
            if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(VARIADIC)
    );
    if !is_variadic {
        return None;
    }
    parser.next_token();
    Some(parser.parse_expr().map(|value| Expr::Prefixed {
        prefix: Ident::new(VARIADIC),
        value: Box::new(value),
    }))
}

/// Says calls with such arguments without them.
///
/// # Errors
/// 42601 where one is not the last argument of a call; 0A000 for functions that take none here.
pub fn rewrite(query: &mut Query) -> Result<()> {
    ended(query.visit(&mut Rewriter))
}

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = Error;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        let spread = match expr {
            Expr::Prefixed { prefix, .. } if prefix.value == VARIADIC => {
                return ControlFlow::Break(Error::new(
                    SqlState::SYNTAX_ERROR,
                    "VARIADIC stands only before the last argument of a function",
                ));
            }
            Expr::Function(function) => spread(function),
            _ => Ok(None),
        };
        match spread {
            Ok(Some(other)) => *expr = other,
            Ok(None) => {}
            Err(error) => return ControlFlow::Break(error),
        }
        ControlFlow::Continue(())
    }
}

/// Puts the elements of an array in the place of the array, or gives what to say instead of the call.
fn spread(function: &mut Function) -> Result<Option<Expr>> {
    let FunctionArguments::List(list) = &mut function.args else {
        return Ok(None);
    };
    let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Prefixed { prefix, value }))) =
        list.args.last()
    else {
        return Ok(None);
    };
    if prefix.value != VARIADIC {
        return Ok(None);
    }
    let array = value.as_ref().clone();
    list.args.pop();
    if let Expr::Array(elements) = array {
        let elements = elements.elem.into_iter();
        let unnamed = |element| FunctionArg::Unnamed(FunctionArgExpr::Expr(element));
        list.args.extend(elements.map(unnamed));
        return Ok(None);
    }
    let name = function.name.0.last().and_then(|part| part.as_ident());
    let name = name.map(folded);
    let name = name.unwrap_or_default();
    let first = match list.args.as_slice() {
        [] => None,
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(first))] => Some(first.clone()),
        _ => return Err(unsupported(&name)),
    };
    match (name.as_str(), first) {
        ("concat", None) => {
            let separator = Expr::value(Value::SingleQuotedString(String::new()));
            joined(function, array, separator);
            Ok(None)
        }
        ("concat_ws", Some(separator)) => {
            joined(function, array, separator);
            Ok(None)
        }
        ("json_extract_path" | "jsonb_extract_path", Some(document)) => {
            Ok(Some(within(document, BinaryOperator::HashArrow, array)))
        }
        ("json_extract_path_text" | "jsonb_extract_path_text", Some(document)) => {
            Ok(Some(within(document, BinaryOperator::HashLongArrow, array)))
        }
        (
            "json_build_array" | "jsonb_build_array" | "json_build_object" | "jsonb_build_object",
            None,
        ) => {
            let of = Ident::new(format!("{name}_of"));
            Ok(Some(call(of, vec![array])))
        }
        ("num_nonnulls", None) => Ok(Some(counted("array_remove", array))),
        ("num_nulls", None) => Ok(Some(counted("array_positions", array))),
        _ => Err(unsupported(&name)),
    }
}

fn call(name: Ident, arguments: Vec<Expr>) -> Expr {
    let mut call = standard_forms::call(name);
    call.args = standard_forms::arguments(arguments);
    Expr::Function(call)
}

/// How many elements of an array a function gives, of NULL and the array.
fn counted(function: &str, array: Expr) -> Expr {
    let found = call(Ident::new(function), vec![array, Expr::value(Value::Null)]);
    call(Ident::new("cardinality"), vec![found])
}

/// Makes of a call one that joins the elements of an array, but for those that are NULL.
fn joined(function: &mut Function, array: Expr, separator: Expr) {
    function.name = ObjectName::from(vec![Ident::new("array_to_string")]);
    if let FunctionArguments::List(list) = &mut function.args {
        list.args = [array, separator]
            .map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)))
            .to_vec();
    }
}

/// What stands at a path of a document.
fn within(document: Expr, op: BinaryOperator, path: Expr) -> Expr {
    Expr::Nested(Box::new(Expr::BinaryOp {
        left: Box::new(Expr::Nested(Box::new(document))),
        op,
        right: Box::new(Expr::Nested(Box::new(path))),
    }))
}

fn unsupported(name: &str) -> Error {
    Error::unsupported(format!("VARIADIC for the arguments of {name}"))
        .with_hint("Write the elements out, as VARIADIC ARRAY[a, b] or as arguments of their own.")
}
