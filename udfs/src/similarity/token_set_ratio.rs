//! `token_set_ratio(left, right)`.

use arrow::datatypes::DataType;
use datafusion_macros::user_doc;

use super::kernel::words::Words;
use super::token_ratio::TokenRatio;
use crate::arguments::{Form, Function, Kind};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"How alike two texts are as sets of words, from 0 to 100, equal to `fuzz.token_set_ratio` of RapidFuzz: order and repetition of words do not count, and a text that has all words of the other gives 100.

The words are split at white space. Of three texts, each with its words sorted and joined by blanks, the highest ratio (see `token_sort_ratio`) of any two is the answer: the words that both have; those and the rest of the left; those and the rest of the right. A text without a word gives 0, even against another such. Upper and lower case differ, and punctuation counts.",
    syntax_example = "token_set_ratio(left, right)",
    sql_example = r#"```sql
> SELECT token_set_ratio('Acme', 'Acme Trading Company') AS part, round(token_set_ratio('Acme Ltd', 'Acme Inc'), 1) AS other;
+-------+-------+
| part  | other |
+-------+-------+
| 100.0 | 66.7  |
+-------+-------+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    related_udf(name = "token_sort_ratio"),
    related_udf(name = "partial_ratio")
)]
struct TokenSetRatio;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "token_set_ratio",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    answer: |_| Ok(DataType::Float64),
    invoke: |call| call.pairs(TokenRatio::new(Words::join_sets)),
    documentation: || TokenSetRatio.doc(),
    ..Function::IMMUTABLE
};
