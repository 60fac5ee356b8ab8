use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::email_text::{ProviderRules, normalize};
use crate::arguments::{Call, Form, Function, Kind};

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
struct EmailDomain;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "email_domain",
        parameters: &[Kind::Text],
        counts: &[1],
    },
    invoke,
    documentation: || EmailDomain.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    call.text_to_text(|text, answer| {
        let address = normalize(text, ProviderRules::default());
        let domain = address
            .as_deref()
            .and_then(|address| address.rsplit('@').next());
        answer.push_str(domain.unwrap_or_default());
        Ok(domain.is_some())
    })
}
