//! `similarity_op(left, right)`: the operator `%`.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, Volatility};
use datafusion_macros::user_doc;

use super::pairs::{Similarity32, at_least};
use super::thresholds::TrigramThresholds;
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Trigram Functions"),
    description = r"Whether two texts are alike: whether their [similarity](#similarity) is at least the setting `pg_trgm.similarity_threshold` (0.3). It is what the operator `left % right` computes of two texts.",
    syntax_example = "similarity_op(left, right)",
    sql_example = r#"```sql
> SELECT similarity_op('word', 'two words') AS alike, similarity_op('word', 'sentence') AS unlike;
+-------+--------+
| alike | unlike |
+-------+--------+
| true  | false  |
+-------+--------+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    related_udf(name = "similarity"),
    related_udf(name = "show_limit")
)]
struct SimilarityOp;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "similarity_op",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    volatility: Volatility::Stable,
    answer: |_| Ok(DataType::Boolean),
    invoke,
    documentation: || SimilarityOp.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let threshold = call.settings::<TrigramThresholds>().similarity_threshold;
    at_least(&call.pairs(Similarity32::default())?, threshold)
}
