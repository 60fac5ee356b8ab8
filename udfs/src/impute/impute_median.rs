//! `impute_median(value) OVER (...)`.

use datafusion_macros::user_doc;

use super::center::{CENTERED, Center};
use crate::arguments::{Form, WindowFunction};

#[user_doc(
    doc_section(label = "Missing Data Functions"),
    description = r"Fills gaps with the median: the value itself where it is not NULL, elsewhere the median of all that are not NULL in the partition, or NULL where none is. Between two middle values the median is halfway. `ORDER BY` makes no difference.

The type stays as it is. What falls between two values that it holds is rounded to the nearest, a half away from zero as Postgres rounds a `numeric`, and for dates and times a half to the later. NaN counts as greater than any number.",
    syntax_example = "impute_median(value) OVER (PARTITION BY ...)",
    sql_example = r#"```sql
> SELECT id, impute_median(age) OVER (PARTITION BY segment) AS age
  FROM (VALUES (1, 'a', 20), (2, 'a', 31), (3, 'a', NULL), (4, 'b', NULL)) AS t(id, segment, age)
  ORDER BY id;
+----+-----+
| id | age |
+----+-----+
| 1  | 20  |
| 2  | 31  |
| 3  | 26  |
| 4  |     |
+----+-----+
```"#,
    argument(
        name = "value",
        description = "A number, date, time, timestamp or duration."
    ),
    related_udf(name = "impute_mean"),
    related_udf(name = "impute_mode"),
    related_udf(name = "was_imputed")
)]
struct ImputeMedian;

pub(super) static FUNCTION: WindowFunction = WindowFunction {
    form: Form {
        name: "impute_median",
        ..CENTERED.form
    },
    evaluate: |partition| Center::Median.fill(partition),
    documentation: || ImputeMedian.doc(),
    ..CENTERED
};
