//! `word_similarity_dist_op(pattern, text)`: the operator `<<->`.

use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::extent::Bounds;
use super::extents::{Operator, Pattern, unlike};
use crate::arguments::Function;

#[user_doc(
    doc_section(label = "Trigram Functions"),
    description = r"The distance of a pattern and the part of a text most like it: 1 minus their [word_similarity](#word_similarity). It is what the operator `pattern <<-> text` computes; a program of its own must plan in the SQL dialect `PostgreSQL` for it.",
    syntax_example = "word_similarity_dist_op(pattern, text)",
    sql_example = r#"```sql
> SELECT word_similarity_dist_op('word', 'two words') AS distance;
+------------+
| distance   |
+------------+
| 0.19999999 |
+------------+
```"#,
    argument(name = "pattern", description = "What is looked for."),
    argument(name = "text", description = "The text that it is looked for in."),
    related_udf(name = "word_similarity")
)]
struct WordSimilarityDistOp;

impl Operator for WordSimilarityDistOp {
    const NAME: &'static str = "word_similarity_dist_op";
    const PATTERN: Pattern = Pattern::First;
    const BOUNDS: Bounds = Bounds::Trigrams;

    fn documentation() -> Option<&'static Documentation> {
        Self.doc()
    }
}

pub(crate) static FUNCTION: Function = unlike::<WordSimilarityDistOp>();
