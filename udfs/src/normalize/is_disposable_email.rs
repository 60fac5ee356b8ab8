//! `is_disposable_email(text)`.

use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::disposable_domains::is_disposable;
use super::email_text::{ProviderRules, normalize};
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r"Whether an e-mail address belongs to a service of throw-away mailboxes, such as mailinator.com, or to a subdomain of one; NULL where `normalize_email` gives NULL.

The list has 113 well-known domains and is not complete: keep newer ones in a table of your own, and look `email_domain(text)` up there.",
    syntax_example = "is_disposable_email(text)",
    sql_example = r#"```sql
> SELECT is_disposable_email('jane@yopmail.com') AS throwaway, is_disposable_email('jane@example.org') AS lasting;
+-----------+---------+
| throwaway | lasting |
+-----------+---------+
| true      | false   |
+-----------+---------+
```"#,
    argument(name = "text", description = "What was typed as an address."),
    related_udf(name = "email_domain"),
    related_udf(name = "normalize_email")
)]
struct IsDisposableEmail;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "is_disposable_email",
        parameters: &[Kind::Text],
        counts: &[1],
    },
    answer: |_| Ok(DataType::Boolean),
    invoke,
    documentation: || IsDisposableEmail.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let texts = call.text(0)?;
    let disposable: BooleanArray = (0..call.rows())
        .map(|row| {
            let address = normalize(texts.get(row)?, ProviderRules::default())?;
            let (_, domain) = address.rsplit_once('@')?;
            Some(is_disposable(domain))
        })
        .collect();
    call.answer(Arc::new(disposable))
}
