use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature,
};
use datafusion_macros::user_doc;

use super::unicode::unaccent;
use crate::arguments::{Call, Form, Kind};

const FORM: Form = Form {
    name: "unaccent",
    parameters: &[Kind::Text],
    counts: &[1],
};

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = "The text without accents: every letter as its base letter, and Latin letters that Unicode does not take apart as PostgreSQL's `unaccent` writes them (`ß` is `ss`, `ø` is `o`, `æ` is `ae`). Case, blanks and all other characters stay.",
    syntax_example = "unaccent(text)",
    sql_example = r#"```sql
> SELECT unaccent('Hôtel Müller, Straße Łódź') AS plain;
+----------------------------+
| plain                      |
+----------------------------+
| Hotel Muller, Strasse Lodz |
+----------------------------+
```"#,
    argument(name = "text", description = "Any text.")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Unaccent {
    signature: Signature,
}

impl Unaccent {
    pub(crate) fn new() -> Self {
        Self {
            signature: Form::signature(),
        }
    }
}

impl ScalarUDFImpl for Unaccent {
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
            unaccent(text, answer);
            Ok(true)
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
