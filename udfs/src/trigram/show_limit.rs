//! `show_limit()`: the threshold of the operator `%`, as in PostgreSQL.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, Volatility};
use datafusion_macros::user_doc;

use super::thresholds::TrigramThresholds;
use crate::arguments::{Call, Form, Function};

#[user_doc(
    doc_section(label = "Trigram Functions"),
    description = r"The setting `pg_trgm.similarity_threshold`, from which the operator `%` takes two texts as alike. `SET pg_trgm.similarity_threshold = 0.5` or [set_limit](#set_limit) changes it.",
    syntax_example = "show_limit()",
    sql_example = r#"```sql
> SELECT show_limit() AS threshold;
+-----------+
| threshold |
+-----------+
| 0.3       |
+-----------+
```"#,
    related_udf(name = "set_limit"),
    related_udf(name = "similarity_op")
)]
struct ShowLimit;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "show_limit",
        parameters: &[],
        counts: &[0],
    },
    volatility: Volatility::Stable,
    answer: |_| Ok(DataType::Float32),
    invoke,
    documentation: || ShowLimit.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let threshold = call.settings::<TrigramThresholds>().similarity_threshold;
    Ok(ColumnarValue::Scalar(ScalarValue::Float32(Some(
        threshold as f32,
    ))))
}
