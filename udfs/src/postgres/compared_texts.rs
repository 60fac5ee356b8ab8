//! Texts that are compared with numbers, moments and bytes, and numbers with truths and moments, for which
//! PostgreSQL has no operators.
//!
//! DataFusion reads any text as what stands beside it, and fails on the first row where it is none. That is
//! right for a literal alone, whose type nobody has told. Of a date beside a number it makes one of the two.

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Expr, ExprSchemable, Operator};

use super::matched_types::{Matching, name};
use super::of_elements::{array_and_elements, element_of};
use super::of_one_type::MEMBERSHIP;
use crate::FunctionError;

impl Matching {
    /// That two values can be compared by an operator.
    ///
    /// # Errors
    /// 42883 for a text beside a number, a date, a time, a timestamp or bytes, and for a number beside what
    /// is none.
    pub(super) fn comparison(
        self,
        left: &Expr,
        operator: Operator,
        right: &Expr,
        schema: &DFSchema,
    ) -> Result<()> {
        let (Ok(of_left), Ok(of_right)) = (left.get_type(schema), right.get_type(schema)) else {
            return Ok(());
        };
        let is_text = |value: &Expr, own: &DataType| own.is_string() && !is_open(value);
        let has_text = is_text(left, &of_left) && is_no_text(&of_right)
            || is_no_text(&of_left) && is_text(right, &of_right);
        let has_number = of_left.is_numeric() && is_no_number(&of_right)
            || is_no_number(&of_left) && of_right.is_numeric();
        if !(has_number || has_text && self.texts_are_known()) {
            return Ok(());
        }
        let sign = match operator {
            Operator::IsDistinctFrom | Operator::IsNotDistinctFrom => "=".to_owned(),
            Operator::NotEq => "<>".to_owned(),
            other => other.to_string(),
        };
        Err(missing(&of_left, &sign, &of_right).into())
    }
}

impl Matching {
    /// That a function of an array and elements takes such values.
    ///
    /// # Errors
    /// 42883 for a text beside elements that are none, and for what is none beside elements that are.
    pub(super) fn elements(self, call: &ScalarFunction, schema: &DFSchema) -> Result<()> {
        let Some((array, values)) = array_and_elements(call.name(), &call.args) else {
            return Ok(());
        };
        let Ok(DataType::List(item)) = array.get_type(schema) else {
            return Ok(());
        };
        // What are kept as texts without being such have rules of their own.
        if !self.texts_are_known() || !item.metadata().is_empty() {
            return Ok(());
        }
        let element = element_of(item.data_type());
        for value in values {
            let Ok(own) = value.get_type(schema) else {
                continue;
            };
            let is_text = own.is_string() && !is_open(value) && is_no_text(element);
            let has_texts = element.is_string() && !is_open(array) && is_no_text(&own);
            if !is_text && !has_texts {
                continue;
            }
            if call.name() == MEMBERSHIP {
                return Err(missing(&own, "=", element).into());
            }
            let given = call.args.iter().map(|it| Ok(name(&it.get_type(schema)?)));
            let given = given.collect::<Result<Vec<_>>>()?.join(", ");
            let message = format!("function {}({given}) does not exist", call.name());
            return Err(FunctionError::no_such_form(message)
                .with_hint("A function of that name takes other arguments: add explicit casts.")
                .into());
        }
        Ok(())
    }
}

fn missing(left: &DataType, sign: &str, right: &DataType) -> FunctionError {
    FunctionError {
        sqlstate: "42883",
        message: format!(
            "operator does not exist: {} {sign} {}",
            name(left),
            name(right)
        ),
        hint: Some("No operator takes these types: add explicit casts.".to_owned()),
    }
}

/// Whether a value is of the type that stands beside it.
pub(super) fn is_open(value: &Expr) -> bool {
    match value {
        Expr::Alias(alias) => is_open(&alias.expr),
        Expr::Literal(..) | Expr::Placeholder(_) => true,
        _ => false,
    }
}

/// Whether values of a type are numbers, moments or bytes, as which DataFusion reads texts.
fn is_no_text(data_type: &DataType) -> bool {
    data_type.is_numeric()
        || matches!(
            data_type,
            DataType::Date32
                | DataType::Time32(_)
                | DataType::Time64(_)
                | DataType::Timestamp(..)
                | DataType::Binary
        )
}

/// Whether values of a type are truths, moments or intervals, which no number is compared with.
fn is_no_number(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Boolean
            | DataType::Date32
            | DataType::Time32(_)
            | DataType::Time64(_)
            | DataType::Timestamp(..)
            | DataType::Interval(_)
    )
}
