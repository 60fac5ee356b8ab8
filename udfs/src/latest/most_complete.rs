//! `most_complete(record [, order, ...])`.

use datafusion_macros::user_doc;

use super::record::{check_record, known_fields};
use super::survivor::Survivor;
use crate::FunctionError;
use crate::arguments::Form;

#[user_doc(
    doc_section(label = "Survivorship Functions"),
    description = r"The record of a group with the fewest missing fields, as a whole: a struct of which most fields are not NULL. Of several with as many, the one with the greatest `order` is taken, then with the greatest next one, and so on; of those with the same orders the greatest, compared field by field with NULL before everything else. So the answer depends neither on the order nor on the partitioning of the input.

A field that is a struct or a list itself counts once, and empty text counts as known: `nullif(city, '')` makes it missing. A record that is NULL itself does not count. A NULL in an order comes before everything else. Works as a window function too, with any frame.",
    syntax_example = "most_complete(record [, order, ...])",
    sql_example = r#"```sql
> SELECT customer, most_complete(named_struct('street', street, 'city', city, 'phone', phone), seen) AS best
  FROM (VALUES
    (1, '1 Main St', 'Bern', NULL, '2026-01-01'),
    (1, '7 Elm St', 'Basel', NULL, '2026-02-01'),
    (1, NULL, NULL, '555-0199', '2026-03-01')) AS t(customer, street, city, phone, seen)
  GROUP BY customer;
+----------+------------------------------------------+
| customer | best                                     |
+----------+------------------------------------------+
| 1        | {street: 7 Elm St, city: Basel, phone: } |
+----------+------------------------------------------+
```"#,
    argument(
        name = "record",
        description = "A struct of the columns to keep, of types that can be compared; `named_struct('street', street, 'city', city)` makes one."
    ),
    argument(
        name = "order",
        description = "What decides between records that are equally complete. Any number, compared in order, of any type that can be compared."
    ),
    related_udf(name = "latest_record"),
    related_udf(name = "longest")
)]
struct MostComplete;

pub(super) static FUNCTION: Survivor = Survivor {
    form: Form {
        name: "most_complete",
        counts: &[1],
        ..Survivor::LATEST.form
    },
    parameters: &["record"],
    check: check_record,
    rank: Some(|arguments| match arguments {
        [records, ..] => known_fields(records),
        [] => Err(FunctionError::no_such_form("most_complete takes a record").into()),
    }),
    documentation: || MostComplete.doc(),
    ..Survivor::LATEST
};
