//! `avg` of numerics and integers, a numeric of as many digits as a quotient has, and of intervals.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{
    DECIMAL256_MAX_PRECISION, DataType, Decimal128Type, Decimal256Type, Field, FieldRef, i256,
};
use datafusion::common::{internal_err, plan_err};
use datafusion::error::Result;
use datafusion::functions_aggregate::average::avg_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::type_coercion::functions::fields_with_udf;
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, GroupsAccumulator, ReversedUDAF,
    Signature, Volatility,
};

use super::converted::{Conversion, Converted, with_return_field};
use super::interval_average::{self, INTERVAL};
use super::numeric;
use super::range::out_of_range;

/// `avg`. DataFusion's own gives an average of numerics four digits more than they have, and cuts
/// off the rest. It computes in the type of the values, in which a sum of large ones has no room for the
/// digits of the quotient; so these are averaged in twice the bits.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct NumericAverage {
    inner: Arc<AggregateUDF>,
    signature: Signature,
}

impl NumericAverage {
    pub(super) fn new() -> Self {
        Self {
            inner: avg_udaf(),
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

fn with_type(field: &FieldRef, data_type: DataType) -> FieldRef {
    Arc::new(Field::new(field.name(), data_type, field.is_nullable()))
}

fn is_of_intervals(answer: &DataType) -> bool {
    matches!(answer, DataType::Interval(_))
}

/// The types that values of one type are averaged in, and that their average is computed in: it has one
/// digit more than the answer, which is rounded away at the end.
fn computed(values: &DataType, answer: &DataType) -> Result<(DataType, DataType)> {
    let wide = |scale| DataType::Decimal256(DECIMAL256_MAX_PRECISION, scale);
    match (values, answer) {
        (DataType::Decimal128(_, scale), DataType::Decimal128(_, of_answer))
            if !numeric::sums_within(values, of_answer + 1) =>
        {
            Ok((
                wide(*scale),
                numeric::with_one_digit_more(&wide(*of_answer))?,
            ))
        }
        _ => Ok((values.clone(), numeric::with_one_digit_more(answer)?)),
    }
}

/// Averages are rounded to one digit less than they were computed to.
const ROUNDED: Conversion = Conversion {
    values: |values| Ok(values.to_vec()),
    answers: numeric::round_last_digit,
};

/// Values are averaged in twice the bits.
const WIDE: Conversion = Conversion {
    values: widen,
    answers: narrow,
};

/// Numerics in twice the bits.
fn widen(values: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    let widened = values.iter().map(|values| -> Result<ArrayRef> {
        let DataType::Decimal128(_, scale) = values.data_type() else {
            return Ok(Arc::clone(values));
        };
        let wide = DataType::Decimal256(DECIMAL256_MAX_PRECISION, *scale);
        let values = values.as_primitive::<Decimal128Type>();
        let values = values.unary::<_, Decimal256Type>(i256::from_i128);
        Ok(Arc::new(values.with_data_type(wide)))
    });
    widened.collect()
}

/// Averages in the type of the answer, if it can hold them.
fn narrow(averages: &ArrayRef, answer: &DataType) -> Result<ArrayRef> {
    numeric::round_last_digit(averages, answer).map_err(|_| out_of_range(answer).into())
}

/// What DataFusion's own average answers, asked for an average in the types that it is computed in.
fn converted<A>(
    args: &AccumulatorArgs<'_>,
    own: impl FnOnce(AccumulatorArgs<'_>) -> Result<A>,
) -> Result<Converted<A>> {
    let [value, ..] = args.expr_fields else {
        return internal_err!("an average of nothing");
    };
    let (values, average) = computed(value.data_type(), args.return_type())?;
    let conversion = match value.data_type() == &values {
        true => ROUNDED,
        false => WIDE,
    };
    let fields = [with_type(value, values)];
    let inner = own(AccumulatorArgs {
        expr_fields: &fields,
        ..with_return_field(args, with_type(&args.return_field, average))
    })?;
    Ok(conversion.around(inner, args.return_type()))
}

impl AggregateUDFImpl for NumericAverage {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    /// An integer is a numeric of as many digits as its type has.
    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        if let [value] = given
            && value.is_integer()
            && let Some(exact) = numeric::exact(value)
        {
            return Ok(vec![exact]);
        }
        match given {
            [DataType::Interval(_)] => return Ok(vec![INTERVAL]),
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
        if let [DataType::Interval(_)] = arg_types {
            return Ok(INTERVAL);
        }
        match arg_types.first().and_then(numeric::average) {
            Some(data_type) => Ok(data_type),
            None => self.inner.return_type(arg_types),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        if is_of_intervals(args.return_type()) {
            return Ok(interval_average::state_fields(&args));
        }
        let [value] = args.input_fields else {
            return self.inner.state_fields(args);
        };
        if !args.return_type().is_decimal() {
            return self.inner.state_fields(args);
        }
        let (values, average) = computed(value.data_type(), args.return_type())?;
        let return_field = with_type(&args.return_field, average);
        self.inner.state_fields(StateFieldsArgs {
            input_fields: &[with_type(value, values)],
            return_field,
            ..args
        })
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if is_of_intervals(args.return_type()) {
            return Ok(interval_average::accumulator(args.is_distinct));
        }
        if !args.return_type().is_decimal() {
            return self.inner.accumulator(args);
        }
        let average = converted(&args, |args| self.inner.accumulator(args))?;
        Ok(Box::new(average))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if is_of_intervals(args.return_type()) {
            return self.accumulator(args);
        }
        if !args.return_type().is_decimal() {
            return self.inner.create_sliding_accumulator(args);
        }
        let average = converted(&args, |args| self.inner.create_sliding_accumulator(args))?;
        Ok(Box::new(average))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !is_of_intervals(args.return_type()) && self.inner.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        if !args.return_type().is_decimal() {
            return self.inner.create_groups_accumulator(args);
        }
        let average = converted(&args, |args| self.inner.create_groups_accumulator(args))?;
        Ok(Box::new(average))
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
