//! `similarity(left, right)`: how many of their trigrams two texts share, as in PostgreSQL.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::pairs::Similarity32;
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Trigram Functions"),
    description = r"The share of trigrams that two texts have in common: the number of distinct trigrams in both divided by the number in either, from 0 to 1. A trigram is three characters in a row of a word with two blanks before and one behind it; a text without a letter or digit has none and is like nothing (0), not even itself.

Words are runs of letters and digits, in lower case; equal to PostgreSQL's `pg_trgm` for every text of a database whose locale is `C.UTF-8`. The answer is a `real`.",
    syntax_example = "similarity(left, right)",
    sql_example = r#"```sql
> SELECT similarity('word', 'two words') AS alike, similarity('Meier', 'MEIER') AS equal;
+------------+-------+
| alike      | equal |
+------------+-------+
| 0.36363637 | 1.0   |
+------------+-------+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    related_udf(name = "word_similarity"),
    related_udf(name = "show_trgm")
)]
struct Similarity;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "similarity",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    answer: |_| Ok(DataType::Float32),
    invoke,
    documentation: || Similarity.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    call.pairs(Similarity32::default())
}
