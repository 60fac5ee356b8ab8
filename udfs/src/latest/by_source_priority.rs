//! `by_source_priority(value, source, priority [, order, ...])`.

use std::cmp::Ordering;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, make_comparator};
use arrow::compute::{SortOptions, cast};
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::type_coercion::binary::comparison_coercion;
use datafusion_macros::user_doc;

use super::comparable::{canonical, plain_type};
use super::survivor::Survivor;
use crate::FunctionError;
use crate::arguments::Form;
use crate::wording::type_name;

#[user_doc(
    doc_section(label = "Survivorship Functions"),
    description = r"The value of the most trusted source that has one: rows where it is NULL do not count, and of the others the one whose source stands first in the list is taken. NULL where every value is.

A source that is not in the list, or that is NULL, comes behind all that are; such sources are equal among themselves. Where a source stands twice, its first place counts, and NULLs in the list mean nothing. Of several values of equal sources the one with the greatest `order` is taken, then with the greatest next one, and so on; of those with the same orders the greatest. A NULL in an order comes before everything else. So the answer depends neither on the order nor on the partitioning of the input. Works as a window function too, with any frame.",
    syntax_example = "by_source_priority(value, source, priority [, order, ...])",
    sql_example = r#"```sql
> SELECT customer, by_source_priority(phone, system, ARRAY['crm', 'shop'], seen) AS phone
  FROM (VALUES
    (1, 'crm', NULL, '2026-01-01'),
    (1, 'shop', '555-0101', '2026-01-01'),
    (1, 'shop', '555-0102', '2026-02-01'),
    (1, 'newsletter', '555-0199', '2026-03-01')) AS t(customer, system, phone, seen)
  GROUP BY customer;
+----------+----------+
| customer | phone    |
+----------+----------+
| 1        | 555-0102 |
+----------+----------+
```"#,
    argument(
        name = "value",
        description = "What to answer; rows where it is NULL do not count. Any type that can be compared."
    ),
    argument(name = "source", description = "Where the value comes from."),
    argument(
        name = "priority",
        description = "A list of sources, the most trusted first."
    ),
    argument(
        name = "order",
        description = "What decides between values of equal sources. Any number, compared in order, of any type that can be compared."
    ),
    related_udf(name = "latest_by"),
    related_udf(name = "latest_by_source")
)]
struct BySourcePriority;

pub(super) static FUNCTION: Survivor = Survivor {
    form: Form {
        name: "by_source_priority",
        counts: &[3],
        ..Survivor::LATEST.form
    },
    parameters: &["value", "source", "priority"],
    check: |name, given| {
        match given {
        [_, source, priority, ..] if !priority.is_null() && common(source, priority).is_none() => {
            Err(FunctionError::no_such_form(format!(
                "{name} takes a list of sources as argument 3, not {}",
                type_name(priority)
            ))
            .with_hint(format!(
                "Name the sources in order, the most trusted first, each of type {}, as in ARRAY['crm', 'shop'].",
                type_name(source)
            )))
        }
        _ => Ok(()),
    }
    },
    rank: Some(|arguments| match arguments {
        [_, sources, priorities, ..] => ranks(sources, priorities),
        _ => Err(FunctionError::no_such_form(
            "by_source_priority takes a value, a source and a list",
        )
        .into()),
    }),
    documentation: || BySourcePriority.doc(),
    ..Survivor::LATEST
};

/// The type in which sources and the items of lists compare.
fn common(source: &DataType, priority: &DataType) -> Option<DataType> {
    match plain_type(priority) {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            let item = item.data_type();
            comparison_coercion(&plain_type(source), item).map(|common| plain_type(&common))
        }
        _ => None,
    }
}

/// 0 for the first source of a list, -1 for the next; the least for what is not in it.
fn ranks(sources: &ArrayRef, priorities: &ArrayRef) -> Result<Int64Array> {
    let Some(common) = common(sources.data_type(), priorities.data_type()) else {
        return Ok(Int64Array::from(vec![i64::MIN; sources.len()]));
    };
    let sources = canonical(&cast(sources, &common)?)?;
    let lists = as_list(priorities)?;
    let lists = lists.as_list::<i64>();
    let items = canonical(&cast(lists.values(), &common)?)?;
    let compare = make_comparator(&sources, &items, SortOptions::default())?;
    let offsets = lists.value_offsets();
    let rank = |row: usize| {
        if sources.is_null(row) || lists.is_null(row) {
            return i64::MIN;
        }
        let (begin, end) = (offsets[row] as usize, offsets[row + 1] as usize);
        (begin..end)
            .position(|item| compare(row, item) == Ordering::Equal)
            .map_or(i64::MIN, |place| -(place as i64))
    };
    Ok((0..sources.len()).map(|row| Some(rank(row))).collect())
}

/// Lists in the one type that is read.
fn as_list(priorities: &ArrayRef) -> Result<ArrayRef> {
    let wanted = match plain_type(priorities.data_type()) {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            DataType::LargeList(item)
        }
        other => other,
    };
    Ok(cast(priorities, &wanted)?)
}
