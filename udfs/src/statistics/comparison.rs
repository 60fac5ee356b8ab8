//! An aggregate that compares two groups, as a table of what it is.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{Accumulator, Documentation};

use super::comparison_accumulator::ComparisonAccumulator;
use super::observations::Compared;
use crate::FunctionError;
use crate::arguments::{Aggregate, Definition, Distinct, Form, is_text};
use crate::wording::type_name;

/// What is compared of the two groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Values {
    /// Numbers, by their size.
    Numbers,
    /// Values of any type that are the same or not.
    Categories,
    /// Numbers by their size, text and booleans as categories.
    Either,
}

/// All there is to say of an aggregate over two groups, `name(value, group [, bins])`: one static
/// of a file, named `FUNCTION`.
pub(crate) struct Comparison {
    /// Its name, and how it may be called.
    pub(super) form: Form,
    /// What is compared.
    pub(super) values: Values,
    /// The type of the answer.
    pub(super) answer: fn() -> DataType,
    /// Computes the answer from two groups that both have observations, and the number of bins.
    pub(super) evaluate: fn(&Compared<'_>, usize) -> Result<ScalarValue>,
    /// What its `#[user_doc]` says.
    pub(super) documentation: fn() -> Option<&'static Documentation>,
}

impl Comparison {
    /// Whether values of this type are compared as numbers.
    pub(super) fn are_numbers(&self, given: &DataType) -> bool {
        self.values != Values::Categories && !given.is_null() && given.is_numeric()
    }

    /// Checks the types of the arguments, beyond what the form says.
    fn check(&self, given: &[DataType]) -> Result<(), FunctionError> {
        let name = self.form.name;
        let (Some(value), Some(group)) = (given.first(), given.get(1)) else {
            return Ok(());
        };
        let is_category = is_text(value) || *value == DataType::Boolean;
        let (fits, takes) = match self.values {
            Values::Numbers => (value.is_numeric(), "numbers"),
            Values::Categories => (!value.is_nested(), "values that are not nested"),
            Values::Either => (
                value.is_numeric() || is_category,
                "numbers, text or booleans",
            ),
        };
        if !fits && !value.is_null() {
            return Err(FunctionError::no_such_form(format!(
                "{name} takes {takes} as argument 1, not {}",
                type_name(value)
            ))
            .with_hint("Cast the argument to the type that the function takes."));
        }
        if !(is_text(group) || matches!(group, DataType::Boolean | DataType::Null)) {
            return Err(FunctionError::no_such_form(format!(
                "{name} takes a boolean or text as argument 2, not {}",
                type_name(group)
            ))
            .with_hint("Give the group as a condition, such as year = 2026."));
        }
        if given.len() > 2 && !value.is_numeric() && !value.is_null() {
            return Err(FunctionError::no_such_form(format!(
                "{name} takes bins for numbers, not for {}",
                type_name(value)
            ))
            .with_hint("Categories are compared as they are: leave the bins out."));
        }
        Ok(())
    }
}

impl Definition for Comparison {
    fn form(&self) -> &Form {
        &self.form
    }

    fn documentation(&self) -> Option<&'static Documentation> {
        (self.documentation)()
    }
}

impl Aggregate for Comparison {
    fn answer(&self, given: &[DataType]) -> Result<DataType> {
        self.check(given)?;
        Ok((self.answer)())
    }

    fn state(&'static self, given: &[DataType]) -> Result<Vec<Field>> {
        let are_numbers = given.first().is_some_and(|given| self.are_numbers(given));
        let observed = match are_numbers {
            true => DataType::Float64,
            false => DataType::UInt64,
        };
        let list = |part: &str, given: DataType| {
            let items = Arc::new(Field::new_list_field(given, true));
            Field::new(part, DataType::LargeList(items), true)
        };
        Ok(vec![
            list("labels", DataType::Utf8),
            Field::new("bins", DataType::Int64, true),
            list("categories", DataType::LargeUtf8),
            list("first", observed.clone()),
            list("second", observed),
        ])
    }

    fn accumulator(&'static self, given: &[DataType]) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(ComparisonAccumulator::new(self, given)))
    }

    fn distinct(&self) -> Distinct {
        let name = self.form.name;
        Distinct::Refused(
            FunctionError::unsupported(format!("{name} does not take DISTINCT"))
                .with_hint("Take the distinct rows in a subquery."),
        )
    }
}
