//! `strict_word_similarity(pattern, text)`, as in PostgreSQL.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::extent::Bounds;
use super::extents::{self, Pattern};
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Trigram Functions"),
    description = r"As [word_similarity](#word_similarity), where the part of the text must begin and end with words: how much the text has words like the pattern in it.

Words are runs of letters and digits, in lower case; equal to PostgreSQL's `pg_trgm` for every text of a database whose locale is `C.UTF-8`. The answer is a `real`.",
    syntax_example = "strict_word_similarity(pattern, text)",
    sql_example = r#"```sql
> SELECT strict_word_similarity('word', 'two words') AS alike, strict_word_similarity('words', 'two words') AS equal;
+-----------+-------+
| alike     | equal |
+-----------+-------+
| 0.5714286 | 1.0   |
+-----------+-------+
```"#,
    argument(name = "pattern", description = "What is looked for."),
    argument(name = "text", description = "The text that it is looked for in."),
    related_udf(name = "similarity"),
    related_udf(name = "word_similarity")
)]
struct StrictWordSimilarity;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "strict_word_similarity",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    answer: |_| Ok(DataType::Float32),
    invoke,
    documentation: || StrictWordSimilarity.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    extents::similarities(call, Pattern::First, Bounds::Words)
}
