//! `strict_word_similarity_dist_op(pattern, text)`: the operator `<<<->`.

use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::extent::Bounds;
use super::extents::{Operator, Pattern, unlike};
use crate::arguments::Function;

#[user_doc(
    doc_section(label = "Trigram Functions"),
    description = r"The distance of a pattern and the part of a text most like it: 1 minus their [strict_word_similarity](#strict_word_similarity). It is what the operator `pattern <<<-> text` computes; a program of its own must plan in the SQL dialect `PostgreSQL` for it.",
    syntax_example = "strict_word_similarity_dist_op(pattern, text)",
    sql_example = r#"```sql
> SELECT strict_word_similarity_dist_op('word', 'two words') AS distance;
+-----------+
| distance  |
+-----------+
| 0.4285714 |
+-----------+
```"#,
    argument(name = "pattern", description = "What is looked for."),
    argument(name = "text", description = "The text that it is looked for in."),
    related_udf(name = "strict_word_similarity")
)]
struct StrictWordSimilarityDistOp;

impl Operator for StrictWordSimilarityDistOp {
    const NAME: &'static str = "strict_word_similarity_dist_op";
    const PATTERN: Pattern = Pattern::First;
    const BOUNDS: Bounds = Bounds::Words;

    fn documentation() -> Option<&'static Documentation> {
        Self.doc()
    }
}

pub(crate) static FUNCTION: Function = unlike::<StrictWordSimilarityDistOp>();
