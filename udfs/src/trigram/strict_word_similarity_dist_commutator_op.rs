//! `strict_word_similarity_dist_commutator_op(text, pattern)`: the operator `<->>>`.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::extent::Bounds;
use super::extents::{self, Pattern};
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Trigram Functions"),
    description = r"The distance of a pattern and the part of a text most like it: 1 less their [strict_word_similarity](#strict_word_similarity). It is what the operator `text <->>> pattern` computes, which is read in the dialect `PostgreSQL`.",
    syntax_example = "strict_word_similarity_dist_commutator_op(text, pattern)",
    sql_example = r#"```sql
> SELECT strict_word_similarity_dist_commutator_op('two words', 'word') AS distance;
+-----------+
| distance  |
+-----------+
| 0.4285714 |
+-----------+
```"#,
    argument(name = "text", description = "The text that it is looked for in."),
    argument(name = "pattern", description = "What is looked for."),
    related_udf(name = "strict_word_similarity")
)]
struct StrictWordSimilarityDistCommutatorOp;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "strict_word_similarity_dist_commutator_op",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    answer: |_| Ok(DataType::Float32),
    invoke,
    documentation: || StrictWordSimilarityDistCommutatorOp.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    extents::distances(call, Pattern::Second, Bounds::Words)
}
