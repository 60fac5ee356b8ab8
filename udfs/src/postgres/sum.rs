//! `sum` of integers, numerics and reals that tells of overflow: the sum is kept in twice the bits, and
//! must fit into the type of the answer at the end. DataFusion's own wraps around.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DECIMAL256_MAX_PRECISION, DataType, Decimal128Type, Decimal256Type,
    DecimalType, Field, FieldRef, Float32Type, Float64Type, Int32Type, Int64Type, UInt64Type, i256,
};
use datafusion::common::{internal_err, plan_err};
use datafusion::error::Result;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::type_coercion::functions::fields_with_udf;
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, GroupsAccumulator, ReversedUDAF,
    SetMonotonicity, Signature, Volatility,
};

use super::converted::{Conversion, with_return_field};
use super::range::out_of_range;

/// A numeric that has room for the sum of as many bigints as there can be.
const OF_INTEGERS: DataType = DataType::Decimal128(38, 0);

/// What a sum that could wrap around, or lose digits, is kept in: more rows than there can be do not
/// overflow it.
fn wide(values: &[FieldRef], answer: &DataType) -> Option<DataType> {
    let [value] = values else { return None };
    match answer {
        _ if value.data_type().is_integer() => Some(OF_INTEGERS),
        DataType::Decimal128(_, scale) => {
            Some(DataType::Decimal256(DECIMAL256_MAX_PRECISION, *scale))
        }
        DataType::Float32 => Some(DataType::Float64),
        _ => None,
    }
}

/// What a sum of `bigint` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum OfBigints {
    /// As DataFusion has it: in plans that are put together from nodes, which know it so.
    BigInt,
    /// As PostgreSQL has it, in which a sum of `integer` and `smallint` alone is a `bigint`.
    Numeric,
}

/// `sum`, exact over integers and numerics, and a `real` of reals.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ExactSum {
    inner: Arc<AggregateUDF>,
    signature: Signature,
    of_bigints: OfBigints,
}

impl ExactSum {
    pub(super) fn new(of_bigints: OfBigints) -> Self {
        Self {
            inner: sum_udaf(),
            signature: Signature::user_defined(Volatility::Immutable),
            of_bigints,
        }
    }
}

fn with_type(field: &FieldRef, data_type: DataType) -> FieldRef {
    Arc::new(Field::new(field.name(), data_type, field.is_nullable()))
}

/// Values are summed in twice the bits, or more.
const WIDE: Conversion = Conversion {
    values: widen,
    answers: narrow,
};

impl AggregateUDFImpl for ExactSum {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    /// DataFusion's own takes reals as double precisions, and so answers one.
    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [DataType::Float32] => return Ok(given.to_vec()),
            // The answer tells them from bigints.
            [DataType::Int8 | DataType::Int16 | DataType::Int32]
                if self.of_bigints == OfBigints::Numeric =>
            {
                return Ok(vec![DataType::Int32]);
            }
            // It may be one of any type.
            [DataType::Null] => return plan_err!("{}(NULL)", self.name()),
            _ => {}
        }
        let fields = given.iter();
        let fields = fields.map(|given| Arc::new(Field::new("", given.clone(), true)));
        let fields: Vec<FieldRef> = fields.collect();
        let coerced = fields_with_udf(&fields, self.inner.as_ref())?.into_iter();
        Ok(coerced.map(|field| field.data_type().clone()).collect())
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        match arg_types {
            [DataType::Float32] => Ok(DataType::Float32),
            [DataType::Int32] => Ok(DataType::Int64),
            [DataType::Int64] if self.of_bigints == OfBigints::Numeric => Ok(OF_INTEGERS),
            _ => self.inner.return_type(arg_types),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let return_field = match wide(args.input_fields, args.return_type()) {
            Some(wide) => with_type(&args.return_field, wide),
            None => Arc::clone(&args.return_field),
        };
        self.inner.state_fields(StateFieldsArgs {
            return_field,
            ..args
        })
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let Some(wide) = wide(args.expr_fields, args.return_type()) else {
            return self.inner.accumulator(args);
        };
        let wide = with_return_field(&args, with_type(&args.return_field, wide));
        let inner = self.inner.accumulator(wide)?;
        Ok(Box::new(WIDE.around(inner, args.return_type())))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        // DataFusion slides over distinct integers in their own type alone.
        let wide = wide(args.expr_fields, args.return_type());
        let Some(wide) = wide.filter(|_| !args.is_distinct) else {
            return self.inner.create_sliding_accumulator(args);
        };
        let wide = with_return_field(&args, with_type(&args.return_field, wide));
        let inner = self.inner.create_sliding_accumulator(wide)?;
        Ok(Box::new(WIDE.around(inner, args.return_type())))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        self.inner.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        let Some(wide) = wide(args.expr_fields, args.return_type()) else {
            return self.inner.create_groups_accumulator(args);
        };
        let wide = with_return_field(&args, with_type(&args.return_field, wide));
        let inner = self.inner.create_groups_accumulator(wide)?;
        Ok(Box::new(WIDE.around(inner, args.return_type())))
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

/// Integers as numerics.
fn of_integers<T>(integers: &ArrayRef) -> ArrayRef
where
    T: ArrowPrimitiveType,
    i128: From<T::Native>,
{
    let integers = integers.as_primitive::<T>();
    let wide = integers.unary::<_, Decimal128Type>(i128::from);
    Arc::new(wide.with_data_type(OF_INTEGERS))
}

/// Values in twice the bits, or more.
fn widen(values: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    values
        .iter()
        .map(|values| -> Result<ArrayRef> {
            Ok(match values.data_type() {
                DataType::UInt64 => of_integers::<UInt64Type>(values),
                DataType::Int64 => of_integers::<Int64Type>(values),
                DataType::Int32 => of_integers::<Int32Type>(values),
                DataType::Decimal128(_, scale) => {
                    let wide = DataType::Decimal256(DECIMAL256_MAX_PRECISION, *scale);
                    let values = values.as_primitive::<Decimal128Type>();
                    let values = values.unary::<_, Decimal256Type>(i256::from_i128);
                    Arc::new(values.with_data_type(wide))
                }
                DataType::Float32 => {
                    let values = values.as_primitive::<Float32Type>();
                    Arc::new(values.unary::<_, Float64Type>(f64::from))
                }
                other => return internal_err!("a sum of {other} is kept in its own type"),
            })
        })
        .collect()
}

/// Sums in the type of the answer.
fn narrow(sums: &ArrayRef, answer: &DataType) -> Result<ArrayRef> {
    let overflow = || out_of_range(answer);
    Ok(match answer {
        // Room for all that there can be.
        answer if sums.data_type() == answer => Arc::clone(sums),
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
        DataType::Float32 => {
            let sums = sums.as_primitive::<Float64Type>();
            let narrow = |sum: f64| {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a real has as many digits as it has"
                )]
                let real = sum as f32;
                let fits = real.is_finite() || !sum.is_finite();
                fits.then_some(real).ok_or_else(overflow)
            };
            Arc::new(sums.try_unary::<_, Float32Type, _>(narrow)?)
        }
        _ => {
            let sums = sums.as_primitive::<Decimal128Type>();
            let narrow = |sum| i64::try_from(sum).map_err(|_| overflow());
            Arc::new(sums.try_unary::<_, Int64Type, _>(narrow)?)
        }
    })
}
