//! Aggregates of the values of a group in an order: `WITHIN GROUP (ORDER BY value)`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{SortOptions, concat, filter, is_not_null, sort_to_indices, take};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::error::Result;
use datafusion::logical_expr::Accumulator;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::scalar::ScalarValue;

use crate::FunctionError;
use crate::wording::type_name;

/// What is answered to the values in their order; there is one at least.
pub(super) type Choice = Box<dyn Fn(&ArrayRef) -> Result<ScalarValue> + Send + Sync>;

/// What is kept of a group: its values.
pub(super) fn state(args: &StateFieldsArgs) -> Result<Vec<FieldRef>> {
    let value = args.input_fields.first();
    let value = value.map_or(DataType::Null, |field| field.data_type().clone());
    let list = DataType::List(Arc::new(Field::new_list_field(value, true)));
    let name = format_state_name(args.name, "values");
    Ok(vec![Arc::new(Field::new(name, list, true))])
}

/// The type of the answer, which is one of the values.
///
/// # Errors
/// 42883 for another number of arguments, and for values that are in no order.
pub(super) fn answer(name: &str, arguments: usize, given: &[DataType]) -> Result<DataType> {
    let form = match arguments {
        1 => format!("{name}() WITHIN GROUP (ORDER BY value)"),
        _ => format!("{name}(fraction) WITHIN GROUP (ORDER BY value)"),
    };
    let refused = |message: String| {
        let error = FunctionError::no_such_form(message);
        error.with_hint(format!("Call it as {form}."))
    };
    let Some(value) = given.first().filter(|_| given.len() == arguments) else {
        return Err(refused(format!("{name} takes other arguments")).into());
    };
    if value.is_nested() {
        return Err(refused(format!("{name} takes no values of {}", type_name(value))).into());
    }
    Ok(value.clone())
}

/// Keeps the values of a group, and answers what is chosen of them.
pub(super) struct OrderedSet {
    batches: Vec<ArrayRef>,
    /// The type of the values.
    data_type: DataType,
    /// That of the answer.
    answer: DataType,
    order: SortOptions,
    choice: Choice,
}

impl OrderedSet {
    /// # Errors
    /// 0A000 for `DISTINCT`.
    pub(super) fn new(name: &str, args: &AccumulatorArgs, choice: Choice) -> Result<Self> {
        if args.is_distinct {
            return Err(FunctionError::unsupported(format!(
                "{name} is not computed of distinct values"
            ))
            .with_hint("Select the distinct values in a subquery.")
            .into());
        }
        let value = args.expr_fields.first();
        let order = args.order_bys.first();
        Ok(Self {
            batches: Vec::new(),
            data_type: value.map_or(DataType::Null, |field| field.data_type().clone()),
            answer: args.return_type().clone(),
            order: order.map_or_else(SortOptions::default, |order| order.options),
            choice,
        })
    }

    fn push(&mut self, values: &ArrayRef) -> Result<()> {
        let values = match values.logical_null_count() {
            0 => Arc::clone(values),
            _ => filter(values, &is_not_null(values)?)?,
        };
        if !values.is_empty() {
            self.batches.push(values);
        }
        Ok(())
    }

    fn values(&self) -> Result<Option<ArrayRef>> {
        let batches: Vec<&dyn Array> = self.batches.iter().map(AsRef::as_ref).collect();
        match batches.is_empty() {
            true => Ok(None),
            false => Ok(Some(concat(&batches)?)),
        }
    }
}

impl std::fmt::Debug for OrderedSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OrderedSet")
            .field("data_type", &self.data_type)
            .finish_non_exhaustive()
    }
}

impl Accumulator for OrderedSet {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        match values.first() {
            Some(values) => self.push(values),
            None => Ok(()),
        }
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let Some(values) = self.values()? else {
            return ScalarValue::try_from(&self.answer);
        };
        let places = sort_to_indices(&values, Some(self.order), None)?;
        let sorted = take(&values, &places, None)?;
        (self.choice)(&sorted)
    }

    fn size(&self) -> usize {
        let batches = self.batches.iter();
        let batches: usize = batches.map(|batch| batch.get_array_memory_size()).sum();
        size_of_val(self) + batches
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let values = match self.values()? {
            Some(values) => values,
            None => arrow::array::new_empty_array(&self.data_type),
        };
        let list = SingleRowListArrayBuilder::new(values).build_list_array();
        Ok(vec![ScalarValue::List(Arc::new(list))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let Some(lists) = states.first() else {
            return Ok(());
        };
        for list in lists.as_list::<i32>().iter().flatten() {
            self.push(&list)?;
        }
        Ok(())
    }
}
