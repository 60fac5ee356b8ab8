use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature,
};
use datafusion_macros::user_doc;

use super::numbering_plan::{PLANS, constant_region};
use super::phone_text::to_e164;
use crate::arguments::{Call, Form, Kind, Strings};

const FORM: Form = Form {
    name: "is_valid_phone",
    parameters: &[Kind::Text, Kind::Text],
    counts: &[1, 2],
};

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = "True where `normalize_phone` with the same arguments gives a number, false where it gives NULL; NULL where the text is NULL.",
    syntax_example = "is_valid_phone(text [, region])",
    sql_example = r#"```sql
> SELECT is_valid_phone('020 7946 0958', 'GB') AS british, is_valid_phone('020 7946 0958') AS anywhere;
+---------+----------+
| british | anywhere |
+---------+----------+
| true    | false    |
+---------+----------+
```"#,
    argument(name = "text", description = "What was typed as a number."),
    argument(
        name = "region",
        description = "The country that numbers without a country code belong to, as for `normalize_phone`."
    ),
    related_udf(name = "normalize_phone")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct IsValidPhone {
    signature: Signature,
}

impl IsValidPhone {
    pub(crate) fn new() -> Self {
        Self {
            signature: Form::signature(),
        }
    }
}

impl ScalarUDFImpl for IsValidPhone {
    fn name(&self) -> &str {
        FORM.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        FORM.check(arg_types)?;
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let call = Call::new(&args);
        let texts = call.text(0)?;
        let regions = match call.count() {
            1 => Strings::Constant(None),
            _ => call.text(1)?,
        };
        let constant = match regions {
            Strings::Constant(region) => constant_region(FORM.name, region)?,
            _ => None,
        };
        let valid: BooleanArray = (0..call.rows())
            .map(|row| {
                let of_row = || regions.get(row).and_then(|region| PLANS.region(region));
                let region = constant.or_else(of_row);
                Some(to_e164(texts.get(row)?, region).is_some())
            })
            .collect();
        call.answer(Arc::new(valid))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
