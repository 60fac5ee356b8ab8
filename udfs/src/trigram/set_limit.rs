//! `set_limit(threshold)`: changes the threshold of the operator `%`, as in PostgreSQL.

use arrow::array::Array;
use arrow::datatypes::{DataType, Float32Type};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, Volatility};
use datafusion_macros::user_doc;

use crate::arguments::{Call, Form, Function, Kind};
use crate::settings::SettingsOfSession;

#[user_doc(
    doc_section(label = "Trigram Functions"),
    description = r"Sets `pg_trgm.similarity_threshold` for the session, as PostgreSQL's deprecated function of that name does, and answers it; `SET pg_trgm.similarity_threshold = 0.5` is the same. It takes effect with the next statement: the one that calls it is already planned.

The threshold is a `real` from 0 to 1, anything else an error; NULL changes nothing. In a program of its own, the session must have `SettingsOfSession` among its options.",
    syntax_example = "set_limit(threshold)",
    sql_example = r#"```sql
> SELECT set_limit(0.5) AS threshold;
+-----------+
| threshold |
+-----------+
| 0.5       |
+-----------+
```"#,
    argument(
        name = "threshold",
        description = "How alike two texts are, from 0 to 1, for `%` to take them as alike."
    ),
    related_udf(name = "show_limit"),
    related_udf(name = "similarity_op")
)]
struct SetLimit;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "set_limit",
        parameters: &[Kind::Number],
        counts: &[1],
    },
    volatility: Volatility::Volatile,
    answer: |_| Ok(DataType::Float32),
    invoke,
    documentation: || SetLimit.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let settings = call.settings::<SettingsOfSession>();
    let thresholds = call.numbers::<Float32Type>(0)?;
    call.rows_to_primitive::<Float32Type>(|row| {
        if thresholds.is_null(row) {
            return Ok(None);
        }
        let threshold = thresholds.value(row);
        settings.set("pg_trgm.similarity_threshold", &threshold.to_string())?;
        Ok(Some(threshold))
    })
}
