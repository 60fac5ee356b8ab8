//! `impute_next(value [, limit]) OVER (...)`.

use datafusion_macros::user_doc;

use super::carry::{CARRYING, Carry};
use crate::arguments::{Form, WindowFunction};

#[user_doc(
    doc_section(label = "Missing Data Functions"),
    description = r"Fills gaps with the next value behind them in the order of the window: next observation carried backward. A gap behind the last value stays NULL.

With a limit, a value is carried over at most so many rows, and gaps beyond stay NULL. The type stays as it is, and any will do. Without an `ORDER BY` there is no next value, which is an error (42P20).",
    syntax_example = "impute_next(value [, limit]) OVER (PARTITION BY ... ORDER BY ...)",
    sql_example = r#"```sql
> SELECT day, impute_next(price) OVER w AS price,
    coalesce(impute_last(price) OVER w, impute_next(price) OVER w) AS either
  FROM (VALUES (1, NULL), (2, 9.5), (3, NULL)) AS t(day, price)
  WINDOW w AS (ORDER BY day)
  ORDER BY day;
+-----+-------+--------+
| day | price | either |
+-----+-------+--------+
| 1   | 9.5   | 9.5    |
| 2   | 9.5   | 9.5    |
| 3   |       | 9.5    |
+-----+-------+--------+
```"#,
    argument(name = "value", description = "A value of any type."),
    argument(
        name = "limit",
        description = "Over how many rows a value is carried at most: at least 1, and the same in all rows. Without it, there is no limit."
    ),
    related_udf(name = "impute_last"),
    related_udf(name = "was_imputed")
)]
struct ImputeNext;

pub(super) static FUNCTION: WindowFunction = WindowFunction {
    form: Form {
        name: "impute_next",
        ..CARRYING.form
    },
    evaluate: |partition| Carry::Backward.fill(partition),
    documentation: || ImputeNext.doc(),
    ..CARRYING
};
