//! `url_parameter(text, name)`.

use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::url_text::Url;
use crate::arguments::{Call, Form, Function, Kind, check_length};

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r"The value of a URL's parameter, such as `utm_source`, with percent signs and plus signs decoded; of several the first. NULL where the URL does not have it, and the empty text where it has no value.

Names are compared without regard to case. Parameters behind a `#` with a `?` count too, as applications within a page write them. A text of more than 64 kB is an error (54000).",
    syntax_example = "url_parameter(text, name)",
    sql_example = r#"```sql
> SELECT url_parameter('https://a.org/?utm_source=spring%20sale&utm_medium=mail', 'utm_source') AS source;
+-------------+
| source      |
+-------------+
| spring sale |
+-------------+
```"#,
    argument(name = "text", description = "A URL."),
    argument(name = "name", description = "The parameter's name."),
    related_udf(name = "parse_url")
)]
struct UrlParameter;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "url_parameter",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    invoke,
    documentation: || UrlParameter.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let (texts, names) = (call.text(0)?, call.text(1)?);
    call.rows_to_text(|row, answer| {
        let (Some(text), Some(name)) = (texts.get(row), names.get(row)) else {
            return Ok(false);
        };
        check_length("url_parameter", text)?;
        let value = Url::parse(text).and_then(|url| url.parameter(name));
        answer.push_str(value.as_deref().unwrap_or_default());
        Ok(value.is_some())
    })
}
