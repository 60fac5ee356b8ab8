//! `token_sort_ratio(left, right)`.

use arrow::datatypes::DataType;
use datafusion_macros::user_doc;

use super::kernel::words::Words;
use super::token_ratio::TokenRatio;
use crate::arguments::{Form, Function, Kind};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"How alike two texts are whatever the order of their words, from 0 (no character in common) to 100 (the same words), equal to `fuzz.token_sort_ratio` of RapidFuzz.

The words, split at white space, are sorted by code point and joined by blanks; the ratio of the two texts so made is 100 (1 - d / n), where d is the least number of characters to insert or delete to make one of the other, and n the number of characters of both. Two texts without a word are equal and give 100, one such text gives 0. Upper and lower case differ, and punctuation counts.",
    syntax_example = "token_sort_ratio(left, right)",
    sql_example = r#"```sql
> SELECT token_sort_ratio('Smith John', 'John Smith') AS turned, round(token_sort_ratio('John A Smith', 'John Smith'), 1) AS more;
+--------+------+
| turned | more |
+--------+------+
| 100.0  | 90.9 |
+--------+------+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    related_udf(name = "token_set_ratio")
)]
struct TokenSortRatio;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "token_sort_ratio",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    answer: |_| Ok(DataType::Float64),
    invoke: |call| call.pairs(TokenRatio::new(Words::join_sorted)),
    documentation: || TokenSortRatio.doc(),
    ..Function::IMMUTABLE
};
