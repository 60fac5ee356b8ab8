//! `impute_mean(value) OVER (...)`.

use datafusion_macros::user_doc;

use super::center::{CENTERED, Center};
use crate::arguments::{Form, WindowFunction};

#[user_doc(
    doc_section(label = "Missing Data Functions"),
    description = r"Fills gaps with the mean: the value itself where it is not NULL, elsewhere the mean of all that are not NULL in the partition, or NULL where none is. `ORDER BY` makes no difference, and the order of the rows neither: the mean of floats is always summed in the same order.

The type stays as it is. What falls between two values that it holds is rounded to the nearest, a half away from zero as Postgres rounds a `numeric`, and for dates and times a half to the later. NaN and infinities count, as they do in `avg`.",
    syntax_example = "impute_mean(value) OVER (PARTITION BY ...)",
    sql_example = r#"```sql
> SELECT id, impute_mean(spent) OVER (PARTITION BY segment) AS spent
  FROM (VALUES (1, 'a', 20.00), (2, 'a', 31.25), (3, 'a', NULL), (4, 'b', NULL)) AS t(id, segment, spent)
  ORDER BY id;
+----+--------+
| id | spent  |
+----+--------+
| 1  | 20.0   |
| 2  | 31.25  |
| 3  | 25.625 |
| 4  |        |
+----+--------+
```"#,
    argument(
        name = "value",
        description = "A number, date, time, timestamp or duration."
    ),
    related_udf(name = "impute_median"),
    related_udf(name = "was_imputed")
)]
struct ImputeMean;

pub(super) static FUNCTION: WindowFunction = WindowFunction {
    form: Form {
        name: "impute_mean",
        ..CENTERED.form
    },
    evaluate: |partition| Center::Mean.fill(partition),
    documentation: || ImputeMean.doc(),
    ..CENTERED
};
