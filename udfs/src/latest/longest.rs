//! `longest(value [, order, ...])`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::compute::cast;
use arrow::compute::kernels::length::length;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::error::Result;
use datafusion_macros::user_doc;

use super::comparable::{plain, plain_type};
use super::survivor::Survivor;
use crate::FunctionError;
use crate::arguments::Form;
use crate::wording::type_name;

#[user_doc(
    doc_section(label = "Survivorship Functions"),
    description = r"The longest value of a group: text by its characters (Unicode scalar values, blanks included), `bytea` by its bytes, a list by its items. NULLs do not count, and the answer is NULL where every value is. Made for names and addresses, where `Alexander J. Smith` says more than `A. Smith`.

Of several that are equally long, the one with the greatest `order` is taken, then with the greatest next one, and so on; of those with the same orders the greatest. A NULL in an order comes before everything else. So the answer depends neither on the order nor on the partitioning of the input. Works as a window function too, with any frame.",
    syntax_example = "longest(value [, order, ...])",
    sql_example = r#"```sql
> SELECT longest(name, seen) AS name
  FROM (VALUES
    ('J. Groß', '2026-03-01'),
    ('Jana Groß', '2026-01-01'),
    ('Jana Gross', '2026-02-01'),
    (NULL, '2026-04-01')) AS t(name, seen);
+------------+
| name       |
+------------+
| Jana Gross |
+------------+
```"#,
    argument(
        name = "value",
        description = "Text, `bytea` or a list; rows where it is NULL do not count."
    ),
    argument(
        name = "order",
        description = "What decides between values that are equally long. Any number, compared in order, of any type that can be compared."
    ),
    related_udf(name = "most_complete"),
    related_udf(name = "most_frequent")
)]
struct Longest;

pub(super) static FUNCTION: Survivor = Survivor {
    form: Form {
        name: "longest",
        counts: &[1],
        ..Survivor::LATEST.form
    },
    check: |name, given| match given.first().map(plain_type) {
        Some(value) if !has_length(&value) => Err(FunctionError::no_such_form(format!(
            "{name} takes text, bytes or a list as argument 1, not {}",
            type_name(&value)
        ))
        .with_hint("Cast the argument to text to compare how long it is written.")),
        _ => Ok(()),
    },
    rank: Some(|arguments| match arguments {
        [values, ..] => lengths(values),
        [] => Err(FunctionError::no_such_form("longest takes a value").into()),
    }),
    documentation: || Longest.doc(),
    ..Survivor::LATEST
};

fn has_length(given: &DataType) -> bool {
    given.is_null() || given.is_string() || given.is_binary() || given.is_list()
}

/// How long values are.
fn lengths(values: &ArrayRef) -> Result<Int64Array> {
    let values = plain(values, &plain_type(values.data_type()))?;
    if values.data_type().is_string() {
        let texts = cast(&values, &DataType::Utf8View)?;
        let lengths = texts.as_string_view().iter();
        return Ok(lengths
            .map(|text| text.map(|text| text.chars().count() as i64))
            .collect());
    }
    let values = match values.data_type() {
        DataType::Null => return Ok(Int64Array::from(vec![None; values.len()])),
        DataType::BinaryView => cast(&values, &DataType::LargeBinary)?,
        DataType::ListView(item) => cast(&values, &DataType::List(Arc::clone(item)))?,
        DataType::LargeListView(item) => cast(&values, &DataType::LargeList(Arc::clone(item)))?,
        _ => values,
    };
    let lengths = cast(&length(&values)?, &DataType::Int64)?;
    Ok(lengths.as_primitive::<Int64Type>().clone())
}
