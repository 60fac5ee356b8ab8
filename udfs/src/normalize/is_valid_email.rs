use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature,
};
use datafusion_macros::user_doc;

use super::email_text::{ProviderRules, normalize};
use crate::arguments::{Call, Form, Kind};

const FORM: Form = Form {
    name: "is_valid_email",
    parameters: &[Kind::Text],
    counts: &[1],
};

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = "True where `normalize_email` gives an address, false where it gives NULL; NULL where the text is NULL. It judges how the address is written, not whether the mailbox exists.",
    syntax_example = "is_valid_email(text)",
    sql_example = r#"```sql
> SELECT is_valid_email('jane@example.com') AS good, is_valid_email('jane@example') AS bad;
+------+-------+
| good | bad   |
+------+-------+
| true | false |
+------+-------+
```"#,
    argument(name = "text", description = "What was typed as an address."),
    related_udf(name = "normalize_email")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct IsValidEmail {
    signature: Signature,
}

impl IsValidEmail {
    pub(crate) fn new() -> Self {
        Self {
            signature: Form::signature(),
        }
    }
}

impl ScalarUDFImpl for IsValidEmail {
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
        let valid: BooleanArray = (0..call.rows())
            .map(|row| Some(normalize(texts.get(row)?, ProviderRules::default()).is_some()))
            .collect();
        call.answer(Arc::new(valid))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
