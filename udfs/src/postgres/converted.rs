//! An aggregate of DataFusion's that computes in another type than that of its answer.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use datafusion::scalar::ScalarValue;

/// What becomes of the values that an aggregate takes in, and of its answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conversion {
    pub(crate) values: fn(&[ArrayRef]) -> Result<Vec<ArrayRef>>,
    /// Answers as the aggregate computed them, in the type that they are to have.
    pub(crate) answers: fn(&ArrayRef, &DataType) -> Result<ArrayRef>,
}

impl Conversion {
    /// An accumulator, or one of groups, between its values and its answers.
    pub(crate) fn around<A>(self, inner: A, answer: &DataType) -> Converted<A> {
        Converted {
            conversion: self,
            answer: answer.clone(),
            inner,
        }
    }
}

/// The value of an array of one. DataFusion's own way forgets what the field of a list's elements tells
/// of their type.
pub(crate) fn only_value(array: &ArrayRef) -> Result<ScalarValue> {
    match array.as_list_opt::<i32>() {
        Some(list) if list.len() == 1 => Ok(ScalarValue::List(Arc::new(list.clone()))),
        _ => ScalarValue::try_from_array(array, 0),
    }
}

/// The arguments of an aggregate that is to compute what another field says.
pub(super) fn with_return_field<'a>(
    args: &AccumulatorArgs<'a>,
    return_field: FieldRef,
) -> AccumulatorArgs<'a> {
    AccumulatorArgs {
        return_field,
        schema: args.schema,
        ignore_nulls: args.ignore_nulls,
        order_bys: args.order_bys,
        is_reversed: args.is_reversed,
        name: args.name,
        is_distinct: args.is_distinct,
        exprs: args.exprs,
        expr_fields: args.expr_fields,
    }
}

#[derive(Debug)]
pub(crate) struct Converted<A> {
    conversion: Conversion,
    answer: DataType,
    inner: A,
}

impl Accumulator for Converted<Box<dyn Accumulator>> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.update_batch(&(self.conversion.values)(values)?)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.retract_batch(&(self.conversion.values)(values)?)
    }

    fn supports_retract_batch(&self) -> bool {
        self.inner.supports_retract_batch()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let answer = self.inner.evaluate()?.to_array()?;
        only_value(&(self.conversion.answers)(&answer, &self.answer)?)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.inner.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.inner.merge_batch(states)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.inner.size()
    }
}

impl GroupsAccumulator for Converted<Box<dyn GroupsAccumulator>> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        groups: usize,
    ) -> Result<()> {
        let values = (self.conversion.values)(values)?;
        self.inner
            .update_batch(&values, group_indices, filter, groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        (self.conversion.answers)(&self.inner.evaluate(emit_to)?, &self.answer)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        self.inner.state(emit_to)
    }

    fn merge_batch(
        &mut self,
        states: &[ArrayRef],
        group_indices: &[usize],
        groups: usize,
    ) -> Result<()> {
        self.inner.merge_batch(states, group_indices, groups)
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let values = (self.conversion.values)(values)?;
        self.inner.convert_to_state(&values, filter)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.inner.size()
    }
}
