//! `percentile_cont(fraction) WITHIN GROUP (ORDER BY value)`: for one fraction over the values that DataFusion's
//! keeps, and for an array of them one that puts the values in order once.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _};
use arrow::datatypes::{DataType, FieldRef, Float64Type};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::functions_aggregate::percentile_cont::percentile_cont_udaf;
use datafusion::logical_expr::function::{
    AccumulatorArgs, AggregateFunctionSimplification, StateFieldsArgs,
};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature,
    Volatility,
};
use datafusion::scalar::ScalarValue;
use datafusion_macros::user_doc;

use super::fractions::{answered, constant, element, of_each};
use super::interpolated::{Interpolated, InterpolatedGroups, Interpolation};
use super::ordered_set::{OrderedSet, answer, state};
use crate::arguments::{Form, Kind};

#[user_doc(
    doc_section(label = "Statistical Functions"),
    description = "The value of a group, in the order, below which a fraction of the values lies; between two of them it lies on the straight line from one to the other. NULL counts for nothing. An array of fractions is answered by an array.",
    syntax_example = "percentile_cont(fraction) WITHIN GROUP (ORDER BY value)",
    sql_example = r#"```sql
> SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) AS median
  FROM (VALUES (10), (40), (20), (30)) AS t(amount);
+--------+
| median |
+--------+
| 25.0   |
+--------+
```"#,
    argument(
        name = "fraction",
        description = "A number from 0 to 1, or an array of such numbers, the same for all rows."
    ),
    argument(name = "value", description = "Numbers.")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
struct PercentileCont {
    signature: Signature,
    /// Of one fraction.
    inner: Arc<AggregateUDF>,
}

const FORM: Form = Form {
    name: "percentile_cont",
    parameters: &[Kind::Number, Kind::Number],
    counts: &[2],
};

pub(super) fn function() -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::new_from_impl(PercentileCont {
        signature: Signature::user_defined(Volatility::Immutable),
        inner: percentile_cont_udaf(),
    }))
}

/// What a call with one fraction asks for; none where there are no numbers, or no fraction.
fn interpolation(name: &str, args: &AccumulatorArgs) -> Result<Option<Interpolation>> {
    let value = args.expr_fields.first();
    match value.is_some_and(|value| value.data_type() == &DataType::Float64) {
        true => Interpolation::of(name, args),
        false => Ok(None),
    }
}

/// Whether the second of these arguments is an array.
fn has_array(fields: &[FieldRef]) -> bool {
    let fraction = fields.get(1);
    fraction.is_some_and(|fraction| matches!(fraction.data_type(), DataType::List(_)))
}

impl AggregateUDFImpl for PercentileCont {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let is_number = |given: &DataType| given.is_numeric() || given.is_null();
        match given {
            [value, fraction] if is_number(value) && is_number(element(fraction)) => {
                let fraction = answered(fraction, DataType::Float64);
                Ok(vec![DataType::Float64, fraction])
            }
            // Told by `return_type`, whose error keeps its hint.
            _ => Ok(given.to_vec()),
        }
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        let value = answer(FORM.name, 2, given)?;
        let [_, fraction] = given else {
            return Ok(value);
        };
        FORM.check(&[value, element(fraction).clone()])?;
        Ok(answered(fraction, DataType::Float64))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        match has_array(args.input_fields) {
            true => state(&args),
            false => self.inner.state_fields(args),
        }
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if !has_array(args.expr_fields) {
            let interpolation = interpolation(self.name(), &args)?;
            let is_distinct = args.is_distinct;
            let inner = self.inner.accumulator(args)?;
            return Ok(match interpolation {
                Some(interpolation) => Box::new(Interpolated {
                    inner,
                    interpolation,
                    is_distinct,
                }),
                None => inner,
            });
        }
        let fractions = constant(self.name(), &args)?;
        let answer = args.return_type().clone();
        let choice = move |sorted: &ArrayRef| {
            let Some(numbers) = sorted.as_primitive_opt::<Float64Type>() else {
                return internal_err!("{} are no floats", sorted.data_type());
            };
            of_each(&fractions, &answer, &|fraction| {
                Ok(ScalarValue::Float64(at(numbers.values(), fraction)))
            })
        };
        let set = OrderedSet::new(self.name(), &args, Box::new(choice))?;
        Ok(Box::new(set))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        !has_array(args.expr_fields) && self.inner.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        let interpolation = interpolation(self.name(), &args)?;
        let inner = self.inner.create_groups_accumulator(args)?;
        Ok(match interpolation {
            Some(interpolation) => Box::new(InterpolatedGroups {
                inner,
                interpolation,
            }),
            None => inner,
        })
    }

    fn simplify(&self) -> Option<AggregateFunctionSimplification> {
        self.inner.simplify()
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.inner.order_sensitivity()
    }

    fn supports_within_group_clause(&self) -> bool {
        true
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// The value at a fraction of sorted numbers, as PostgreSQL computes it.
fn at(sorted: &[f64], fraction: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = fraction * last as f64;
    let below = *sorted.get(position.floor() as usize)?;
    let above = *sorted.get(position.ceil() as usize)?;
    let share = position.fract();
    Some(match share == 0.0 {
        true => below,
        false => below + share * (above - below),
    })
}
