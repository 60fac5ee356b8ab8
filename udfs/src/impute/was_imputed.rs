//! `was_imputed(value, filled)`.

use std::sync::Arc;

use arrow::array::{Array, BooleanArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Missing Data Functions"),
    description = r"Whether a value was filled: true where `value` is NULL and `filled` is not, false where `value` was there, and false where there was nothing to fill from. Never NULL.

Kept in a column beside the filled one, it tells estimates from measurements. It serves whatever filled the gap, several functions in a `coalesce` too.",
    syntax_example = "was_imputed(value, filled)",
    sql_example = r#"```sql
> SELECT id, impute_mean(age) OVER w AS age, was_imputed(age, impute_mean(age) OVER w) AS age_imputed
  FROM (VALUES (1, 'a', 20), (2, 'a', NULL), (3, 'b', NULL)) AS t(id, segment, age)
  WINDOW w AS (PARTITION BY segment)
  ORDER BY id;
+----+-----+-------------+
| id | age | age_imputed |
+----+-----+-------------+
| 1  | 20  | false       |
| 2  | 20  | true        |
| 3  |     | false       |
+----+-----+-------------+
```"#,
    argument(
        name = "value",
        description = "The value as it was measured, of any type."
    ),
    argument(
        name = "filled",
        description = "The same value after its gaps were filled, of any type."
    ),
    related_udf(name = "impute_mean"),
    related_udf(name = "missing_rate")
)]
struct WasImputed;

pub(super) static FUNCTION: Function = Function {
    form: Form {
        name: "was_imputed",
        parameters: &[Kind::Any, Kind::Any],
        counts: &[2],
    },
    answer: |_| Ok(DataType::Boolean),
    invoke,
    documentation: || WasImputed.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let rows = call.rows();
    let validity = |position: usize| -> Result<BooleanBuffer> {
        let array = call.argument(position)?.to_array(rows)?;
        Ok(array
            .logical_nulls()
            .map_or_else(|| BooleanBuffer::new_set(rows), NullBuffer::into_inner))
    };
    let imputed = &!&validity(0)? & &validity(1)?;
    call.answer(Arc::new(BooleanArray::new(imputed, None)))
}
