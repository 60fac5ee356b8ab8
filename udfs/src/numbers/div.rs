//! `div(dividend, divisor)`.

use std::sync::Arc;

use arrow::array::{Array, Decimal128Array};
use arrow::datatypes::{
    DECIMAL128_MAX_PRECISION, DataType, Decimal128Type, DecimalType as _, i256,
};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::digits::{scale_of, unscaled};
use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Number Functions"),
    description = "The whole part of a quotient of numerics, cut off towards zero; equal to PostgreSQL's. A divisor of zero is an error (22012).",
    syntax_example = "div(dividend, divisor)",
    sql_example = r#"```sql
> SELECT div(9, 4) AS whole, div(CAST(-9.5 AS NUMERIC(3, 1)), 2) AS negative;
+-------+----------+
| whole | negative |
+-------+----------+
| 2     | -4       |
+-------+----------+
```"#,
    argument(name = "dividend", description = "A numeric or an integer."),
    argument(name = "divisor", description = "A numeric or an integer.")
)]
struct Div;

pub(super) static FUNCTION: Function = Function {
    form: Form {
        name: "div",
        parameters: &[Kind::Number, Kind::Number],
        counts: &[2],
    },
    answer: |given| {
        for given in given {
            scale_of("div", given)?;
        }
        Ok(WHOLE)
    },
    invoke,
    documentation: || Div.doc(),
    ..Function::IMMUTABLE
};

const WHOLE: DataType = DataType::Decimal128(DECIMAL128_MAX_PRECISION, 0);

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let dividends = call.argument(0)?.to_array(call.rows())?;
    let divisors = call.argument(1)?.to_array(call.rows())?;
    let scale = scale_of("div", dividends.data_type())?.max(scale_of("div", divisors.data_type())?);
    let (dividends, divisors) = (unscaled(&dividends, scale)?, unscaled(&divisors, scale)?);
    let mut answers = Decimal128Array::builder(call.rows());
    for row in 0..call.rows() {
        if dividends.is_null(row) || divisors.is_null(row) {
            answers.append_null();
            continue;
        }
        answers.append_value(quotient(dividends.value(row), divisors.value(row))?);
    }
    call.answer(Arc::new(answers.finish().with_data_type(WHOLE)))
}

fn quotient(dividend: i256, divisor: i256) -> Result<i128, FunctionError> {
    if divisor == i256::ZERO {
        return Err(FunctionError {
            sqlstate: "22012",
            message: "division by zero".to_owned(),
            hint: None,
        });
    }
    let quotient = dividend.checked_div(divisor).and_then(i256::to_i128);
    quotient
        .filter(|it| Decimal128Type::is_valid_decimal_precision(*it, DECIMAL128_MAX_PRECISION))
        .ok_or_else(|| FunctionError::out_of_range("numeric out of range"))
}
