//! `cosine(left, right [, n])`.

use arrow::datatypes::DataType;
use datafusion_macros::user_doc;

use super::kernel::ngrams::Coefficient;
use super::ngram_set;
use crate::arguments::{Form, Function, Kind};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The cosine similarity of the sets of character n-grams of two texts, from 0 (none in common) to 1 (the same n-grams): the number of n-grams in both sets, divided by the geometric mean of the sizes of the two sets. That is the cosine of two vectors of 0 and 1 (the Ochiai coefficient).

An n-gram is a run of n neighbouring characters; a text shorter than n is its own only n-gram, and how often an n-gram occurs does not count. Two empty texts are equal and give 1, one empty text gives 0. Upper and lower case differ. An n that is not from 1 to 6 is an error.",
    syntax_example = "cosine(left, right)",
    alternative_syntax = "cosine(left, right, n)",
    sql_example = r#"```sql
> SELECT cosine('night', 'nacht') AS bigrams, cosine('abc', 'ab', 3) AS trigrams;
+---------+----------+
| bigrams | trigrams |
+---------+----------+
| 0.25    | 0.0      |
+---------+----------+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    argument(
        name = "n",
        description = "How many characters an n-gram has, from 1 to 6; 2 where it is not given."
    ),
    related_udf(name = "tfidf_cosine"),
    related_udf(name = "jaccard")
)]
struct Cosine;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "cosine",
        parameters: &[Kind::Text, Kind::Text, Kind::Integer],
        counts: &[2, 3],
    },
    answer: |_| Ok(DataType::Float64),
    invoke: |call| ngram_set::invoke("cosine", call, Coefficient::Cosine, 2),
    documentation: || Cosine.doc(),
    ..Function::IMMUTABLE
};
