//! `completeness(value, ...)`.

use datafusion_macros::user_doc;

use super::share::{Counted, Share};
use crate::arguments::{Form, Kind};

#[user_doc(
    doc_section(label = "Missing Data Functions"),
    description = r"The share of values that are not NULL, of all arguments in all rows, from 0 to 1; NULL where there are no rows. Works with `FILTER`, and as a window function with any frame; `DISTINCT` is an error. Grouped by a key, it is the completeness of each record.

Only NULL is missing, as in `missing_rate`.",
    syntax_example = "completeness(value [, ...])",
    sql_example = r#"```sql
> SELECT source, completeness(email, phone, city) AS completeness
  FROM (VALUES ('crm', 'a@x.org', '555-0101', NULL), ('crm', 'b@x.org', NULL, NULL), ('shop', 'c@x.org', '555-0102', 'Bern'))
    AS t(source, email, phone, city)
  GROUP BY source
  ORDER BY source;
+--------+--------------+
| source | completeness |
+--------+--------------+
| crm    | 0.5          |
| shop   | 1.0          |
+--------+--------------+
```"#,
    argument(
        name = "value",
        description = "A value of any type; one or more, each weighing the same."
    ),
    related_udf(name = "missing_rate")
)]
struct Completeness;

pub(super) static FUNCTION: Share = Share {
    form: Form {
        name: "completeness",
        parameters: &[Kind::Any],
        counts: &[1],
    },
    repeating: true,
    counted: Counted::Present,
    documentation: || Completeness.doc(),
};
