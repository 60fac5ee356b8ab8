//! `earliest_by(value, order, ...)`.

use datafusion_macros::user_doc;

use super::survivor::Survivor;
use crate::arguments::Form;

#[user_doc(
    doc_section(label = "Survivorship Functions"),
    description = r"The value of the earliest row of a group, of those whose value is not NULL: the one with the smallest `order`, or where several have the same, with the smallest next one, and so on. NULL where every value is. Made for what was known first: how a customer was won, where they signed up.

A row of which nobody knows when it was never beats one of a known time: a NULL in an order comes behind everything else. Of several values with the same orders the greatest is taken, as in [latest_by](#latest_by), so that the answer depends neither on the order nor on the partitioning of the input. Works as a window function too, with any frame.",
    syntax_example = "earliest_by(value, order [, ...])",
    sql_example = r#"```sql
> SELECT customer, earliest_by(channel, seen) AS won_by
  FROM (VALUES
    (1, 'newsletter', '2026-02-01'),
    (1, 'shop', '2026-01-01'),
    (1, 'fair', NULL)) AS t(customer, channel, seen)
  GROUP BY customer;
+----------+--------+
| customer | won_by |
+----------+--------+
| 1        | shop   |
+----------+--------+
```"#,
    argument(
        name = "value",
        description = "What to answer; rows where it is NULL do not count. Any type that can be compared."
    ),
    argument(
        name = "order",
        description = "What says which row is earlier. One or more, compared in order, of any type that can be compared."
    ),
    related_udf(name = "latest_by")
)]
struct EarliestBy;

pub(super) static FUNCTION: Survivor = Survivor {
    form: Form {
        name: "earliest_by",
        ..Survivor::LATEST.form
    },
    earliest: true,
    documentation: || EarliestBy.doc(),
    ..Survivor::LATEST
};
