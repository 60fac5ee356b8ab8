//! `impute_linear(value [, time]) OVER (...)`.

use datafusion_macros::user_doc;

use super::interpolation::{Curve, OVER_TIME};
use crate::arguments::{Form, WindowFunction};

#[user_doc(
    doc_section(label = "Missing Data Functions"),
    description = r"Fills gaps on the straight line between the value before and the value behind. Over a time, a gap gets what lies at its time on the line, and the window's `ORDER BY` makes no difference; without one, the rows are equally far from each other, in the order of the window, which then needs an `ORDER BY`.

Before the first value and behind the last one, gaps stay NULL: `coalesce(impute_linear(value, time) OVER w, impute_last(value) OVER w, impute_next(value) OVER w)` fills those too. Several values at the same time count as their mean, and a gap at a time that has a value gets that value. A row whose time is NULL, NaN or infinite neither gives nor gets anything.

The type stays as it is. What falls between two values that it holds is rounded to the nearest, a half away from zero as Postgres rounds a `numeric`, and for dates and times a half to the later.",
    syntax_example = "impute_linear(value [, time]) OVER (PARTITION BY ... [ORDER BY ...])",
    sql_example = r#"```sql
> SELECT day, impute_linear(weight) OVER (ORDER BY day) AS by_row, impute_linear(weight, day) OVER () AS by_day
  FROM (VALUES (1, 60.0), (2, NULL), (5, 64.0), (9, NULL)) AS t(day, weight)
  ORDER BY day;
+-----+--------+--------+
| day | by_row | by_day |
+-----+--------+--------+
| 1   | 60.0   | 60.0   |
| 2   | 62.0   | 61.0   |
| 5   | 64.0   | 64.0   |
| 9   |        |        |
+-----+--------+--------+
```"#,
    argument(
        name = "value",
        description = "A number, date, time, timestamp or duration."
    ),
    argument(
        name = "time",
        description = "When the value was measured: a number, date, time, timestamp or duration. Without it, the rows count."
    ),
    related_udf(name = "impute_spline"),
    related_udf(name = "was_imputed")
)]
struct ImputeLinear;

pub(super) static FUNCTION: WindowFunction = WindowFunction {
    form: Form {
        name: "impute_linear",
        ..OVER_TIME.form
    },
    evaluate: |partition| Curve::Line.fill(partition),
    documentation: || ImputeLinear.doc(),
    ..OVER_TIME
};
