use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::email_text::{ProviderRules, normalize};
use crate::arguments::{Call, Form, Function, Kind, Strings};

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r"An e-mail address in lower case, without what surrounds it; NULL where the text is not one plausible address.

White space and invisible characters at the ends, `mailto:` with its `?subject=`, the name in `Name <address>`, quotes, brackets, and a comma, semicolon or dot at the end are taken off; full-width letters become plain ones. The address is plausible where it has one at sign, at most 254 bytes, before it 1 to 64 bytes of letters, digits and ``!#$%&'*+-/=?^_`{|}~`` with single dots between them, and behind it a domain of two labels or more that end in no number: no IP address, no `localhost`, no quoted local part. Letters of all scripts are taken, and are not turned into Punycode. Nothing is looked up in the network.

No rule of a provider is applied unless the second argument names it.",
    syntax_example = "normalize_email(text [, options])",
    sql_example = r#"```sql
> SELECT normalize_email('Jane Doe <J.Doe+news@GoogleMail.com>') AS address,
>        normalize_email('J.Doe+news@GoogleMail.com', 'gmail') AS mailbox,
>        normalize_email('jane at example.com') AS none;
+---------------------------+----------------+------+
| address                   | mailbox        | none |
+---------------------------+----------------+------+
| j.doe+news@googlemail.com | jdoe@gmail.com |      |
+---------------------------+----------------+------+
```"#,
    argument(name = "text", description = "What was typed as an address."),
    argument(
        name = "options",
        description = "The provider rules to apply, separated by commas: `gmail` takes dots and everything from a plus out of addresses at gmail.com and googlemail.com, and writes both as gmail.com; `plus` takes everything from a plus out of every address. Another word is an error (22023)."
    )
)]
struct NormalizeEmail;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "normalize_email",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[1, 2],
    },
    invoke,
    documentation: || NormalizeEmail.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let write = |text: &str, rules: ProviderRules, answer: &mut String| {
        let address = normalize(text, rules);
        answer.push_str(address.as_deref().unwrap_or_default());
        Ok(address.is_some())
    };
    if call.count() == 1 {
        return call.text_to_text(|text, answer| write(text, ProviderRules::default(), answer));
    }
    let options = call.text(1)?;
    if let Strings::Constant(Some(options)) = options {
        let rules = ProviderRules::parse(options)?;
        return call.text_to_text(|text, answer| write(text, rules, answer));
    }
    let texts = call.text(0)?;
    call.rows_to_text(|row, answer| match (texts.get(row), options.get(row)) {
        (Some(text), Some(options)) => write(text, ProviderRules::parse(options)?, answer),
        _ => Ok(false),
    })
}
