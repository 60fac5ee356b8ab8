//! Variances and standard deviations of integers and numerics, which are numerics. DataFusion's own are
//! `double precision`, and so are those of floats here.

mod accumulators;
mod moments;

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::functions_aggregate::stddev::{stddev_pop_udaf, stddev_udaf};
use datafusion::functions_aggregate::variance::{var_pop_udaf, var_samp_udaf};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::type_coercion::functions::fields_with_udf;
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature,
    Volatility,
};

use self::accumulators::{Spread, SpreadOfAll, SpreadOfDistinct, SpreadOfGroups, UNITS};
use self::moments::Measure;
use super::numeric;

/// The functions, each in the place of DataFusion's of its name.
pub(super) static SPREADS: LazyLock<[Arc<AggregateUDF>; 4]> = LazyLock::new(|| {
    let all = [
        (var_samp_udaf(), true, false),
        (var_pop_udaf(), false, false),
        (stddev_udaf(), true, true),
        (stddev_pop_udaf(), false, true),
    ];
    all.map(|(inner, is_sample, is_root)| {
        let measure = Measure { is_sample, is_root };
        Arc::new(AggregateUDF::new_from_impl(NumericSpread::new(
            inner, measure,
        )))
    })
});

/// A variance or a standard deviation.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct NumericSpread {
    inner: Arc<AggregateUDF>,
    measure: Measure,
    signature: Signature,
}

impl NumericSpread {
    fn new(inner: Arc<AggregateUDF>, measure: Measure) -> Self {
        Self {
            inner,
            measure,
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for NumericSpread {
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
            && let Some(exact) = numeric::exact(value)
            && matches!(exact, DataType::Decimal128(..))
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
        let spread = |value| numeric::spread(value, self.measure.is_root);
        match arg_types.first().and_then(spread) {
            Some(data_type) => Ok(data_type),
            None => self.inner.return_type(arg_types),
        }
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        if !args.return_type().is_decimal() {
            return self.inner.state_fields(args);
        }
        let [value] = args.input_fields else {
            return internal_err!("a variance is one of one column");
        };
        let field = |what: &str, data_type: DataType| -> FieldRef {
            let name = format_state_name(args.name, what);
            Arc::new(Field::new(name, data_type, true))
        };
        if args.is_distinct {
            let value = Field::new_list_field(value.data_type().clone(), true);
            return Ok(vec![field("distinct", DataType::List(Arc::new(value)))]);
        }
        Ok(vec![
            field("count", DataType::Int64),
            field("sum", UNITS),
            field("squares", UNITS),
        ])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if !args.return_type().is_decimal() {
            return self.inner.accumulator(args);
        }
        let spread = Spread::of(self.measure, &args)?;
        Ok(match args.is_distinct {
            true => Box::new(SpreadOfDistinct::new(spread)),
            false => Box::new(SpreadOfAll::new(spread)),
        })
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        match args.return_type().is_decimal() {
            true => self.accumulator(args),
            false => self.inner.create_sliding_accumulator(args),
        }
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        match args.return_type().is_decimal() {
            true => !args.is_distinct,
            false => self.inner.groups_accumulator_supported(args),
        }
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        if !args.return_type().is_decimal() {
            return self.inner.create_groups_accumulator(args);
        }
        let spread = Spread::of(self.measure, &args)?;
        Ok(Box::new(SpreadOfGroups::new(spread)))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }
}
