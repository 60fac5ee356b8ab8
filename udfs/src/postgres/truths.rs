//! Where truths stand, and where they do not: what `WHEN` asks for is one, so is a literal in a list with
//! one, and `max` and `min` take none.
//!
//! DataFusion takes a number that is not zero for a truth, and truths for values in an order.

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::{Cast, Expr, ExprSchemable};
use datafusion::scalar::ScalarValue;

use super::compared_texts::is_open;
use super::matched_types::{Matching, name};
use crate::FunctionError;

impl Matching {
    /// That a value can be what a construct such as `CASE/WHEN` asks for.
    ///
    /// # Errors
    /// 42804 for a number, a moment, an interval, and a text that is no literal.
    pub(super) fn condition(self, construct: &str, value: &Expr, schema: &DFSchema) -> Result<()> {
        let Ok(own) = value.get_type(schema) else {
            return Ok(());
        };
        let is_refused = match &own {
            DataType::Date32
            | DataType::Time32(_)
            | DataType::Time64(_)
            | DataType::Timestamp(..)
            | DataType::Interval(_) => true,
            other if other.is_string() => self.texts_are_known() && !is_open(value),
            other => other.is_numeric(),
        };
        if !is_refused {
            return Ok(());
        }
        let own = name(&own);
        Err(FunctionError {
            sqlstate: "42804",
            message: format!("argument of {construct} must be type boolean, not type {own}"),
            hint: None,
        }
        .into())
    }
}

/// Values that are compared with one another: literals among them are truths where another one is,
/// `b IN ('yes', 'off')`.
pub(super) fn read_truths(values: Vec<Expr>, schema: &DFSchema) -> Transformed<Vec<Expr>> {
    let is_truth = |value: &Expr| matches!(value.get_type(schema), Ok(DataType::Boolean));
    let is_literal = |value: &Expr| matches!(value, Expr::Literal(ScalarValue::Utf8(Some(_)), _));
    if !values.iter().any(is_literal) || !values.iter().any(is_truth) {
        return Transformed::no(values);
    }
    let read = |value: Expr| match is_literal(&value) {
        true => Expr::Cast(Cast::new(Box::new(value), DataType::Boolean)),
        false => value,
    };
    Transformed::yes(values.into_iter().map(read).collect())
}

/// That `max` and `min` are not asked for the greatest and the least truth.
///
/// # Errors
/// 42883 where they are.
pub(super) fn refuse_truths(name: &str, given: &[Expr], schema: &DFSchema) -> Result<()> {
    if !matches!(name, "max" | "min") {
        return Ok(());
    }
    let own = given.first().and_then(|value| value.get_type(schema).ok());
    if own != Some(DataType::Boolean) {
        return Ok(());
    }
    let other = if name == "max" { "bool_or" } else { "bool_and" };
    let message = format!("function {name}(boolean) does not exist");
    let error = FunctionError::no_such_form(message);
    Err(error.with_hint(format!("Call {other}.")).into())
}
