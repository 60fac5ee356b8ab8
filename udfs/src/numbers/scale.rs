//! `scale(number)`.

use std::sync::Arc;

use arrow::array::{Array, Int32Array};
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::digits::scale_of;
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Number Functions"),
    description = "How many digits a numeric is shown with behind the point. Of a column, that is what its type says: all rows have as many.",
    syntax_example = "scale(number)",
    sql_example = r#"```sql
> SELECT scale(CAST(8.41 AS NUMERIC(5, 4))) AS shown, scale(12) AS whole;
+-------+-------+
| shown | whole |
+-------+-------+
| 4     | 0     |
+-------+-------+
```"#,
    argument(name = "number", description = "A numeric or an integer."),
    related_udf(name = "min_scale"),
    related_udf(name = "trim_scale")
)]
struct Scale;

pub(super) static FUNCTION: Function = Function {
    form: Form {
        name: "scale",
        parameters: &[Kind::Number],
        counts: &[1],
    },
    answer: |given| {
        for given in given {
            scale_of("scale", given)?;
        }
        Ok(DataType::Int32)
    },
    invoke,
    documentation: || Scale.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let values = call.argument(0)?.to_array(call.rows())?;
    let scale = i32::from(scale_of("scale", values.data_type())?);
    let scales = (0..values.len())
        .map(|row| (!values.data_type().is_null() && values.is_valid(row)).then_some(scale));
    call.answer(Arc::new(Int32Array::from_iter(scales)))
}
