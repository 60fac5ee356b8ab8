//! `impute_spline(value [, time]) OVER (...)`.

use datafusion_macros::user_doc;

use super::interpolation::{Curve, OVER_TIME};
use crate::arguments::{Form, WindowFunction};

#[user_doc(
    doc_section(label = "Missing Data Functions"),
    description = r"Fills gaps on a smooth curve through the values: a monotone cubic spline (Fritsch and Carlson 1980, with the slopes of Fritsch and Butland 1984; `pchip` of MATLAB and SciPy). Unlike a natural spline it never leaves the range between the value before and the value behind, so that no count of visits is filled with less than nothing. Between two values alone it is the straight line.

Times, ends, equal times and rounding are as in `impute_linear`: over a time the order of the window makes no difference, without one it needs an `ORDER BY`; before the first value and behind the last one gaps stay NULL; several values at the same time count as their mean; the type stays as it is.",
    syntax_example = "impute_spline(value [, time]) OVER (PARTITION BY ... [ORDER BY ...])",
    sql_example = r#"```sql
> SELECT day, round(impute_spline(visits, day) OVER (), 2) AS visits, impute_linear(visits, day) OVER () AS linear
  FROM (VALUES (1, 0.0), (2, 0.0), (3, NULL), (4, 8.0), (6, NULL), (8, 10.0)) AS t(day, visits)
  ORDER BY day;
+-----+--------+--------+
| day | visits | linear |
+-----+--------+--------+
| 1   | 0.0    | 0.0    |
| 2   | 0.0    | 0.0    |
| 3   | 3.76   | 4.0    |
| 4   | 8.0    | 8.0    |
| 6   | 9.49   | 9.0    |
| 8   | 10.0   | 10.0   |
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
    related_udf(name = "impute_linear"),
    related_udf(name = "was_imputed")
)]
struct ImputeSpline;

pub(super) static FUNCTION: WindowFunction = WindowFunction {
    form: Form {
        name: "impute_spline",
        ..OVER_TIME.form
    },
    evaluate: |partition| Curve::MonotoneCubic.fill(partition),
    documentation: || ImputeSpline.doc(),
    ..OVER_TIME
};
