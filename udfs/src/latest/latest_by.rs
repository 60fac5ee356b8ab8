//! `latest_by(value, order, ...)`.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use arrow::row::{RowConverter, SortField};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, ReversedUDAF, Signature,
    Volatility,
};
use datafusion_macros::user_doc;

use super::accumulator::{Latest, LatestInWindow};
use super::groups::LatestOfGroups;
use super::layout::plain;
use crate::FunctionError;
use crate::arguments::Form;

#[user_doc(
    doc_section(label = "Survivorship Functions"),
    description = r"The value of the latest row of a group, of those whose value is not NULL: the one with the greatest `order`, or where several have the same, with the greatest next one, and so on. NULL where every value is.

A NULL in an order comes before everything else. Of several values with the same orders the greatest is taken, so that the answer depends neither on the order nor on the partitioning of the input. Works as a window function too, with any frame.",
    syntax_example = "latest_by(value, order [, ...])",
    sql_example = r#"```sql
> SELECT customer, latest_by(phone, seen) AS phone, latest_by(city, seen) AS city
  FROM (VALUES
    (1, '555-0101', 'Bern', '2026-01-01'),
    (1, '555-0199', NULL, '2026-03-01'),
    (1, NULL, 'Basel', '2026-02-01')) AS t(customer, phone, city, seen)
  GROUP BY customer;
+----------+----------+-------+
| customer | phone    | city  |
+----------+----------+-------+
| 1        | 555-0199 | Basel |
+----------+----------+-------+
```"#,
    argument(
        name = "value",
        description = "What to answer; rows where it is NULL do not count. Any type that can be compared."
    ),
    argument(
        name = "order",
        description = "What says which row is later: a time, a version, the rank of a source. One or more, compared in order, of any type that can be compared."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct LatestBy {
    signature: Signature,
}

impl LatestBy {
    pub(crate) fn new() -> Self {
        Self {
            signature: Form::signature(Volatility::Immutable),
        }
    }
}

/// The types of the arguments.
fn types(fields: &[FieldRef]) -> Vec<DataType> {
    fields
        .iter()
        .map(|field| field.data_type().clone())
        .collect()
}

impl AggregateUDFImpl for LatestBy {
    fn name(&self) -> &str {
        "latest_by"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        let [value, _, ..] = arg_types else {
            return Err(FunctionError::no_such_form(format!(
                "latest_by takes at least 2 arguments, not {}",
                arg_types.len()
            ))
            .with_hint("Give the value and at least one column that says which row is later.")
            .into());
        };
        for (position, given) in arg_types.iter().enumerate() {
            if !RowConverter::supports_fields(&[SortField::new(given.clone())]) {
                return Err(FunctionError::no_such_form(format!(
                    "latest_by takes values that can be compared as argument {}, not {given}",
                    position + 1
                ))
                .into());
            }
        }
        Ok(plain(value))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let field = |(position, field): (usize, &FieldRef)| {
            let part = match position {
                0 => "value".to_string(),
                order => format!("order_{order}"),
            };
            let name = format_state_name(args.name, &part);
            Arc::new(Field::new(name, plain(field.data_type()), true))
        };
        Ok(args.input_fields.iter().enumerate().map(field).collect())
    }

    fn accumulator(&self, acc_args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Latest::new(&types(acc_args.expr_fields))?))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(LatestInWindow::new(&types(args.expr_fields))?))
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(LatestOfGroups::new(&types(args.expr_fields))?))
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
