//! `percentile_disc(fraction) WITHIN GROUP (ORDER BY value)`.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;
use datafusion_macros::user_doc;

use super::fractions::{answered, constant, element, of_each};
use super::ordered_set::{OrderedSet, answer, state};
use crate::arguments::{Form, Kind};

#[user_doc(
    doc_section(label = "Statistical Functions"),
    description = "The first value of a group, in the order, below which lies a fraction of the values at least, counting itself. It is one of the values, where `percentile_cont` lies between two of them. NULL counts for nothing; a fraction below 0 or above 1 is an error (22003). An array of fractions is answered by an array.",
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
        description = "A number from 0 to 1, or an array of such numbers, the same for all rows."
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
        let [value, fraction] = given else {
            return Ok(data_type);
        };
        FORM.check(&[value.clone(), element(fraction).clone()])?;
        Ok(answered(fraction, data_type))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        state(&args)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let fractions = constant(FORM.name, &args)?;
        let answer = args.return_type().clone();
        let choice = move |sorted: &ArrayRef| {
            of_each(&fractions, &answer, &|fraction| {
                ScalarValue::try_from_array(sorted, place(fraction, sorted.len()))
            })
        };
        let set = OrderedSet::new(FORM.name, &args, Box::new(choice))?;
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

/// The place of a fraction's value among so many.
fn place(fraction: f64, count: usize) -> usize {
    let place = (fraction * count as f64).ceil() as usize;
    place.saturating_sub(1)
}
