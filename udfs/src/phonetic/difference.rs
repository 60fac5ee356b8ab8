//! `difference(left, right)`: how alike two texts sound by Soundex, as in PostgreSQL.

use arrow::datatypes::{DataType, Int32Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::soundex;
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Phonetic Functions"),
    description = r"How many of the four places of two texts' Soundex codes are equal, from 0 (sound differently) to 4, equal to PostgreSQL's `fuzzystrmatch`.

Two texts without a letter have the same empty code, which gives 4.",
    syntax_example = "difference(left, right)",
    sql_example = r#"```sql
> SELECT difference('Anne', 'Andrew') AS alike;
+-------+
| alike |
+-------+
| 2     |
+-------+
```"#,
    argument(name = "left", description = "A name or word."),
    argument(name = "right", description = "The one to compare it with."),
    related_udf(name = "soundex")
)]
struct Difference;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "difference",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    answer: |_| Ok(DataType::Int32),
    invoke,
    documentation: || Difference.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let (left, right) = (call.text(0)?, call.text(1)?);
    call.rows_to_primitive::<Int32Type>(|row| {
        let (Some(left), Some(right)) = (left.get(row), right.get(row)) else {
            return Ok(None);
        };
        let (left, right) = (soundex::code(left), soundex::code(right));
        let equal = left
            .iter()
            .zip(&right)
            .filter(|(left, right)| left == right);
        Ok(Some(equal.count() as i32))
    })
}
