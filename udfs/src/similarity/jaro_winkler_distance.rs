//! `jaro_winkler_distance(left, right)`, as in SQL Server.

use arrow::datatypes::{DataType, Float64Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::cutoff::Similarity;
use super::jaro_winkler_similarity::Winkler;
use crate::arguments::{Call, Form, Function, Kind, Metric, Sides};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The Jaro-Winkler distance by the name and rule of SQL Server, from 0 (equal) to 1 (no character in common): 1 minus `jaro_winkler_similarity`.

It is no metric: the triangle inequality does not hold. Two empty texts are 0 apart, an empty text and another 1. Upper and lower case differ.",
    syntax_example = "jaro_winkler_distance(left, right)",
    sql_example = r#"```sql
> SELECT round(jaro_winkler_distance('Colour', 'Color'), 4) AS near, jaro_winkler_distance('abc', 'xyz') AS far;
+--------+-----+
| near   | far |
+--------+-----+
| 0.0333 | 1.0 |
+--------+-----+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    related_udf(name = "jaro_winkler_similarity")
)]
struct JaroWinklerDistance;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "jaro_winkler_distance",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    answer: |_| Ok(DataType::Float64),
    invoke,
    documentation: || JaroWinklerDistance.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    call.pairs(Distance(Similarity::new(0.0)))
}

struct Distance(Similarity<Winkler>);

impl Metric for Distance {
    type Answer = Float64Type;

    fn pair(&mut self, left: &str, right: &str) -> f64 {
        1.0 - self.0.pair(left, right)
    }

    fn prepare(&mut self, constant: &str) {
        self.0.prepare(constant);
    }

    fn prepared(&mut self, other: &str) -> f64 {
        1.0 - self.0.prepared(other)
    }

    fn many(&mut self, sides: Sides<'_>, rows: impl Iterator<Item = usize>, answers: &mut [f64]) {
        self.0.many(sides, rows, answers);
        for answer in answers {
            *answer = 1.0 - *answer;
        }
    }
}
