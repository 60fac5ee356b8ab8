//! `partial_ratio(left, right)`.

use arrow::datatypes::DataType;
use datafusion_macros::user_doc;

use super::kernel::characters::{Decoder, Pair};
use super::kernel::subsequence::Scratch;
use super::ratio::Ratio;
use crate::arguments::{Form, Function, Kind};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"How well the shorter text is found within the longer one, from 0 (no character in common) to 100 (it is a part of it), equal to `fuzz.partial_ratio` of RapidFuzz.

It is the highest ratio (see `token_sort_ratio`, here without sorting) of the shorter text to any part of the longer that has as many characters, or to a beginning or an end of it that has fewer; of two texts of one length, each is tried as the shorter. Two empty texts give 100, one empty text gives 0. Upper and lower case differ.",
    syntax_example = "partial_ratio(left, right)",
    sql_example = r#"```sql
> SELECT partial_ratio('Acme', 'The Acme Trading Company') AS part, partial_ratio('Smyth', 'John Smith Jr') AS near;
+-------+------+
| part  | near |
+-------+------+
| 100.0 | 80.0 |
+-------+------+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    related_udf(name = "token_set_ratio")
)]
struct PartialRatio;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "partial_ratio",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    answer: |_| Ok(DataType::Float64),
    invoke: |call| call.pairs(Ratio::new(partial_ratio)),
    documentation: || PartialRatio.doc(),
    ..Function::IMMUTABLE
};

fn partial_ratio((decoder, scratch): &mut (Decoder, Scratch), left: &str, right: &str) -> f64 {
    match decoder.decode(left, right) {
        Pair::Ascii(left, right) => scratch.partial_ratio(left, right),
        Pair::Unicode(left, right) => scratch.partial_ratio(left, right),
    }
}
