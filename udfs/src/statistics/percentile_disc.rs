//! `percentile_disc(fraction) WITHIN GROUP (ORDER BY value)`.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, FieldRef, Schema};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, ColumnarValue, Documentation, Signature,
    Volatility,
};
use datafusion::scalar::ScalarValue;
use datafusion_macros::user_doc;

use super::ordered_set::{Choice, OrderedSet, answer, state};
use crate::FunctionError;
use crate::arguments::{Form, Kind};

#[user_doc(
    doc_section(label = "Statistical Functions"),
    description = "The first value of a group, in the order, below which lies a fraction of the values at least, counting itself. It is one of the values, where `percentile_cont` lies between two of them. NULL counts for nothing; a fraction below 0 or above 1 is an error (22003).",
    syntax_example = "percentile_disc(fraction) WITHIN GROUP (ORDER BY value)",
    sql_example = r#"```sql
> SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY amount) AS median
  FROM (VALUES (10), (40), (20), (30)) AS t(amount);
+--------+
| median |
+--------+
| 20     |
+--------+
```"#,
    argument(
        name = "fraction",
        description = "A number from 0 to 1, the same for all rows."
    ),
    argument(name = "value", description = "Values that have an order.")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
struct PercentileDisc {
    signature: Signature,
}

const FORM: Form = Form {
    name: "percentile_disc",
    parameters: &[Kind::Comparable, Kind::Number],
    counts: &[2],
};

pub(super) fn function() -> Arc<AggregateUDF> {
    let signature = Form::signature(Volatility::Immutable);
    Arc::new(AggregateUDF::new_from_impl(PercentileDisc { signature }))
}

impl AggregateUDFImpl for PercentileDisc {
    fn name(&self) -> &str {
        FORM.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        let data_type = answer(FORM.name, 2, given)?;
        FORM.check(given)?;
        Ok(data_type)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        state(&args)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let set = OrderedSet::new(FORM.name, &args, at(fraction(&args)?))?;
        Ok(Box::new(set))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn supports_within_group_clause(&self) -> bool {
        true
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// The fraction of a call, which no column tells.
fn fraction(args: &AccumulatorArgs) -> Result<Option<f64>> {
    let refused = || {
        FunctionError::unsupported("percentile_disc takes a fraction that is the same for all rows")
            .with_hint("Write the fraction as a number.")
    };
    let expression = args.exprs.get(1).ok_or_else(refused)?;
    let one_row = RecordBatchOptions::new().with_row_count(Some(1));
    let row = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &one_row)?;
    let value = match expression.evaluate(&row).map_err(|_| refused())? {
        ColumnarValue::Scalar(value) => value,
        ColumnarValue::Array(values) => ScalarValue::try_from_array(&values, 0)?,
    };
    let ScalarValue::Float64(fraction) = value.cast_to(&DataType::Float64)? else {
        return Err(refused().into());
    };
    match fraction {
        Some(fraction) if !(0.0..=1.0).contains(&fraction) => Err(FunctionError::out_of_range(
            format!("percentile value {fraction} is not between 0 and 1"),
        )
        .into()),
        fraction => Ok(fraction),
    }
}

fn at(fraction: Option<f64>) -> Choice {
    Box::new(move |sorted: &ArrayRef| {
        Ok(fraction.map(|fraction| {
            let place = (fraction * sorted.len() as f64).ceil() as usize;
            place.saturating_sub(1)
        }))
    })
}
