//! `strict_word_similarity_commutator_op(text, pattern)`: the operator `%>>`.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, Volatility};
use datafusion_macros::user_doc;

use super::extent::Bounds;
use super::extents::{self, Pattern};
use super::thresholds::TrigramThresholds;
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Trigram Functions"),
    description = r"Whether a text has something like a pattern in it: whether their [strict_word_similarity](#strict_word_similarity) is at least the setting `pg_trgm.strict_word_similarity_threshold` (0.5). It is what the operator `text %>> pattern` computes, which is read in the dialect `PostgreSQL`.",
    syntax_example = "strict_word_similarity_commutator_op(text, pattern)",
    sql_example = r#"```sql
> SELECT strict_word_similarity_commutator_op('two words', 'words') AS found, strict_word_similarity_commutator_op('sentence', 'word') AS missing;
+-------+---------+
| found | missing |
+-------+---------+
| true  | false   |
+-------+---------+
```"#,
    argument(name = "text", description = "The text that it is looked for in."),
    argument(name = "pattern", description = "What is looked for."),
    related_udf(name = "strict_word_similarity")
)]
struct StrictWordSimilarityCommutatorOp;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "strict_word_similarity_commutator_op",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    volatility: Volatility::Stable,
    answer: |_| Ok(DataType::Boolean),
    invoke,
    documentation: || StrictWordSimilarityCommutatorOp.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let threshold = call
        .settings::<TrigramThresholds>()
        .strict_word_similarity_threshold;
    extents::are_at_least(call, Pattern::Second, Bounds::Words, threshold)
}
