//! `sorensen_dice(left, right [, n])`.

use arrow::datatypes::DataType;
use datafusion_macros::user_doc;

use super::kernel::ngrams::Coefficient;
use super::ngram_set;
use crate::arguments::{Form, Function, Kind};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The Sørensen-Dice coefficient of the sets of character n-grams of two texts, from 0 (none in common) to 1 (the same n-grams): twice the number of n-grams in both sets, divided by the sum of the sizes of the two sets.

An n-gram is a run of n neighbouring characters; a text shorter than n is its own only n-gram, and how often an n-gram occurs does not count. Two empty texts are equal and give 1, one empty text gives 0. Upper and lower case differ. An n that is not from 1 to 6 is an error.",
    syntax_example = "sorensen_dice(left, right)",
    alternative_syntax = "sorensen_dice(left, right, n)",
    sql_example = r#"```sql
> SELECT sorensen_dice('night', 'nacht') AS bigrams, sorensen_dice('night', 'nacht', 1) AS characters;
+---------+------------+
| bigrams | characters |
+---------+------------+
| 0.25    | 0.6        |
+---------+------------+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    argument(
        name = "n",
        description = "How many characters an n-gram has, from 1 to 6; 2 where it is not given."
    ),
    related_udf(name = "jaccard")
)]
struct SorensenDice;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "sorensen_dice",
        parameters: &[Kind::Text, Kind::Text, Kind::Integer],
        counts: &[2, 3],
    },
    answer: |_| Ok(DataType::Float64),
    invoke: |call| ngram_set::invoke("sorensen_dice", call, Coefficient::SorensenDice, 2),
    documentation: || SorensenDice.doc(),
    ..Function::IMMUTABLE
};
