//! `overlap_coefficient(left, right [, n])`.

use arrow::datatypes::DataType;
use datafusion_macros::user_doc;

use super::kernel::ngrams::Coefficient;
use super::ngram_set;
use crate::arguments::{Form, Function, Kind};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The overlap coefficient (Szymkiewicz-Simpson) of the sets of character n-grams of two texts, from 0 (none in common) to 1 (one text has all n-grams of the other): the number of n-grams in both sets, divided by the size of the smaller set.

An n-gram is a run of n neighbouring characters; a text shorter than n is its own only n-gram, and how often an n-gram occurs does not count. Two empty texts are equal and give 1, one empty text gives 0. Upper and lower case differ. An n that is not from 1 to 6 is an error.",
    syntax_example = "overlap_coefficient(left, right)",
    alternative_syntax = "overlap_coefficient(left, right, n)",
    sql_example = r#"```sql
> SELECT overlap_coefficient('Anna', 'Annabelle') AS part, overlap_coefficient('night', 'nacht') AS bigrams;
+------+---------+
| part | bigrams |
+------+---------+
| 1.0  | 0.25    |
+------+---------+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    argument(
        name = "n",
        description = "How many characters an n-gram has, from 1 to 6; 2 where it is not given."
    ),
    related_udf(name = "jaccard")
)]
struct OverlapCoefficient;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "overlap_coefficient",
        parameters: &[Kind::Text, Kind::Text, Kind::Integer],
        counts: &[2, 3],
    },
    answer: |_| Ok(DataType::Float64),
    invoke: |call| ngram_set::invoke("overlap_coefficient", call, Coefficient::Overlap, 2),
    documentation: || OverlapCoefficient.doc(),
    ..Function::IMMUTABLE
};
