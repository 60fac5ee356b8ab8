//! `most_frequent(value [, order, ...])`.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, ReversedUDAF, Signature,
    Volatility,
};
use datafusion_macros::user_doc;

use super::comparable::plain_type;
use super::frequency::{
    Layout, MostFrequent as Counting, MostFrequentInWindow, MostFrequentOfGroups, state_type,
};
use super::survivor::check_arguments;
use crate::FunctionError;
use crate::arguments::Form;

pub(super) const NAME: &str = "most_frequent";

#[user_doc(
    doc_section(label = "Survivorship Functions"),
    description = r"The value that occurs most often in a group, known as its mode. NULLs do not count, and the answer is NULL where every value is.

Of several that are equally frequent, the one that has the greatest `order` in any of its rows is taken, or where several have the same, the smallest value, as by `mode() WITHIN GROUP (ORDER BY value)` in PostgreSQL. Orders are compared one after the other, and a NULL in an order comes before everything else. So the answer depends neither on the order nor on the partitioning of the input. Numbers that are equal are one value: -0 is 0, and every NaN is the same. All distinct values of a group are held in memory. Works as a window function too, with any frame.",
    syntax_example = "most_frequent(value [, order, ...])",
    sql_example = r#"```sql
> SELECT most_frequent(city) AS city, most_frequent(device, seen) AS device
  FROM (VALUES
    ('Bern', 'desktop', '2026-01-01'),
    ('Basel', 'mobile', '2026-02-01'),
    ('Bern', NULL, '2026-03-01')) AS t(city, device, seen);
+------+--------+
| city | device |
+------+--------+
| Bern | mobile |
+------+--------+
```"#,
    argument(
        name = "value",
        description = "What to count; rows where it is NULL do not count. Any type that can be compared."
    ),
    argument(
        name = "order",
        description = "What decides between values that are equally frequent: mostly a time, so that the later one is taken. Any number, compared in order, of any type that can be compared."
    ),
    related_udf(name = "latest_by"),
    related_udf(name = "impute_mode")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct MostFrequent {
    signature: Signature,
}

impl MostFrequent {
    pub(super) fn new() -> Self {
        Self {
            signature: Form::signature(Volatility::Immutable),
        }
    }
}

fn types(fields: &[FieldRef]) -> Vec<DataType> {
    let fields = fields.iter();
    fields.map(|field| field.data_type().clone()).collect()
}

/// The layout for a call, unless it asks for what makes no sense.
fn layout(args: &AccumulatorArgs) -> Result<Layout> {
    if args.is_distinct {
        return Err(no_distinct().into());
    }
    Layout::new(&types(args.expr_fields))
}

/// The error for `most_frequent(DISTINCT ...)`.
pub(super) fn no_distinct() -> FunctionError {
    FunctionError::unsupported("most_frequent does not take DISTINCT: every value would occur once")
        .with_hint("Leave DISTINCT out.")
}

impl AggregateUDFImpl for MostFrequent {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        check_arguments(NAME, 1, self.doc(), given)?;
        Ok(plain_type(&given[0]))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let name = format_state_name(args.name, "counts");
        let state = state_type(&types(args.input_fields));
        Ok(vec![Arc::new(Field::new(name, state, true))])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Counting::new(layout(&args)?)))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(MostFrequentInWindow::new(layout(&args)?)))
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(MostFrequentOfGroups::new(layout(&args)?)))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
