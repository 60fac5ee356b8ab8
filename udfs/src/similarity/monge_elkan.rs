//! `monge_elkan(left, right)`.

use arrow::datatypes::{DataType, Float64Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::cutoff::Similarity;
use super::jaro_winkler_similarity::Winkler;
use crate::arguments::{Call, Form, Function, Kind, Metric};
use crate::interrupt::Watch;

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The Monge-Elkan similarity, from 0 to 1, for names of several words in any order, some of them missing or misspelt: the mean, over the words of the left text, of the Jaro-Winkler similarity to the word of the right text that is most alike (A. Monge and C. Elkan, 1996).

It asks how much of the left is found in the right, and so differs by direction: a left text whose words are all in the right gives 1, whatever else the right has. Take the mean or the lesser of both directions where neither side comes first. Words are split at white space; a repeated word counts each time; two texts without a word give 1, one such text gives 0. Upper and lower case differ.",
    syntax_example = "monge_elkan(left, right)",
    sql_example = r#"```sql
> SELECT monge_elkan('Smith Jon', 'Jon Paul Smith') AS found, round(monge_elkan('Jon Paul Smith', 'Smith Jon'), 3) AS back;
+-------+-------+
| found | back  |
+-------+-------+
| 1.0   | 0.667 |
+-------+-------+
```"#,
    argument(name = "left", description = "The text whose words are looked for."),
    argument(name = "right", description = "The text in which they are looked for."),
    related_udf(name = "jaro_winkler_similarity"),
    related_udf(name = "token_set_ratio")
)]
struct MongeElkan;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "monge_elkan",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    answer: |_| Ok(DataType::Float64),
    invoke,
    documentation: || MongeElkan.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let lefts = call.text(0)?;
    let rights = call.text(1)?;
    let mut inner = Similarity::<Winkler>::new(0.0);
    call.rows_to_primitive::<Float64Type>(|row| {
        let (Some(left), Some(right)) = (lefts.get(row), rights.get(row)) else {
            return Ok(None);
        };
        Ok(Some(monge_elkan(&mut inner, left, right)))
    })
}

pub(super) fn monge_elkan(inner: &mut Similarity<Winkler>, left: &str, right: &str) -> f64 {
    let mut sum = 0.0;
    let mut words = 0;
    let mut watch = Watch::default();
    for word in left.split_whitespace() {
        let mut best = 0.0_f64;
        for other in right.split_whitespace() {
            if watch.is_interrupted_after(word.len() + other.len()) {
                return 0.0;
            }
            best = best.max(inner.pair(word, other));
            if best == 1.0 {
                break;
            }
        }
        sum += best;
        words += 1;
    }
    if words == 0 {
        return if right.split_whitespace().next().is_none() {
            1.0
        } else {
            0.0
        };
    }
    sum / f64::from(words)
}
