//! `impute_last(value [, limit]) OVER (...)`.

use datafusion_macros::user_doc;

use super::carry::{CARRYING, Carry};
use crate::arguments::{Form, WindowFunction};

#[user_doc(
    doc_section(label = "Missing Data Functions"),
    description = r"Fills gaps with the last value before them in the order of the window: last observation carried forward. A gap before the first value stays NULL.

With a limit, a value is carried over at most so many rows, and gaps beyond stay NULL: what was true long ago need not be true now. The type stays as it is, and any will do. Without an `ORDER BY` there is no last value, which is an error (42P20).",
    syntax_example = "impute_last(value [, limit]) OVER (PARTITION BY ... ORDER BY ...)",
    sql_example = r#"```sql
> SELECT day, impute_last(plan) OVER w AS plan, impute_last(plan, 1) OVER w AS recent
  FROM (VALUES (1, NULL), (2, 'free'), (3, NULL), (4, NULL), (5, 'pro')) AS t(day, plan)
  WINDOW w AS (ORDER BY day)
  ORDER BY day;
+-----+------+--------+
| day | plan | recent |
+-----+------+--------+
| 1   |      |        |
| 2   | free | free   |
| 3   | free | free   |
| 4   | free |        |
| 5   | pro  | pro    |
+-----+------+--------+
```"#,
    argument(name = "value", description = "A value of any type."),
    argument(
        name = "limit",
        description = "Over how many rows a value is carried at most: at least 1, and the same in all rows. Without it, there is no limit."
    ),
    related_udf(name = "impute_next"),
    related_udf(name = "was_imputed")
)]
struct ImputeLast;

pub(super) static FUNCTION: WindowFunction = WindowFunction {
    form: Form {
        name: "impute_last",
        ..CARRYING.form
    },
    evaluate: |partition| Carry::Forward.fill(partition),
    documentation: || ImputeLast.doc(),
    ..CARRYING
};
