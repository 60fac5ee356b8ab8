//! `word_similarity_commutator_op(text, pattern)`: the operator `%>`.

use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::extent::Bounds;
use super::extents::{Operator, Pattern, alike};
use crate::arguments::Function;

#[user_doc(
    doc_section(label = "Trigram Functions"),
    description = r"Whether a text has something like a pattern in it: whether their [word_similarity](#word_similarity) is at least the setting `pg_trgm.word_similarity_threshold` (0.6). It is what the operator `text %> pattern` computes; a program of its own must plan in the SQL dialect `PostgreSQL` for it.",
    syntax_example = "word_similarity_commutator_op(text, pattern)",
    sql_example = r#"```sql
> SELECT word_similarity_commutator_op('two words', 'words') AS found, word_similarity_commutator_op('sentence', 'word') AS missing;
+-------+---------+
| found | missing |
+-------+---------+
| true  | false   |
+-------+---------+
```"#,
    argument(name = "text", description = "The text that it is looked for in."),
    argument(name = "pattern", description = "What is looked for."),
    related_udf(name = "word_similarity")
)]
struct WordSimilarityCommutatorOp;

impl Operator for WordSimilarityCommutatorOp {
    const NAME: &'static str = "word_similarity_commutator_op";
    const PATTERN: Pattern = Pattern::Second;
    const BOUNDS: Bounds = Bounds::Trigrams;

    fn documentation() -> Option<&'static Documentation> {
        Self.doc()
    }
}

pub(crate) static FUNCTION: Function = alike::<WordSimilarityCommutatorOp>();
