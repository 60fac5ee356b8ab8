//! `latest_by_source(value, source, order, ...)`.

use datafusion_macros::user_doc;

use super::survivor::Survivor;
use crate::arguments::Form;

#[user_doc(
    doc_section(label = "Survivorship Functions"),
    description = r"Where the value that [latest_by](#latest_by) answers comes from: the source of the same row. It makes a golden record auditable, field by field.

The row is found as `latest_by(value, order, ...)` finds it: a source plays no part in it, except that of several sources of the same value with the same orders the greatest is answered. It is NULL where that row has no source, and where every value is NULL. To see more than one column of that row, make a struct of them.",
    syntax_example = "latest_by_source(value, source, order [, ...])",
    sql_example = r#"```sql
> SELECT customer, latest_by(phone, seen) AS phone, latest_by_source(phone, system, seen) AS phone_source
  FROM (VALUES
    (1, 'crm', '555-0101', '2026-01-01'),
    (1, 'shop', '555-0199', '2026-02-01'),
    (1, 'newsletter', NULL, '2026-03-01')) AS t(customer, system, phone, seen)
  GROUP BY customer;
+----------+----------+--------------+
| customer | phone    | phone_source |
+----------+----------+--------------+
| 1        | 555-0199 | shop         |
+----------+----------+--------------+
```"#,
    argument(
        name = "value",
        description = "The value whose source is asked for; rows where it is NULL do not count."
    ),
    argument(
        name = "source",
        description = "What to answer: the name of a system, the number of a record, or a struct of several columns."
    ),
    argument(
        name = "order",
        description = "What says which row is later. One or more, compared in order."
    ),
    related_udf(name = "latest_by"),
    related_udf(name = "by_source_priority")
)]
struct LatestBySource;

pub(super) static FUNCTION: Survivor = Survivor {
    form: Form {
        name: "latest_by_source",
        counts: &[3],
        ..Survivor::LATEST.form
    },
    parameters: &["value", "source"],
    answer: 1,
    documentation: || LatestBySource.doc(),
    ..Survivor::LATEST
};
