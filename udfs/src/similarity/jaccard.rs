//! `jaccard(left, right [, n])`.

use arrow::datatypes::DataType;
use datafusion_macros::user_doc;

use super::kernel::ngrams::Coefficient;
use super::ngram_set;
use crate::arguments::{Form, Function, Kind};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The Jaccard similarity of the sets of character n-grams of two texts, from 0 (none in common) to 1 (the same n-grams): the number of n-grams in both sets, divided by the number in either.

An n-gram is a run of n neighbouring characters; a text shorter than n is its own only n-gram, and how often an n-gram occurs does not count. Two empty texts are equal and give 1, one empty text gives 0. Upper and lower case differ. An n that is not from 1 to 6 is an error. Without n, single characters are compared, as in DuckDB, which is an error there for an empty text and splits letters of more than one byte.",
    syntax_example = "jaccard(left, right)",
    alternative_syntax = "jaccard(left, right, n)",
    sql_example = r#"```sql
> SELECT jaccard('duck', 'luck') AS characters, jaccard('night', 'nacht', 2) AS bigrams;
+------------+---------------------+
| characters | bigrams             |
+------------+---------------------+
| 0.6        | 0.14285714285714285 |
+------------+---------------------+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    argument(
        name = "n",
        description = "How many characters an n-gram has, from 1 to 6; 1 where it is not given."
    ),
    related_udf(name = "sorensen_dice")
)]
struct Jaccard;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "jaccard",
        parameters: &[Kind::Text, Kind::Text, Kind::Integer],
        counts: &[2, 3],
    },
    answer: |_| Ok(DataType::Float64),
    invoke: |call| ngram_set::invoke("jaccard", call, Coefficient::Jaccard, 1),
    documentation: || Jaccard.doc(),
    ..Function::IMMUTABLE
};
