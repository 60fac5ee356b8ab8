//! `strict_word_similarity_commutator_op(text, pattern)`: the operator `%>>`.

use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::extent::Bounds;
use super::extents::{Operator, Pattern, alike};
use crate::arguments::Function;

#[user_doc(
    doc_section(label = "Trigram Functions"),
    description = r"Whether a text has something like a pattern in it: whether their [strict_word_similarity](#strict_word_similarity) is at least the setting `pg_trgm.strict_word_similarity_threshold` (0.5). It is what the operator `text %>> pattern` computes; a program of its own must plan in the SQL dialect `PostgreSQL` for it.",
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

impl Operator for StrictWordSimilarityCommutatorOp {
    const NAME: &'static str = "strict_word_similarity_commutator_op";
    const PATTERN: Pattern = Pattern::Second;
    const BOUNDS: Bounds = Bounds::Words;

    fn documentation() -> Option<&'static Documentation> {
        Self.doc()
    }
}

pub(crate) static FUNCTION: Function = alike::<StrictWordSimilarityCommutatorOp>();
