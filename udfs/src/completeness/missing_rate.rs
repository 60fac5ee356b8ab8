//! `missing_rate(value)`.

use datafusion_macros::user_doc;

use super::share::{Counted, Share};
use crate::arguments::{Form, Kind};

#[user_doc(
    doc_section(label = "Missing Data Functions"),
    description = r"The share of rows where a value is NULL, from 0 to 1; NULL where there are no rows. Works with `FILTER`, and as a window function with any frame; `DISTINCT` is an error.

Only NULL is missing, as for all functions that fill gaps. Where blank texts, NaN or a placeholder mean the same, make them NULL first: `missing_rate(nullif(trim(phone), ''))`.",
    syntax_example = "missing_rate(value)",
    sql_example = r#"```sql
> SELECT source, missing_rate(phone) AS phone, missing_rate(nullif(trim(phone), '')) AS phone_or_blank
  FROM (VALUES ('crm', '555-0101'), ('crm', '555-0102'), ('crm', ' '), ('crm', NULL), ('shop', NULL)) AS t(source, phone)
  GROUP BY source
  ORDER BY source;
+--------+-------+----------------+
| source | phone | phone_or_blank |
+--------+-------+----------------+
| crm    | 0.25  | 0.5            |
| shop   | 1.0   | 1.0            |
+--------+-------+----------------+
```"#,
    argument(name = "value", description = "A value of any type."),
    related_udf(name = "completeness"),
    related_udf(name = "was_imputed")
)]
struct MissingRate;

pub(super) static FUNCTION: Share = Share {
    form: Form {
        name: "missing_rate",
        parameters: &[Kind::Any],
        counts: &[1],
    },
    repeating: false,
    counted: Counted::Missing,
    documentation: || MissingRate.doc(),
};
