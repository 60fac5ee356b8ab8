//! `edit_distance_similarity(left, right)`, as in SQL Server.

use arrow::datatypes::{DataType, Int32Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::distance::{DamerauLevenshtein, Pairs};
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"How few edits lie between two texts, by the name and rule of SQL Server: a whole number from 0 to 100, the nearest to 100 (1 - d / n), where d is `damerau_levenshtein` and n the number of characters of the longer text.

Two empty texts are equal and give 100, one empty text gives 0. Upper and lower case differ.",
    syntax_example = "edit_distance_similarity(left, right)",
    sql_example = r#"```sql
> SELECT edit_distance_similarity('Colour', 'Color') AS alike, edit_distance_similarity('abc', 'xyz') AS other;
+-------+-------+
| alike | other |
+-------+-------+
| 83    | 0     |
+-------+-------+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "The text to compare it with."),
    related_udf(name = "damerau_levenshtein"),
    related_udf(name = "normalized_levenshtein")
)]
struct EditDistanceSimilarity;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "edit_distance_similarity",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    answer: |_| Ok(DataType::Int32),
    invoke,
    documentation: || EditDistanceSimilarity.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let lefts = call.text(0)?;
    let rights = call.text(1)?;
    let mut pairs = Pairs::<DamerauLevenshtein>::default();
    call.rows_to_primitive::<Int32Type>(|row| {
        let (Some(left), Some(right)) = (lefts.get(row), rights.get(row)) else {
            return Ok(None);
        };
        let measured = pairs.measure(left, right, |longer| longer);
        if measured.longer == 0 {
            return Ok(Some(100));
        }
        let edited = measured.distance as f64 / measured.longer as f64;
        Ok(Some((100.0 * (1.0 - edited)).round() as i32))
    })
}
