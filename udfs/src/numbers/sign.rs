//! `sign(number)`.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Decimal128Array, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, i256};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::digits::{scale_of, unscaled};
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Number Functions"),
    description = "-1, 0 or 1: the sign of a number; equal to PostgreSQL's. It is a numeric for numerics and a `double precision` for all others; NaN has none, 0.",
    syntax_example = "sign(number)",
    sql_example = r#"```sql
> SELECT sign(CAST(-8.4 AS NUMERIC(3, 1))) AS below, sign(0) AS zero, sign(3) AS above;
+-------+------+-------+
| below | zero | above |
+-------+------+-------+
| -1    | 0.0  | 1.0   |
+-------+------+-------+
```"#,
    argument(name = "number", description = "A number.")
)]
struct Sign;

pub(super) static FUNCTION: Function = Function {
    form: Form {
        name: "sign",
        parameters: &[Kind::Number],
        counts: &[1],
    },
    answer: |given| {
        Ok(match given {
            [given] if given.is_decimal() => DIGIT,
            _ => DataType::Float64,
        })
    },
    invoke,
    documentation: || Sign.doc(),
    ..Function::IMMUTABLE
};

const DIGIT: DataType = DataType::Decimal128(1, 0);

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let values = call.argument(0)?.to_array(call.rows())?;
    let signs: ArrayRef = match values.data_type().is_decimal() {
        true => {
            let scale = scale_of("sign", values.data_type())?;
            let signs: Decimal128Array = unscaled(&values, scale)?.unary::<_, Decimal128Type>(of);
            Arc::new(signs.with_data_type(DIGIT))
        }
        false => {
            let values = cast(&values, &DataType::Float64)?;
            let values = values.as_primitive::<Float64Type>();
            let signs: Float64Array = values.unary::<_, Float64Type>(|value| match value {
                value if value > 0.0 => 1.0,
                value if value < 0.0 => -1.0,
                _ => 0.0,
            });
            Arc::new(signs)
        }
    };
    call.answer(signs)
}

fn of(number: i256) -> i128 {
    match number.cmp(&i256::ZERO) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
}
