//! `latest_by(value, order, ...)`.

use datafusion_macros::user_doc;

use super::survivor::Survivor;
use crate::arguments::Form;

#[user_doc(
    doc_section(label = "Survivorship Functions"),
    description = r"The value of the latest row of a group, of those whose value is not NULL: the one with the greatest `order`, or where several have the same, with the greatest next one, and so on. NULL where every value is.

A NULL in an order comes before everything else. Of several values with the same orders the greatest is taken, so that the answer depends neither on the order nor on the partitioning of the input. In an order, -0 equals 0, and NaN is greater than every other number, as in PostgreSQL. Works as a window function too, with any frame.",
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
    ),
    related_udf(name = "earliest_by"),
    related_udf(name = "latest_by_source"),
    related_udf(name = "latest_record")
)]
struct LatestBy;

pub(super) static FUNCTION: Survivor = Survivor {
    form: Form {
        name: "latest_by",
        ..Survivor::LATEST.form
    },
    documentation: || LatestBy.doc(),
    ..Survivor::LATEST
};
