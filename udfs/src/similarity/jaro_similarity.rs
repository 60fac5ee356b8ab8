//! `jaro_similarity(left, right [, cutoff])`.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::cutoff::{self, Boost};
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The Jaro similarity of two texts, from 0 (no character in common) to 1 (equal), made for the names of people.

Two equal characters match when they stand no further apart than half the longer text less one. With the number of matches m and half the number of matches in another order t (rounded down), the similarity is (m/|left| + m/|right| + (m - t)/m) / 3. Two empty texts are equal and give 1, one empty text gives 0. Upper and lower case differ.",
    syntax_example = "jaro_similarity(left, right)",
    alternative_syntax = "jaro_similarity(left, right, cutoff)",
    sql_example = r#"```sql
> SELECT round(jaro_similarity('MARTHA', 'MARHTA'), 4) AS alike, jaro_similarity('DIXON', 'DICKSONX', 0.8) AS cut;
+--------+-----+
| alike  | cut |
+--------+-----+
| 0.9444 | 0.0 |
+--------+-----+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    argument(
        name = "cutoff",
        description = "From 0 to 1: what is less alike gives 0, and sooner. 0 where it is not given."
    ),
    related_udf(name = "jaro_winkler_similarity")
)]
struct JaroSimilarity;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "jaro_similarity",
        parameters: &[Kind::Text, Kind::Text, Kind::Number],
        counts: &[2, 3],
    },
    answer: |_| Ok(DataType::Float64),
    invoke,
    documentation: || JaroSimilarity.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    cutoff::invoke::<Plain>(FUNCTION.form.name, call)
}

/// The Jaro similarity as it is.
#[derive(Debug)]
struct Plain;

impl Boost for Plain {
    const LONGEST_PREFIX: usize = 0;

    #[inline(always)]
    fn boost(similarity: f64, _: usize) -> f64 {
        similarity
    }
}
