//! `mode() WITHIN GROUP (ORDER BY value)`.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef};
use arrow::compute::partition;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;
use datafusion_macros::user_doc;

use super::ordered_set::{OrderedSet, answer, state};
use crate::arguments::{Form, Kind};

#[user_doc(
    doc_section(label = "Statistical Functions"),
    description = "The value that most rows of a group have; the first in the order among those that equally many have. NULL counts for nothing.",
    syntax_example = "mode() WITHIN GROUP (ORDER BY value)",
    sql_example = r#"```sql
> SELECT mode() WITHIN GROUP (ORDER BY city) AS usual
  FROM (VALUES ('Bern'), ('Basel'), ('Bern'), (NULL)) AS t(city);
+-------+
| usual |
+-------+
| Bern  |
+-------+
```"#,
    argument(
        name = "value",
        description = "What is counted: values that have an order."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
struct Mode {
    signature: Signature,
}

const FORM: Form = Form {
    name: "mode",
    parameters: &[Kind::Comparable],
    counts: &[1],
};

pub(super) fn function() -> Arc<AggregateUDF> {
    let signature = Form::signature(Volatility::Immutable);
    Arc::new(AggregateUDF::new_from_impl(Mode { signature }))
}

impl AggregateUDFImpl for Mode {
    fn name(&self) -> &str {
        FORM.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        answer(FORM.name, 1, given)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        state(&args)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let set = OrderedSet::new(FORM.name, &args, Box::new(most_frequent))?;
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

/// The first of the longest run of equal values.
fn most_frequent(sorted: &ArrayRef) -> Result<ScalarValue> {
    let runs = partition(&[Arc::clone(sorted)])?.ranges();
    let longest = runs.iter().map(ExactSizeIterator::len).max();
    let mut runs = runs.into_iter();
    let first = runs.find(|run| Some(run.len()) == longest);
    match first {
        Some(run) => ScalarValue::try_from_array(sorted, run.start),
        None => ScalarValue::try_from(sorted.data_type()),
    }
}
