use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::email_text::{ProviderRules, normalize};
use crate::arguments::{Call, Form, Function, Kind};

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
struct IsValidEmail;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "is_valid_email",
        parameters: &[Kind::Text],
        counts: &[1],
    },
    answer: |_| Ok(DataType::Boolean),
    invoke,
    documentation: || IsValidEmail.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let texts = call.text(0)?;
    let valid: BooleanArray = (0..call.rows())
        .map(|row| Some(normalize(texts.get(row)?, ProviderRules::default()).is_some()))
        .collect();
    call.answer(Arc::new(valid))
}
