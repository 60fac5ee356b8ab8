//! `avg` of numerics to as many digits as a quotient has.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::functions_aggregate::average::avg_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, EmitTo, GroupsAccumulator,
    ReversedUDAF, Signature,
};
use datafusion::scalar::ScalarValue;

use super::numeric;

/// `avg`. DataFusion's own gives an average of numerics four digits more than they have, and cuts
/// off the rest.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct NumericAverage {
    inner: Arc<AggregateUDF>,
}

impl NumericAverage {
    pub(super) fn new() -> Self {
        Self { inner: avg_udaf() }
    }
}

/// The field of an average of one digit more, which is rounded away at the end.
fn longer(field: &FieldRef) -> Result<FieldRef> {
    let data_type = numeric::with_one_digit_more(field.data_type())?;
    Ok(Arc::new(Field::new(
        field.name(),
        data_type,
        field.is_nullable(),
    )))
}

fn with_longer_field<'a>(args: &AccumulatorArgs<'a>) -> Result<AccumulatorArgs<'a>> {
    Ok(AccumulatorArgs {
        return_field: longer(&args.return_field)?,
        schema: args.schema,
        ignore_nulls: args.ignore_nulls,
        order_bys: args.order_bys,
        is_reversed: args.is_reversed,
        name: args.name,
        is_distinct: args.is_distinct,
        exprs: args.exprs,
        expr_fields: args.expr_fields,
    })
}

impl AggregateUDFImpl for NumericAverage {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        match arg_types.first().and_then(numeric::average) {
            Some(data_type) => Ok(data_type),
            None => self.inner.return_type(arg_types),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let return_field = match args.return_type().is_decimal() {
            true => longer(&args.return_field)?,
            false => Arc::clone(&args.return_field),
        };
        self.inner.state_fields(StateFieldsArgs {
            return_field,
            ..args
        })
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if !args.return_type().is_decimal() {
            return self.inner.accumulator(args);
        }
        Ok(Box::new(RoundedAccumulator {
            answer: args.return_type().clone(),
            inner: self.inner.accumulator(with_longer_field(&args)?)?,
        }))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if !args.return_type().is_decimal() {
            return self.inner.create_sliding_accumulator(args);
        }
        Ok(Box::new(RoundedAccumulator {
            answer: args.return_type().clone(),
            inner: self
                .inner
                .create_sliding_accumulator(with_longer_field(&args)?)?,
        }))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        self.inner.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        if !args.return_type().is_decimal() {
            return self.inner.create_groups_accumulator(args);
        }
        Ok(Box::new(RoundedGroups {
            answer: args.return_type().clone(),
            inner: self
                .inner
                .create_groups_accumulator(with_longer_field(&args)?)?,
        }))
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}

#[derive(Debug)]
struct RoundedAccumulator {
    answer: DataType,
    inner: Box<dyn Accumulator>,
}

impl Accumulator for RoundedAccumulator {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.update_batch(values)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.retract_batch(values)
    }

    fn supports_retract_batch(&self) -> bool {
        self.inner.supports_retract_batch()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let average = self.inner.evaluate()?.to_array()?;
        ScalarValue::try_from_array(&numeric::round_last_digit(&average, &self.answer)?, 0)
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

struct RoundedGroups {
    answer: DataType,
    inner: Box<dyn GroupsAccumulator>,
}

impl GroupsAccumulator for RoundedGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        groups: usize,
    ) -> Result<()> {
        self.inner
            .update_batch(values, group_indices, filter, groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        numeric::round_last_digit(&self.inner.evaluate(emit_to)?, &self.answer)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        self.inner.state(emit_to)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        groups: usize,
    ) -> Result<()> {
        self.inner.merge_batch(values, group_indices, groups)
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        self.inner.convert_to_state(values, filter)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.inner.size()
    }
}
