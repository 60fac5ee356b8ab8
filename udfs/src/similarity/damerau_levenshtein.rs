//! `damerau_levenshtein(left, right)`: the true distance, not the restricted one.

use arrow::datatypes::{DataType, Int32Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::kernel::characters::{Decoder, Pair};
use super::kernel::damerau::Scratch;
use crate::arguments::{Call, Form, Function, Kind, Metric};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The Damerau-Levenshtein distance: as `levenshtein`, and swapping two neighbours counts as one edit, the commonest slip of a typist.

It is the true distance, a metric, as in DuckDB: characters may be edited between two that were swapped, so that `ca` and `abc` are 2 apart (3 by the restricted distance, also called optimal string alignment). Upper and lower case differ. The time grows with the product of both lengths.",
    syntax_example = "damerau_levenshtein(left, right)",
    sql_example = r#"```sql
> SELECT damerau_levenshtein('Smiht', 'Smith') AS slip, damerau_levenshtein('ca', 'abc') AS far;
+------+-----+
| slip | far |
+------+-----+
| 1    | 2   |
+------+-----+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    related_udf(name = "levenshtein")
)]
struct DamerauLevenshtein;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "damerau_levenshtein",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    answer: |_| Ok(DataType::Int32),
    invoke,
    documentation: || DamerauLevenshtein.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    call.pairs(Distance::default())
}

#[derive(Debug, Default)]
struct Distance {
    decoder: Decoder,
    scratch: Scratch,
    constant: String,
}

impl Metric for Distance {
    type Answer = Int32Type;

    #[inline]
    fn pair(&mut self, left: &str, right: &str) -> i32 {
        let distance = match self.decoder.decode(left, right) {
            Pair::Ascii(left, right) => self.scratch.distance(left, right),
            Pair::Unicode(left, right) => self.scratch.distance(left, right),
        };
        i32::try_from(distance).unwrap_or(i32::MAX)
    }

    fn prepare(&mut self, constant: &str) {
        self.constant = constant.to_string();
    }

    fn prepared(&mut self, other: &str) -> i32 {
        let constant = std::mem::take(&mut self.constant);
        let distance = self.pair(&constant, other);
        self.constant = constant;
        distance
    }
}
