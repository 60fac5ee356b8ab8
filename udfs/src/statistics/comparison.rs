//! An aggregate that compares two groups, as a table of what it is, and what DataFusion makes of it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, ReversedUDAF, Signature, Volatility,
};

use super::comparison_accumulator::ComparisonAccumulator;
use super::observations::Compared;
use crate::FunctionError;
use crate::arguments::{Form, is_text};

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

    fn check(&self, given: &[DataType]) -> Result<(), FunctionError> {
        self.form.check(given)?;
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
                "{name} takes {takes} as argument 1, not {value}"
            ))
            .with_hint("Cast the argument to the type that the function takes."));
        }
        if !(is_text(group) || matches!(group, DataType::Boolean | DataType::Null)) {
            return Err(FunctionError::no_such_form(format!(
                "{name} takes a boolean or text as argument 2, not {group}"
            ))
            .with_hint("Give the group as a condition, such as year = 2026."));
        }
        if given.len() > 2 && !value.is_numeric() && !value.is_null() {
            return Err(FunctionError::no_such_form(format!(
                "{name} takes bins for numbers, not for {value}"
            ))
            .with_hint("Categories are compared as they are: leave the bins out."));
        }
        Ok(())
    }
}

/// The functions for DataFusion's registry.
pub(super) fn declare_comparisons(functions: &[&'static Comparison]) -> Vec<Arc<AggregateUDF>> {
    let declared = functions.iter().map(|function| {
        Arc::new(AggregateUDF::from(Declared {
            signature: Form::signature(Volatility::Immutable),
            function,
        }))
    });
    declared.collect()
}

struct Declared {
    function: &'static Comparison,
    signature: Signature,
}

impl fmt::Debug for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.function.form.name)
    }
}

/// A name is one function, which a test holds.
impl PartialEq for Declared {
    fn eq(&self, other: &Self) -> bool {
        self.function.form.name == other.function.form.name
    }
}

impl Eq for Declared {}

impl Hash for Declared {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function.form.name.hash(state);
    }
}

impl AggregateUDFImpl for Declared {
    fn name(&self) -> &str {
        self.function.form.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        self.function.check(given)?;
        Ok((self.function.answer)())
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let given = args.input_fields.first().map(|field| field.data_type());
        let are_numbers = given.is_some_and(|given| self.function.are_numbers(given));
        let observed = match are_numbers {
            true => DataType::Float64,
            false => DataType::UInt64,
        };
        let field = |part: &str, given: DataType| {
            Arc::new(Field::new(format_state_name(args.name, part), given, true))
        };
        let list = |part: &str, given: DataType| {
            let items = Arc::new(Field::new_list_field(given, true));
            field(part, DataType::LargeList(items))
        };
        Ok(vec![
            list("labels", DataType::Utf8),
            field("bins", DataType::Int64),
            list("categories", DataType::LargeUtf8),
            list("first", observed.clone()),
            list("second", observed),
        ])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if args.is_distinct {
            let name = self.name();
            return Err(FunctionError {
                sqlstate: "0A000",
                message: format!("{name} does not take DISTINCT"),
                hint: Some("Take the distinct rows in a subquery.".to_owned()),
            }
            .into());
        }
        let types: Vec<DataType> = args
            .expr_fields
            .iter()
            .map(|field| field.data_type().clone())
            .collect();
        Ok(Box::new(ComparisonAccumulator::new(self.function, &types)))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn documentation(&self) -> Option<&Documentation> {
        (self.function.documentation)()
    }
}
