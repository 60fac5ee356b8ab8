//! `word_similarity(pattern, text)`, as in PostgreSQL.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::extent::Bounds;
use super::extents::{self, Pattern};
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Trigram Functions"),
    description = r"How much a text has something like the pattern in it: the [similarity](#similarity) of the pattern's trigrams and those of the part of the text that is most like it. The part may begin and end within words. As in PostgreSQL, not every part is tried, and order and repetition of the pattern's trigrams do not matter.

Words are runs of letters and digits, in lower case; equal to PostgreSQL's `pg_trgm` for every text of a database whose locale is `C.UTF-8`. The answer is a `real`.",
    syntax_example = "word_similarity(pattern, text)",
    sql_example = r#"```sql
> SELECT word_similarity('word', 'two words') AS alike, word_similarity('two words', 'word') AS turned;
+-------+--------+
| alike | turned |
+-------+--------+
| 0.8   | 0.4    |
+-------+--------+
```"#,
    argument(name = "pattern", description = "What is looked for."),
    argument(name = "text", description = "The text that it is looked for in."),
    related_udf(name = "similarity"),
    related_udf(name = "strict_word_similarity")
)]
struct WordSimilarity;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "word_similarity",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    answer: |_| Ok(DataType::Float32),
    invoke,
    documentation: || WordSimilarity.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    extents::similarities(call, Pattern::First, Bounds::Trigrams)
}
