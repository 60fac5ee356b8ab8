//! `lcs_similarity(left, right)`.

use arrow::datatypes::{DataType, Float64Type};
use datafusion_macros::user_doc;

use super::kernel::characters::{Decoder, Pair};
use super::kernel::lanes::subsequence::similarities;
use super::kernel::subsequence::Scratch;
use crate::arguments::{Form, Function, Kind, Metric, Sides};
use crate::lanes::{self, Group, InLanes, Lanes};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"How much of the longer text is the longest common subsequence, from 0 (no character in common) to 1 (equal): the most characters that both texts have in the same order, with others between them or not, divided by the number of characters of the longer text. Equal to the normalised similarity of `LCSseq` of RapidFuzz.

Two empty texts are equal and give 1, one empty text gives 0. Upper and lower case differ.",
    syntax_example = "lcs_similarity(left, right)",
    sql_example = r#"```sql
> SELECT lcs_similarity('Jon', 'John') AS short, lcs_similarity('IBM Corp', 'IBM Corporation') AS long;
+-------+--------------------+
| short | long               |
+-------+--------------------+
| 0.75  | 0.5333333333333333 |
+-------+--------------------+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    related_udf(name = "partial_ratio")
)]
struct LcsSimilarity;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "lcs_similarity",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    answer: |_| Ok(DataType::Float64),
    invoke: |call| call.pairs(Similarity::default()),
    documentation: || LcsSimilarity.doc(),
    ..Function::IMMUTABLE
};

#[derive(Debug, Default)]
struct Similarity {
    decoder: Decoder,
    scratch: Scratch,
    constant: String,
}

impl Metric for Similarity {
    type Answer = Float64Type;

    fn pair(&mut self, left: &str, right: &str) -> f64 {
        let (common, longer) = match self.decoder.decode(left, right) {
            Pair::Ascii(left, right) => (
                self.scratch.length(left, right),
                left.len().max(right.len()),
            ),
            Pair::Unicode(left, right) => (
                self.scratch.length(left, right),
                left.len().max(right.len()),
            ),
        };
        similarity(common, longer)
    }

    fn prepare(&mut self, constant: &str) {
        self.constant = constant.to_string();
    }

    fn prepared(&mut self, other: &str) -> f64 {
        let constant = std::mem::take(&mut self.constant);
        let similarity = self.pair(&constant, other);
        self.constant = constant;
        similarity
    }

    fn many(&mut self, sides: Sides<'_>, rows: impl Iterator<Item = usize>, answers: &mut [f64]) {
        lanes::many(self, sides, rows, answers);
    }
}

impl InLanes for Similarity {
    fn group(&mut self, group: &Group) -> Lanes<f64> {
        similarities(group)
    }
}

fn similarity(common: usize, longer: usize) -> f64 {
    if longer == 0 {
        return 1.0;
    }
    common as f64 / longer as f64
}
