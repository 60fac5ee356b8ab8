//! `to_number(text, template)`: a number out of text, as PostgreSQL reads it.

use std::sync::Arc;

use arrow::array::Decimal128Array;
use arrow::datatypes::{
    DECIMAL128_MAX_PRECISION, DataType, Decimal128Type, DecimalType as _, Field, FieldRef,
};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, Volatility,
};
use datafusion_macros::user_doc;

use super::number_reader::{NumberRead, read};
use super::number_template::NumberTemplate;
use crate::FunctionError;
use crate::arguments::{Call, Form, Kind, Strings};

/// Digits behind the point where each row has a template of its own.
const UNKNOWN_DIGITS: i8 = 16;

#[user_doc(
    doc_section(label = "Formatting Functions"),
    description = r#"The number that a text writes, read by a template; equal to PostgreSQL's.

The patterns are those of [to_char](#to_char), but for `RN` and `EEEE`, which are refused (0A000). The number has as many digits behind the point as the template. Text without digits is an error (22P02)."#,
    syntax_example = "to_number(text, template)",
    sql_example = r#"```sql
> SELECT to_number('12,454.8-', '99G999D9S') AS behind, to_number('$1,234.56', 'L9,999.99') AS money;
+----------+---------+
| behind   | money   |
+----------+---------+
| -12454.8 | 1234.56 |
+----------+---------+
```"#,
    argument(name = "text", description = "What was written as a number."),
    argument(name = "template", description = "How it was written."),
    related_udf(name = "to_char")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
struct ToNumber {
    signature: Signature,
}

const FORM: Form = Form {
    name: "to_number",
    parameters: &[Kind::Text, Kind::Text],
    counts: &[2],
};

pub(super) fn function() -> Arc<ScalarUDF> {
    let signature = Form::signature(Volatility::Immutable);
    Arc::new(ScalarUDF::new_from_impl(ToNumber { signature }))
}

impl ScalarUDFImpl for ToNumber {
    fn name(&self) -> &str {
        FORM.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("{} has the type that its template tells", FORM.name)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let given = args
            .arg_fields
            .iter()
            .map(|field| field.data_type().clone());
        FORM.check(&given.collect::<Vec<_>>())
            .map_err(|error| error.with_hint("Call it as to_number(text, template)."))?;
        let template = args.scalar_arguments.get(1).copied().flatten();
        let template = template.and_then(|it| it.try_as_str().flatten());
        let digits = match template {
            Some(template) => {
                let template = NumberTemplate::parse(template)?;
                let digits = i8::try_from(template.behind + template.shifted);
                let digits = digits
                    .ok()
                    .filter(|it| it.unsigned_abs() <= DECIMAL128_MAX_PRECISION);
                digits.ok_or_else(|| {
                    FunctionError::limit_exceeded(format!(
                        "to_number reads no more than {DECIMAL128_MAX_PRECISION} digits"
                    ))
                })?
            }
            None => UNKNOWN_DIGITS,
        };
        let answer = DataType::Decimal128(DECIMAL128_MAX_PRECISION, digits);
        Ok(Arc::new(Field::new(FORM.name, answer, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let DataType::Decimal128(_, digits) = args.return_field.data_type().clone() else {
            return internal_err!("{} gives numerics", FORM.name);
        };
        let call = Call::new(&args);
        let (texts, templates) = (call.text(0)?, call.text(1)?);
        let constant = match &templates {
            Strings::Constant(Some(template)) => Some(NumberTemplate::parse(template)?),
            _ => None,
        };
        let mut numbers = Decimal128Array::builder(call.rows());
        for row in 0..call.rows() {
            let (Some(text), Some(template)) = (texts.get(row), templates.get(row)) else {
                numbers.append_null();
                continue;
            };
            if template.is_empty() {
                numbers.append_null();
                continue;
            }
            let read = match &constant {
                Some(template) => read(text, template)?,
                None => read(text, &NumberTemplate::parse(template)?)?,
            };
            numbers.append_value(unscaled(&read, digits)?);
        }
        let numbers = numbers.finish();
        call.answer(Arc::new(
            numbers.with_data_type(args.return_field.data_type().clone()),
        ))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// A number with so many digits behind the point, without the point.
fn unscaled(read: &NumberRead, digits: i8) -> Result<i128, FunctionError> {
    let overflow = || FunctionError::out_of_range("numeric field overflow");
    let number: i128 = read.digits.parse().map_err(|_| overflow())?;
    let behind = i64::try_from(read.behind).map_err(|_| overflow())?;
    let shift = i64::from(digits) - behind;
    let power = u32::try_from(shift.unsigned_abs()).map_err(|_| overflow())?;
    let power = 10_i128.checked_pow(power).ok_or_else(overflow)?;
    let number = match shift < 0 {
        // Halves away from zero.
        true => {
            let half = i128::from((number % power) * 2 >= power);
            number / power + half
        }
        false => number.checked_mul(power).ok_or_else(overflow)?,
    };
    if !Decimal128Type::is_valid_decimal_precision(number, DECIMAL128_MAX_PRECISION) {
        return Err(overflow());
    }
    Ok(if read.is_negative { -number } else { number })
}
