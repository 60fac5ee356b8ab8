use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature,
};
use datafusion_macros::user_doc;

use super::email_text::{ProviderRules, normalize};
use crate::arguments::{Call, Form, Kind};

const FORM: Form = Form {
    name: "email_domain",
    parameters: &[Kind::Text],
    counts: &[1],
};

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = "The domain of an e-mail address in small letters; NULL where `normalize_email` gives NULL.",
    syntax_example = "email_domain(text)",
    sql_example = r#"```sql
> SELECT email_domain('Jane Doe <jane@Example.co.uk>') AS domain, email_domain('jane') AS none;
+---------------+------+
| domain        | none |
+---------------+------+
| example.co.uk |      |
+---------------+------+
```"#,
    argument(name = "text", description = "What was typed as an address."),
    related_udf(name = "normalize_email")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct EmailDomain {
    signature: Signature,
}

impl EmailDomain {
    pub(crate) fn new() -> Self {
        Self {
            signature: Form::signature(),
        }
    }
}

impl ScalarUDFImpl for EmailDomain {
    fn name(&self) -> &str {
        FORM.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        FORM.check(arg_types)?;
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Call::new(&args).text_to_text(|text, answer| {
            let address = normalize(text, ProviderRules::default());
            let domain = address
                .as_deref()
                .and_then(|address| address.rsplit('@').next());
            answer.push_str(domain.unwrap_or_default());
            Ok(domain.is_some())
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
