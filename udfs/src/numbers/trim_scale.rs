//! `trim_scale(number)`.

use std::sync::Arc;

use arrow::compute::cast;
use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, Field, FieldRef};
use datafusion::common::internal_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, Volatility,
};
use datafusion_macros::user_doc;

use super::digits::{fewest, scale_of, unscaled};
use crate::FunctionError;
use crate::arguments::{Form, Kind};

#[user_doc(
    doc_section(label = "Number Functions"),
    description = "A numeric without the zeros at its end. A literal has as few digits behind the point as it needs, as in PostgreSQL; the numbers of a column have as many as its type says, so that they stay as they are.",
    syntax_example = "trim_scale(number)",
    sql_example = r#"```sql
> SELECT trim_scale(12) AS trimmed;
+---------+
| trimmed |
+---------+
| 12      |
+---------+
```"#,
    argument(name = "number", description = "A numeric or an integer."),
    related_udf(name = "min_scale")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
struct TrimScale {
    signature: Signature,
}

const FORM: Form = Form {
    name: "trim_scale",
    parameters: &[Kind::Number],
    counts: &[1],
};

pub(super) fn function() -> Arc<ScalarUDF> {
    let signature = Form::signature(Volatility::Immutable);
    Arc::new(ScalarUDF::new_from_impl(TrimScale { signature }))
}

impl ScalarUDFImpl for TrimScale {
    fn name(&self) -> &str {
        FORM.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("{} has the type that its argument tells", FORM.name)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let given = args
            .arg_fields
            .iter()
            .map(|field| field.data_type().clone());
        let given: Vec<DataType> = given.collect();
        FORM.check(&given)
            .map_err(|error| error.with_hint("Call it as trim_scale(number)."))?;
        let [data_type] = given.as_slice() else {
            return internal_err!("{} has one argument", FORM.name);
        };
        let scale = scale_of(FORM.name, data_type)?;
        let needed = match args.scalar_arguments {
            [Some(literal)] if !literal.is_null() => {
                let number = unscaled(&literal.to_array()?, scale)?;
                fewest(number.value(0), scale)
            }
            _ => scale,
        };
        let answer = DataType::Decimal128(DECIMAL128_MAX_PRECISION, needed);
        Ok(Arc::new(Field::new(FORM.name, answer, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [number] = args.args.as_slice() else {
            return internal_err!("{} has one argument", FORM.name);
        };
        let values = number.to_array(args.number_rows)?;
        let trimmed = cast(&values, args.return_field.data_type())
            .map_err(|_| FunctionError::out_of_range("numeric out of range"))?;
        Ok(ColumnarValue::Array(trimmed))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
