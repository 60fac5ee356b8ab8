//! `hamming(left, right)`.

use arrow::datatypes::{DataType, Int32Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::kernel::characters::{Decoder, Pair};
use super::kernel::hamming::{self, of_chunks};
use super::kernel::lanes::group::Placed;
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The Hamming distance of two texts of the same length: at how many positions their characters differ. Made for codes of a fixed length: postcodes, account numbers, telephone numbers.

Texts of different lengths have none, which is NULL; DuckDB, which knows it as `mismatches` too, stops the query with an error there, and also at empty texts, and counts bytes. Two empty texts are 0 apart. Upper and lower case differ.",
    syntax_example = "hamming(left, right)",
    sql_example = r#"```sql
> SELECT hamming('SW1A 1AA', 'SW1A 7AA') AS one, hamming('karolin', 'kathrin') AS three, hamming('a', 'ab') AS none;
+-----+-------+------+
| one | three | none |
+-----+-------+------+
| 1   | 3     |      |
+-----+-------+------+
```"#,
    argument(name = "left", description = "A text."),
    argument(name = "right", description = "A text of as many characters."),
    related_udf(name = "levenshtein")
)]
struct Hamming;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "hamming",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    aliases: &["mismatches"],
    answer: |_| Ok(DataType::Int32),
    invoke,
    documentation: || Hamming.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let lefts = call.text(0)?;
    let rights = call.text(1)?;
    let mut decoder = Decoder::default();
    call.rows_to_primitive::<Int32Type>(|row| {
        let (Some(left), Some(right)) = (lefts.get(row), rights.get(row)) else {
            return Ok(None);
        };
        let placed = |(text, bytes)| Placed { text, bytes };
        let near = of_chunks(placed(lefts.placed(row)), placed(rights.placed(row)));
        if let Some(distance) = near {
            return Ok(Some(distance as i32));
        }
        let distance = match decoder.decode(left, right) {
            Pair::Ascii(left, right) => hamming::distance(left, right),
            Pair::Unicode(left, right) => hamming::distance(left, right),
        };
        Ok(distance.map(|distance| i32::try_from(distance).unwrap_or(i32::MAX)))
    })
}
