//! `min_scale(number)`.

use std::sync::Arc;

use arrow::array::Int32Array;
use arrow::datatypes::{DataType, Int32Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::digits::{fewest, scale_of, unscaled};
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Number Functions"),
    description = "The fewest digits behind the point that a numeric can be written with; equal to PostgreSQL's.",
    syntax_example = "min_scale(number)",
    sql_example = r#"```sql
> SELECT min_scale(CAST(8.41 AS NUMERIC(5, 4))) AS needed, min_scale(12) AS whole;
+--------+-------+
| needed | whole |
+--------+-------+
| 2      | 0     |
+--------+-------+
```"#,
    argument(name = "number", description = "A numeric or an integer."),
    related_udf(name = "scale"),
    related_udf(name = "trim_scale")
)]
struct MinScale;

pub(super) static FUNCTION: Function = Function {
    form: Form {
        name: "min_scale",
        parameters: &[Kind::Number],
        counts: &[1],
    },
    answer: |given| {
        for given in given {
            scale_of("min_scale", given)?;
        }
        Ok(DataType::Int32)
    },
    invoke,
    documentation: || MinScale.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let values = call.argument(0)?.to_array(call.rows())?;
    let scale = scale_of("min_scale", values.data_type())?;
    let numbers = unscaled(&values, scale)?;
    let needed: Int32Array =
        numbers.unary::<_, Int32Type>(|number| i32::from(fewest(number, scale)));
    call.answer(Arc::new(needed))
}
