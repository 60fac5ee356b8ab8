//! `avg` of numerics and integers, a numeric of as many digits as a quotient has.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::functions_aggregate::average::avg_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::type_coercion::functions::fields_with_udf;
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, GroupsAccumulator, ReversedUDAF,
    Signature, Volatility,
};

use super::converted::{Conversion, with_return_field};
use super::numeric;

/// `avg`. DataFusion's own gives an average of numerics four digits more than they have, and cuts
/// off the rest.
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

/// The field of an average of one digit more, which is rounded away at the end.
fn longer(field: &FieldRef) -> Result<FieldRef> {
    let data_type = numeric::with_one_digit_more(field.data_type())?;
    Ok(Arc::new(Field::new(
        field.name(),
        data_type,
        field.is_nullable(),
    )))
}

/// Averages are rounded to one digit less than they were computed to.
const ROUNDED: Conversion = Conversion {
    values: |values| Ok(values.to_vec()),
    answers: numeric::round_last_digit,
};

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
        let fields = given.iter();
        let fields = fields.map(|given| Arc::new(Field::new("", given.clone(), true)));
        let fields: Vec<FieldRef> = fields.collect();
        let coerced = fields_with_udf(&fields, self.inner.as_ref())?.into_iter();
        Ok(coerced.map(|field| field.data_type().clone()).collect())
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
        let longer = with_return_field(&args, longer(&args.return_field)?);
        let inner = self.inner.accumulator(longer)?;
        Ok(Box::new(ROUNDED.around(inner, args.return_type())))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if !args.return_type().is_decimal() {
            return self.inner.create_sliding_accumulator(args);
        }
        let longer = with_return_field(&args, longer(&args.return_field)?);
        let inner = self.inner.create_sliding_accumulator(longer)?;
        Ok(Box::new(ROUNDED.around(inner, args.return_type())))
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
        let longer = with_return_field(&args, longer(&args.return_field)?);
        let inner = self.inner.create_groups_accumulator(longer)?;
        Ok(Box::new(ROUNDED.around(inner, args.return_type())))
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
