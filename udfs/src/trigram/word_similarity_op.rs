//! `word_similarity_op(pattern, text)`: the operator `<%`.

use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::extent::Bounds;
use super::extents::{Operator, Pattern, alike};
use crate::arguments::Function;

#[user_doc(
    doc_section(label = "Trigram Functions"),
    description = r"Whether a text has something like a pattern in it: whether their [word_similarity](#word_similarity) is at least the setting `pg_trgm.word_similarity_threshold` (0.6). It is what the operator `pattern <% text` computes; a program of its own must plan in the SQL dialect `PostgreSQL` for it.",
    syntax_example = "word_similarity_op(pattern, text)",
    sql_example = r#"```sql
> SELECT word_similarity_op('words', 'two words') AS found, word_similarity_op('word', 'sentence') AS missing;
+-------+---------+
| found | missing |
+-------+---------+
| true  | false   |
+-------+---------+
```"#,
    argument(name = "pattern", description = "What is looked for."),
    argument(name = "text", description = "The text that it is looked for in."),
    related_udf(name = "word_similarity")
)]
struct WordSimilarityOp;

impl Operator for WordSimilarityOp {
    const NAME: &'static str = "word_similarity_op";
    const PATTERN: Pattern = Pattern::First;
    const BOUNDS: Bounds = Bounds::Trigrams;

    fn documentation() -> Option<&'static Documentation> {
        Self.doc()
    }
}

pub(crate) static FUNCTION: Function = alike::<WordSimilarityOp>();
