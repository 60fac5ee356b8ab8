//! `jaro_winkler_similarity(left, right [, cutoff])`.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::cutoff::{self, Boost};
use crate::arguments::{Call, Form, Function, Kind};

/// What each equal character at the beginning is worth, how many of them count, and above which
/// Jaro similarity: W. E. Winkler, "String comparator metrics and enhanced decision rules in the
/// Fellegi-Sunter model of record linkage" (1990), and the Census Bureau's strcmp95.c.
const PREFIX_SCALE: f64 = 0.1;
pub(crate) const LONGEST_PREFIX: usize = 4;
const BOOST_THRESHOLD: f64 = 0.7;

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The Jaro-Winkler similarity of two texts, from 0 (no character in common) to 1 (equal): the Jaro similarity, raised where the texts begin alike, because people seldom mistake the beginning of a name.

A Jaro similarity j above 0.7 becomes j + 0.1 p (1 - j), where p is the number of equal characters at the beginning, 4 at most; others stay. That is Winkler's rule, and DuckDB's. Two empty texts are equal and give 1 (0 in DuckDB), one empty text gives 0. Upper and lower case differ.

Snowflake's function of this kind is `jarowinkler_similarity`; SQL Server's has this name, and answers the nearest integer to 100 times the similarity.

Compared with a constant, as in `jaro_winkler_similarity(a, b) >= 0.9`, that becomes the cutoff.",
    syntax_example = "jaro_winkler_similarity(left, right)",
    alternative_syntax = "jaro_winkler_similarity(left, right, cutoff)",
    sql_example = r#"```sql
> SELECT round(jaro_winkler_similarity('MARTHA', 'MARHTA'), 4) AS alike, jaro_winkler_similarity('Anna', 'Otto', 0.8) AS cut;
+--------+-----+
| alike  | cut |
+--------+-----+
| 0.9611 | 0.0 |
+--------+-----+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    argument(
        name = "cutoff",
        description = "From 0 to 1: what is less alike gives 0, and sooner. 0 where it is not given."
    ),
    related_udf(name = "jaro_winkler_distance"),
    related_udf(name = "jaro_similarity")
)]
struct JaroWinklerSimilarity;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "jaro_winkler_similarity",
        parameters: &[Kind::Text, Kind::Text, Kind::Number],
        counts: &[2, 3],
    },
    answer: |_| Ok(DataType::Float64),
    invoke,
    documentation: || JaroWinklerSimilarity.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    cutoff::invoke::<Winkler>(FUNCTION.form.name, call)
}

/// The Jaro similarity, raised where the texts begin alike.
#[derive(Debug)]
pub(super) struct Winkler;

/// The Jaro similarity of texts that begin with so many equal characters, 4 at most, raised.
#[inline(always)]
pub(crate) fn raise(similarity: f64, prefix: usize) -> f64 {
    if similarity > BOOST_THRESHOLD {
        similarity + PREFIX_SCALE * prefix as f64 * (1.0 - similarity)
    } else {
        similarity
    }
}

impl Boost for Winkler {
    const LONGEST_PREFIX: usize = LONGEST_PREFIX;

    #[inline(always)]
    fn boost(similarity: f64, prefix: usize) -> f64 {
        raise(similarity, prefix)
    }
}
