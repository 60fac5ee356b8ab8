//! `sum` of integers and numerics that tells of overflow: the sum is kept in twice the bits, and must
//! fit into the type of the answer at the end. DataFusion's own wraps around.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray};
use arrow::datatypes::{
    DECIMAL256_MAX_PRECISION, DataType, Decimal128Type, Decimal256Type, DecimalType, Field,
    FieldRef, Int64Type, UInt64Type, i256,
};
use datafusion::error::Result;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, EmitTo, GroupsAccumulator,
    ReversedUDAF, SetMonotonicity, Signature,
};
use datafusion::scalar::ScalarValue;

use super::range::out_of_range;

/// What a sum that could wrap around is kept in: more rows than there can be do not overflow it.
fn wide(return_type: &DataType) -> Option<DataType> {
    match return_type {
        DataType::Int64 | DataType::UInt64 => Some(DataType::Decimal128(38, 0)),
        DataType::Decimal128(_, scale) => {
            Some(DataType::Decimal256(DECIMAL256_MAX_PRECISION, *scale))
        }
        _ => None,
    }
}

/// `sum`, exact over integers and numerics.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ExactSum {
    inner: Arc<AggregateUDF>,
}

impl ExactSum {
    pub(super) fn new() -> Self {
        Self { inner: sum_udaf() }
    }
}

fn with_type(field: &FieldRef, data_type: DataType) -> FieldRef {
    Arc::new(Field::new(field.name(), data_type, field.is_nullable()))
}

fn with_wide_field<'a>(args: &AccumulatorArgs<'a>, wide: DataType) -> AccumulatorArgs<'a> {
    AccumulatorArgs {
        return_field: with_type(&args.return_field, wide),
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

impl AggregateUDFImpl for ExactSum {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arg_types)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let return_field = match wide(args.return_type()) {
            Some(wide) => with_type(&args.return_field, wide),
            None => Arc::clone(&args.return_field),
        };
        self.inner.state_fields(StateFieldsArgs {
            return_field,
            ..args
        })
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let Some(wide) = wide(args.return_type()) else {
            return self.inner.accumulator(args);
        };
        Ok(Box::new(ExactAccumulator {
            answer: args.return_type().clone(),
            inner: self.inner.accumulator(with_wide_field(&args, wide))?,
        }))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        // DataFusion slides over distinct integers in their own type alone.
        let Some(wide) = wide(args.return_type()).filter(|_| !args.is_distinct) else {
            return self.inner.create_sliding_accumulator(args);
        };
        Ok(Box::new(ExactAccumulator {
            answer: args.return_type().clone(),
            inner: self
                .inner
                .create_sliding_accumulator(with_wide_field(&args, wide))?,
        }))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        self.inner.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        let Some(wide) = wide(args.return_type()) else {
            return self.inner.create_groups_accumulator(args);
        };
        Ok(Box::new(ExactGroups {
            answer: args.return_type().clone(),
            inner: self
                .inner
                .create_groups_accumulator(with_wide_field(&args, wide))?,
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

    fn set_monotonicity(&self, data_type: &DataType) -> SetMonotonicity {
        self.inner.inner().set_monotonicity(data_type)
    }
}

/// Values in twice the bits, or more.
fn widen(values: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    let integers = DataType::Decimal128(38, 0);
    values
        .iter()
        .map(|values| -> Result<ArrayRef> {
            Ok(match values.data_type() {
                DataType::UInt64 => {
                    let values = values.as_primitive::<UInt64Type>();
                    let wide = values.unary::<_, Decimal128Type>(i128::from);
                    Arc::new(wide.with_data_type(integers.clone()))
                }
                DataType::Decimal128(_, scale) => {
                    let wide = DataType::Decimal256(DECIMAL256_MAX_PRECISION, *scale);
                    let values = values.as_primitive::<Decimal128Type>();
                    let values = values.unary::<_, Decimal256Type>(i256::from_i128);
                    Arc::new(values.with_data_type(wide))
                }
                _ => {
                    let values = values.as_primitive::<Int64Type>();
                    let wide = values.unary::<_, Decimal128Type>(i128::from);
                    Arc::new(wide.with_data_type(integers.clone()))
                }
            })
        })
        .collect()
}

/// Sums in the type of the answer.
fn narrow(sums: &ArrayRef, answer: &DataType) -> Result<ArrayRef> {
    let overflow = || out_of_range(answer);
    Ok(match answer {
        DataType::Decimal128(precision, _) => {
            let sums = sums.as_primitive::<Decimal256Type>();
            let narrow = |sum: i256| {
                let sum = sum.to_i128().ok_or_else(overflow)?;
                let fits = Decimal128Type::is_valid_decimal_precision(sum, *precision);
                fits.then_some(sum).ok_or_else(overflow)
            };
            let sums = sums.try_unary::<_, Decimal128Type, _>(narrow)?;
            Arc::new(sums.with_data_type(answer.clone()))
        }
        DataType::UInt64 => {
            let sums = sums.as_primitive::<Decimal128Type>();
            let narrow = |sum| u64::try_from(sum).map_err(|_| overflow());
            Arc::new(sums.try_unary::<_, UInt64Type, _>(narrow)?)
        }
        _ => {
            let sums = sums.as_primitive::<Decimal128Type>();
            let narrow = |sum| i64::try_from(sum).map_err(|_| overflow());
            Arc::new(sums.try_unary::<_, Int64Type, _>(narrow)?)
        }
    })
}

#[derive(Debug)]
struct ExactAccumulator {
    answer: DataType,
    inner: Box<dyn Accumulator>,
}

impl Accumulator for ExactAccumulator {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.update_batch(&widen(values)?)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.retract_batch(&widen(values)?)
    }

    fn supports_retract_batch(&self) -> bool {
        self.inner.supports_retract_batch()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let sum = self.inner.evaluate()?.to_array()?;
        ScalarValue::try_from_array(&narrow(&sum, &self.answer)?, 0)
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

struct ExactGroups {
    answer: DataType,
    inner: Box<dyn GroupsAccumulator>,
}

impl GroupsAccumulator for ExactGroups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        groups: usize,
    ) -> Result<()> {
        self.inner
            .update_batch(&widen(values)?, group_indices, filter, groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        narrow(&self.inner.evaluate(emit_to)?, &self.answer)
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
        self.inner.convert_to_state(&widen(values)?, filter)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.inner.size()
    }
}
