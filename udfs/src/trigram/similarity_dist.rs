//! `similarity_dist(left, right)`: the operator `<->`.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::pairs::Distance32;
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Trigram Functions"),
    description = r"The distance of two texts by their trigrams: 1 minus their [similarity](#similarity). It is what the operator `left <-> right` computes; a program of its own must plan in the SQL dialect `PostgreSQL` for it.",
    syntax_example = "similarity_dist(left, right)",
    sql_example = r#"```sql
> SELECT similarity_dist('word', 'two words') AS distance;
+-----------+
| distance  |
+-----------+
| 0.6363636 |
+-----------+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    related_udf(name = "similarity")
)]
struct SimilarityDist;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "similarity_dist",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    answer: |_| Ok(DataType::Float32),
    invoke,
    documentation: || SimilarityDist.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    call.pairs(Distance32::default())
}
