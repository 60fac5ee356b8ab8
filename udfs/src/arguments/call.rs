//! One call of a scalar function: its arguments, and the answer to give.

use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType, PrimitiveArray, StringViewBuilder};
use arrow::buffer::NullBuffer;
use datafusion::common::ScalarValue;
use datafusion::config::{ConfigExtension, ConfigOptions};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::strings::Strings;
use crate::{FunctionError, interrupt};

/// One call of a scalar function.
///
/// Where every argument is a constant, so is the answer, and it is computed once.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    arguments: &'a [ColumnarValue],
    /// How many rows there are to compute.
    rows: usize,
    constant: bool,
    options: &'a ConfigOptions,
}

impl<'a> Call<'a> {
    /// Reads what DataFusion hands to `invoke_with_args`.
    pub(crate) fn new(args: &'a ScalarFunctionArgs) -> Self {
        let constant = args
            .args
            .iter()
            .all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        Self {
            arguments: &args.args,
            rows: if constant { 1 } else { args.number_rows },
            constant,
            options: &args.config_options,
        }
    }

    /// How many rows there are to compute.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// How many arguments were given.
    pub(crate) fn count(&self) -> usize {
        self.arguments.len()
    }

    /// The settings of a kind; their defaults where the session does not know them.
    pub(crate) fn settings<T: ConfigExtension + Clone + Default>(&self) -> T {
        self.options.extensions.get().cloned().unwrap_or_default()
    }

    /// The argument at a position, counted from 0, as DataFusion gave it.
    pub(crate) fn argument(&self, position: usize) -> Result<&'a ColumnarValue> {
        self.arguments.get(position).ok_or_else(|| {
            FunctionError::no_such_form(format!("argument {} is missing", position + 1)).into()
        })
    }

    /// The text argument at a position, counted from 0.
    pub(crate) fn text(&self, position: usize) -> Result<Strings<'a>> {
        Strings::new(self.argument(position)?)
    }

    /// The argument at a position, cast and as long as there are rows.
    pub(crate) fn numbers<T: ArrowPrimitiveType>(
        &self,
        position: usize,
    ) -> Result<PrimitiveArray<T>> {
        let array = self
            .argument(position)?
            .cast_to(&T::DATA_TYPE, None)?
            .to_array(self.rows)?;
        Ok(PrimitiveArray::<T>::from(array.to_data()))
    }

    /// The answer: a constant where all arguments are.
    pub(crate) fn answer(&self, array: ArrayRef) -> Result<ColumnarValue> {
        if self.constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                &array, 0,
            )?));
        }
        Ok(ColumnarValue::Array(array))
    }

    /// Text out of the text argument at position 0, every other argument being a constant that
    /// `function` has already taken in.
    ///
    /// `function` writes its answer behind what it is handed (an empty string) and gives false
    /// for NULL. NULL in gives NULL out. A dictionary's values are computed once each.
    pub(crate) fn text_to_text(
        &self,
        mut function: impl FnMut(&str, &mut String) -> Result<bool>,
    ) -> Result<ColumnarValue> {
        let texts = self.text(0)?;
        self.over_distinct(&texts, |values, rows| {
            text_rows(rows, |row, answer| match values.get(row) {
                Some(text) => function(text, answer),
                None => Ok(false),
            })
        })
    }

    /// Numbers, dates and the like out of the text argument at position 0, every other argument
    /// being a constant that `function` has already taken in; `None` is NULL.
    pub(crate) fn text_to_primitive<T: ArrowPrimitiveType>(
        &self,
        mut function: impl FnMut(&str) -> Result<Option<T::Native>>,
    ) -> Result<ColumnarValue> {
        let texts = self.text(0)?;
        self.over_distinct(&texts, |values, rows| {
            primitive_rows::<T>(rows, |row| match values.get(row) {
                Some(text) => function(text),
                None => Ok(None),
            })
        })
    }

    /// Text out of any arguments, row by row: `function` is asked for each row in turn, writes
    /// its answer behind what it is handed (an empty string) and gives false for NULL.
    pub(crate) fn rows_to_text(
        &self,
        function: impl FnMut(usize, &mut String) -> Result<bool>,
    ) -> Result<ColumnarValue> {
        self.answer(text_rows(self.rows, function)?)
    }

    /// Numbers, dates and the like out of any arguments, row by row; `None` is NULL.
    pub(crate) fn rows_to_primitive<T: ArrowPrimitiveType>(
        &self,
        function: impl FnMut(usize) -> Result<Option<T::Native>>,
    ) -> Result<ColumnarValue> {
        self.answer(primitive_rows::<T>(self.rows, function)?)
    }

    /// Computes over the distinct values of a dictionary rather than over its rows, where there
    /// are fewer of them.
    pub(crate) fn over_distinct(
        &self,
        texts: &Strings<'a>,
        mut compute: impl FnMut(&Strings<'a>, usize) -> Result<ArrayRef>,
    ) -> Result<ColumnarValue> {
        if let Strings::Dictionary {
            keys,
            nulls,
            values,
        } = texts
            && values.len() <= keys.len()
        {
            let distinct = compute(values, values.len())?;
            let indices = arrow::array::UInt64Array::new(
                keys.iter().map(|key| *key as u64).collect(),
                nulls.clone(),
            );
            return self.answer(arrow::compute::take(&distinct, &indices, None)?);
        }
        self.answer(compute(texts, self.rows)?)
    }
}

fn text_rows(
    rows: usize,
    mut function: impl FnMut(usize, &mut String) -> Result<bool>,
) -> Result<ArrayRef> {
    let mut builder = StringViewBuilder::with_capacity(rows);
    let mut answer = String::new();
    let listener = interrupt::listen();
    for row in 0..rows {
        listener.check()?;
        answer.clear();
        if function(row, &mut answer)? {
            builder.try_append_value(&answer)?;
        } else {
            builder.append_null();
        }
    }
    Ok(Arc::new(builder.finish()))
}

fn primitive_rows<T: ArrowPrimitiveType>(
    rows: usize,
    mut function: impl FnMut(usize) -> Result<Option<T::Native>>,
) -> Result<ArrayRef> {
    let mut values = Vec::with_capacity(rows);
    let mut valid = Vec::with_capacity(rows);
    let listener = interrupt::listen();
    for row in 0..rows {
        listener.check()?;
        let answer = function(row)?;
        valid.push(answer.is_some());
        values.push(answer.unwrap_or_default());
    }
    let nulls = NullBuffer::from(valid);
    Ok(Arc::new(PrimitiveArray::<T>::new(
        values.into(),
        (nulls.null_count() > 0).then_some(nulls),
    )))
}
