//! `min` and `max` of floats, of which NaN is the greatest. DataFusion's of groups take whatever comes
//! after a NaN, and a finite number for the least of all.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float32Array, Float64Array, Int64Array};
use arrow::datatypes::{DataType, Field, FieldRef, Float32Type, Float64Type, Int64Type};
use datafusion::error::Result;
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, GroupsAccumulator, ReversedUDAF,
    SetMonotonicity, Signature,
};

use super::converted::{Conversion, with_return_field};

/// `min` or `max` of floats, by integers that are in PostgreSQL's order of floats.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct FloatExtreme {
    inner: Arc<AggregateUDF>,
}

impl FloatExtreme {
    pub(super) fn max() -> Self {
        Self { inner: max_udaf() }
    }

    pub(super) fn min() -> Self {
        Self { inner: min_udaf() }
    }
}

const BY_ORDER: Conversion = Conversion {
    values: |values| Ok(values.iter().map(in_order).collect()),
    answers: |numbers, answer| Ok(floats(numbers, answer)),
};

/// The field of an answer, as it is computed.
fn ordered(field: &FieldRef) -> FieldRef {
    Arc::new(Field::new(
        field.name(),
        DataType::Int64,
        field.is_nullable(),
    ))
}

impl AggregateUDFImpl for FloatExtreme {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(given)
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        self.inner.return_type(given)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        self.inner.state_fields(StateFieldsArgs {
            return_field: ordered(&args.return_field),
            ..args
        })
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let of_order = with_return_field(&args, ordered(&args.return_field));
        let inner = self.inner.accumulator(of_order)?;
        Ok(Box::new(BY_ORDER.around(inner, args.return_type())))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let of_order = with_return_field(&args, ordered(&args.return_field));
        let inner = self.inner.create_sliding_accumulator(of_order)?;
        Ok(Box::new(BY_ORDER.around(inner, args.return_type())))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        self.inner.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        let of_order = with_return_field(&args, ordered(&args.return_field));
        let inner = self.inner.create_groups_accumulator(of_order)?;
        Ok(Box::new(BY_ORDER.around(inner, args.return_type())))
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

/// The bits of a float with those below the sign turned around where it is negative, as IEEE 754's
/// `totalOrder` has them, and one NaN above all others.
const fn place(bits: i64) -> i64 {
    bits ^ (((bits >> 63).cast_unsigned()) >> 1).cast_signed()
}

/// Numbers that are in the order of these floats.
fn in_order(values: &ArrayRef) -> ArrayRef {
    let place = |value: f64| {
        let value = if value.is_nan() { f64::NAN } else { value };
        place(value.to_bits().cast_signed())
    };
    let numbers: Int64Array = match values.data_type() {
        DataType::Float32 => {
            let floats = values.as_primitive::<Float32Type>();
            floats.unary::<_, Int64Type>(|value| place(f64::from(value)))
        }
        DataType::Float64 => values
            .as_primitive::<Float64Type>()
            .unary::<_, Int64Type>(place),
        _ => return Arc::clone(values),
    };
    Arc::new(numbers)
}

/// The floats that have these places.
fn floats(numbers: &ArrayRef, answer: &DataType) -> ArrayRef {
    let Some(numbers) = numbers.as_primitive_opt::<Int64Type>() else {
        return Arc::clone(numbers);
    };
    let float = |number: i64| f64::from_bits(place(number).cast_unsigned());
    match answer {
        DataType::Float32 => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the floats that came in are given back"
            )]
            let narrow = |number| float(number) as f32;
            let floats: Float32Array = numbers.unary::<_, Float32Type>(narrow);
            Arc::new(floats)
        }
        _ => {
            let floats: Float64Array = numbers.unary::<_, Float64Type>(float);
            Arc::new(floats)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_are_in_the_order_of_floats(left: f64, right: f64) {
            let place = |value: f64| {
                in_order(&(Arc::new(Float64Array::from(vec![value])) as ArrayRef))
                    .as_primitive::<Int64Type>()
                    .value(0)
            };
            if left.is_nan() || right.is_nan() {
                prop_assert_eq!(place(left).cmp(&place(right)), left.is_nan().cmp(&right.is_nan()));
            } else {
                prop_assert_eq!(place(left).cmp(&place(right)), left.total_cmp(&right));
            }
        }

        #[test]
        fn floats_are_given_back(value: f32) {
            let values: ArrayRef = Arc::new(Float32Array::from(vec![value]));
            let back = floats(&in_order(&values), &DataType::Float32);
            let back = back.as_primitive::<Float32Type>().value(0);
            prop_assert!(back == value || back.is_nan() && value.is_nan());
        }
    }
}
