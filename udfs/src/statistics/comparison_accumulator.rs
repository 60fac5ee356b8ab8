//! Two groups as they are observed, row by row or part by part.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, LargeListArray, LargeStringArray, StringArray,
    UInt64Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, UInt64Type};
use datafusion::common::{ScalarValue, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::Accumulator;

use super::comparison::Comparison;
use super::labels::Labels;
use super::observations::Observations;
use crate::{FunctionError, interrupt};

/// Deciles, as scorecards are monitored by.
const DEFAULT_BINS: i64 = 10;
/// More bins than this hold no more than a value each of most samples.
const MOST_BINS: i64 = 1_000;

/// What was observed so far of the two groups.
pub(super) struct ComparisonAccumulator {
    function: &'static Comparison,
    /// Whether the group is a condition rather than text.
    is_condition: bool,
    labels: Labels,
    observations: Observations,
    bins: Option<i64>,
}

impl std::fmt::Debug for ComparisonAccumulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.function.form.name)
    }
}

impl ComparisonAccumulator {
    /// Nothing seen yet, of arguments of these types.
    pub(super) fn new(function: &'static Comparison, arguments: &[DataType]) -> Self {
        let are_numbers = arguments
            .first()
            .is_some_and(|given| function.are_numbers(given));
        Self {
            function,
            is_condition: arguments.get(1) == Some(&DataType::Boolean),
            labels: Labels::default(),
            observations: Observations::new(are_numbers),
            bins: None,
        }
    }

    /// Takes in the number of bins of some rows.
    fn take_bins(&mut self, bins: Option<i64>) -> Result<(), FunctionError> {
        let name = self.function.form.name;
        let Some(bins) = bins.filter(|bins| (2..=MOST_BINS).contains(bins)) else {
            let given = bins.map_or("NULL".to_owned(), |bins| bins.to_string());
            return Err(FunctionError::invalid_argument(format!(
                "{name}: the number of bins is {given}"
            ))
            .with_hint(format!("Give a number of bins from 2 to {MOST_BINS}.")));
        };
        if self.bins.is_some_and(|known| known != bins) {
            return Err(FunctionError::invalid_argument(format!(
                "{name}: the number of bins is not the same in all rows of a group"
            ))
            .with_hint("Give a constant."));
        }
        self.bins = Some(bins);
        Ok(())
    }
}

impl Accumulator for ComparisonAccumulator {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [value, group, rest @ ..] = values else {
            return internal_err!("a comparison takes a value and a group");
        };
        if let Some(bins) = rest.first() {
            let bins = cast(bins, &DataType::Int64)?;
            for bins in bins.as_primitive::<Int64Type>() {
                self.take_bins(bins)?;
            }
        }
        let groups = cast(group, &DataType::Utf8)?;
        let groups = groups.as_string::<i32>();
        let name = self.function.form.name;
        match &mut self.observations {
            numbers @ Observations::Numbers(_) => {
                let values = cast(value, &DataType::Float64)?;
                for (value, group) in values.as_primitive::<Float64Type>().iter().zip(groups) {
                    if let (Some(value), Some(group)) = (value, group) {
                        numbers.add_number(self.labels.index_of(name, group)?, value);
                    }
                }
            }
            categories @ Observations::Categories { .. } => {
                let values = cast(value, &DataType::Utf8)?;
                for (value, group) in values.as_string::<i32>().iter().zip(groups) {
                    if let (Some(value), Some(group)) = (value, group) {
                        categories.add_category(self.labels.index_of(name, group)?, value, 1);
                    }
                }
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [labels, bins, categories, first, second] = states else {
            return internal_err!("the state of a comparison has five columns");
        };
        let name = self.function.form.name;
        let bins = bins.as_primitive::<Int64Type>();
        for row in 0..bins.len() {
            if bins.is_valid(row) {
                self.take_bins(Some(bins.value(row)))?;
            }
            let labels = labels.as_list::<i64>().value(row);
            let observed = [first, second].map(|observed| observed.as_list::<i64>().value(row));
            let categories = categories.as_list::<i64>().value(row);
            for (label, observed) in labels.as_string::<i32>().iter().flatten().zip(&observed) {
                let group = self.labels.index_of(name, label)?;
                match &mut self.observations {
                    numbers @ Observations::Numbers(_) => {
                        for number in observed.as_primitive::<Float64Type>().values() {
                            numbers.add_number(group, *number);
                        }
                    }
                    known @ Observations::Categories { .. } => {
                        let counts = observed.as_primitive::<UInt64Type>().values();
                        let categories = categories.as_string::<i64>().iter().flatten();
                        for (category, count) in categories.zip(counts) {
                            known.add_category(group, category, *count);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let groups = self.labels.reference_and_other(self.is_condition);
        let compared = groups.and_then(|groups| self.observations.compared(groups));
        match compared {
            Some(compared) => {
                let bins = usize::try_from(self.bins.unwrap_or(DEFAULT_BINS)).unwrap_or_default();
                interrupt::call(
                    || compared.may_take_long(),
                    || (self.function.evaluate)(&compared, bins),
                )
            }
            None => ScalarValue::try_from((self.function.answer)()),
        }
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let labels: StringArray = self.labels.iter().map(Some).collect();
        let (categories, [first, second]): (LargeStringArray, [ArrayRef; 2]) =
            match &mut self.observations {
                // A state is asked for once, at the end: a copy of the numbers would be memory
                // that nobody counts.
                Observations::Numbers(numbers) => (
                    LargeStringArray::new_null(0),
                    numbers.each_mut().map(|group| {
                        Arc::new(Float64Array::from(std::mem::take(group))) as ArrayRef
                    }),
                ),
                Observations::Categories { counts, .. } => (
                    counts.keys().map(Some).collect(),
                    [0, 1].map(|group| {
                        let counts = counts.values().map(|counts| counts[group]);
                        Arc::new(UInt64Array::from_iter_values(counts)) as ArrayRef
                    }),
                ),
            };
        Ok(vec![
            list(Arc::new(labels))?,
            ScalarValue::Int64(self.bins),
            list(Arc::new(categories))?,
            list(first)?,
            list(second)?,
        ])
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.labels.size() + self.observations.size()
    }
}

fn list(items: ArrayRef) -> Result<ScalarValue> {
    let field = Arc::new(Field::new_list_field(items.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths([items.len()]);
    let list = LargeListArray::try_new(field, offsets, items, None)?;
    Ok(ScalarValue::LargeList(Arc::new(list)))
}
