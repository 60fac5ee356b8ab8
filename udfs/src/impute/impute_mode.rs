//! `impute_mode(value) OVER (...)`.

use std::cmp::Reverse;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use datafusion::common::HashMap;
use datafusion::error::Result;
use datafusion_macros::user_doc;

use super::FILLING;
use super::gaps::Gaps;
use super::ranking::{comparable, comparable_type, rows_of};
use crate::arguments::{Form, WindowFunction};

#[user_doc(
    doc_section(label = "Missing Data Functions"),
    description = r"Fills gaps with the mode: the value itself where it is not NULL, elsewhere the most frequent of all that are not NULL in the partition, or NULL where none is. Of several that are equally frequent, the smallest is taken. `ORDER BY` makes no difference.

The type stays as it is.",
    syntax_example = "impute_mode(value) OVER (PARTITION BY ...)",
    sql_example = r#"```sql
> SELECT id, impute_mode(city) OVER (PARTITION BY postcode) AS city
  FROM (VALUES (1, '8001', 'Zürich'), (2, '8001', 'Zürich'), (3, '8001', 'Zurich'), (4, '8001', NULL))
    AS t(id, postcode, city)
  ORDER BY id;
+----+--------+
| id | city   |
+----+--------+
| 1  | Zürich |
| 2  | Zürich |
| 3  | Zurich |
| 4  | Zürich |
+----+--------+
```"#,
    argument(
        name = "value",
        description = "A value of any type that can be compared."
    ),
    related_udf(name = "impute_median"),
    related_udf(name = "was_imputed")
)]
struct ImputeMode;

pub(super) static FUNCTION: WindowFunction = WindowFunction {
    form: Form {
        name: "impute_mode",
        ..FILLING.form
    },
    answer: |name, given| comparable_type(name, &given[0]),
    evaluate: |partition| fill(partition.column(0)?),
    documentation: || ImputeMode.doc(),
    ..FILLING
};

fn fill(values: &ArrayRef) -> Result<ArrayRef> {
    let Some(gaps) = Gaps::of(values) else {
        return Ok(Arc::clone(values));
    };
    let keys = comparable(values);
    let rows = rows_of(std::slice::from_ref(&keys))?;
    // For each distinct value how often it stands, and where first.
    let mut counts = HashMap::new();
    for row in gaps.known() {
        counts.entry(rows.row(row)).or_insert((0_u64, row)).0 += 1;
    }
    // Rows sort as the values that they stand for.
    let mode = counts
        .into_iter()
        .max_by_key(|(row, (count, _))| (*count, Reverse(*row)));
    match mode {
        Some((_, (_, row))) => gaps.fill_with(values, &keys.slice(row, 1)),
        None => Ok(Arc::clone(values)),
    }
}
