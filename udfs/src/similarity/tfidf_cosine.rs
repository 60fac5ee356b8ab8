//! `tfidf_cosine(left, right, weights)`.

use arrow::datatypes::{DataType, Float64Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::kernel::words::Sorted;
use super::term_table::{Weights, WeightsOfRows, check_type};
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"How alike two texts are by their words, where rare words count for more than common ones, from 0 (no word in common) to 1: the cosine of the two vectors that have, for each word, how often it occurs times its weight. Made for names of companies and products, where `Ltd` tells nothing and `Zyxel` everything.

The term table is a map from each word to its weight, mostly its inverse document frequency: [term_weights](#term_weights) makes it of a column, and a scalar subquery gives it to all rows at once. A word that is not in it, or whose weight is NULL, weighs as much as the heaviest that is (1 where the map is empty). Words are split at white space, upper and lower case differ. Two texts without a word of any weight give 1, one such text gives 0. A weight that is negative or not finite is an error.",
    syntax_example = "tfidf_cosine(left, right, weights)",
    sql_example = r#"```sql
> SELECT round(tfidf_cosine('Zyxel Ltd', 'Zyxel Inc', map(ARRAY['Ltd', 'Inc', 'Zyxel'], ARRAY[0.1, 0.1, 5.0])), 3) AS alike,
         round(tfidf_cosine('Zyxel Ltd', 'Acme Ltd', map(ARRAY['Ltd', 'Inc', 'Zyxel'], ARRAY[0.1, 0.1, 5.0])), 3) AS other;
+-------+-------+
| alike | other |
+-------+-------+
| 1.0   | 0.0   |
+-------+-------+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    argument(
        name = "weights",
        description = "A map from words to numbers of at least 0."
    ),
    related_udf(name = "term_weights"),
    related_udf(name = "cosine"),
    related_udf(name = "token_set_ratio")
)]
struct TfidfCosine;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "tfidf_cosine",
        parameters: &[Kind::Text, Kind::Text, Kind::Any],
        counts: &[3],
    },
    answer: |given| {
        check_type(FUNCTION.form.name, &given[2])?;
        Ok(DataType::Float64)
    },
    invoke,
    documentation: || TfidfCosine.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let lefts = call.text(0)?;
    let rights = call.text(1)?;
    let weights = WeightsOfRows::new(FUNCTION.form.name, call.argument(2)?)?;
    let mut current = weights.start();
    let mut words = (Sorted::default(), Sorted::default());
    call.rows_to_primitive::<Float64Type>(|row| {
        let (Some(left), Some(right)) = (lefts.get(row), rights.get(row)) else {
            return Ok(None);
        };
        let Some(weights) = weights.of_row(row, &mut current)? else {
            return Ok(None);
        };
        words.0.split(left);
        words.1.split(right);
        let left = words.0.counts(left);
        let right = words.1.counts(right);
        Ok(Some(cosine(weights, left, right)))
    })
}

/// The cosine of two vectors, given as their words in ascending order and how often each occurs.
fn cosine<'a>(
    weights: &Weights<'_>,
    left: impl Iterator<Item = (&'a str, usize)>,
    right: impl Iterator<Item = (&'a str, usize)>,
) -> f64 {
    let (mut dot, mut left_square, mut right_square) = (0.0, 0.0, 0.0);
    let mut right = right.peekable();
    let weigh = |(word, count): (&str, usize)| weights.of(word) * count as f64;
    for (word, count) in left {
        let part = weigh((word, count));
        left_square += part * part;
        while let Some(other) = right.next_if(|(other, _)| *other <= word) {
            let other_part = weigh(other);
            right_square += other_part * other_part;
            if other.0 == word {
                dot += part * other_part;
            }
        }
    }
    for other in right {
        let part = weigh(other);
        right_square += part * part;
    }
    if left_square == 0.0 || right_square == 0.0 {
        return if left_square == right_square {
            1.0
        } else {
            0.0
        };
    }
    (dot / (left_square.sqrt() * right_square.sqrt())).min(1.0)
}
