//! `latest_record(record, order, ...)`.

use datafusion_macros::user_doc;

use super::record::check_record;
use super::survivor::Survivor;
use crate::arguments::Form;

#[user_doc(
    doc_section(label = "Survivorship Functions"),
    description = r"The latest row of a group as a whole: the record with the greatest `order`, or where several have the same, with the greatest next one, and so on. Its fields all come from one row, NULLs included, where [latest_by](#latest_by) for each column mixes rows. Take it for what belongs together, such as the parts of an address.

The record is a struct of the columns to keep; `named_struct('street', street, 'city', city)` makes one, and `record['street']` takes it apart. A record that is NULL itself does not count; one whose fields all are does. A NULL in an order comes before everything else. Of several records with the same orders the greatest is taken, compared field by field with NULL before everything else, so that the answer depends neither on the order nor on the partitioning of the input. Works as a window function too, with any frame.",
    syntax_example = "latest_record(record, order [, ...])",
    sql_example = r#"```sql
> SELECT customer, latest_record(named_struct('street', street, 'city', city), seen, version) AS address
  FROM (VALUES
    (1, '1 Main St', 'Bern', '2026-01-01', 1),
    (1, '7 Elm St', NULL, '2026-03-01', 2),
    (1, '7 Elm St', 'Bale', '2026-03-01', 1)) AS t(customer, street, city, seen, version)
  GROUP BY customer;
+----------+----------------------------+
| customer | address                    |
+----------+----------------------------+
| 1        | {street: 7 Elm St, city: } |
+----------+----------------------------+
```"#,
    argument(
        name = "record",
        description = "A struct of the columns to keep, of types that can be compared."
    ),
    argument(
        name = "order",
        description = "What says which row is later. One or more, compared in order, of any type that can be compared."
    ),
    related_udf(name = "latest_by"),
    related_udf(name = "most_complete")
)]
struct LatestRecord;

pub(super) static FUNCTION: Survivor = Survivor {
    form: Form {
        name: "latest_record",
        ..Survivor::LATEST.form
    },
    parameters: &["record"],
    check: check_record,
    documentation: || LatestRecord.doc(),
    ..Survivor::LATEST
};
