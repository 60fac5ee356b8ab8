//! `parse_url(text)`.

use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::url_text::Url;
use crate::arguments::{Call, Form, Function, Kind, record};

/// The parts of a URL.
const FIELDS: [&str; 7] = [
    "scheme", "user", "host", "port", "path", "query", "fragment",
];

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r"The parts of a URL as a record: `scheme`, `user`, `host`, `port`, `path`, `query` and `fragment`, all text, NULL where the URL does not have them. Scheme and host are in small letters; all else is as it was written.

A URL without a scheme whose first part looks like a host is read as one, as in `www.example.org/path`; any other text without a scheme is a path. Blanks around it are left out, and the empty text gives NULL. A text of more than 64 kB is an error (54000).",
    syntax_example = "parse_url(text)",
    sql_example = r#"```sql
> SELECT parse_url('https://Shop.example.org/sale?utm_source=mail')['host'] AS host, parse_url('www.example.org/a')['path'] AS path;
+------------------+------+
| host             | path |
+------------------+------+
| shop.example.org | /a   |
+------------------+------+
```"#,
    argument(name = "text", description = "A URL."),
    related_udf(name = "url_parameter")
)]
struct ParseUrl;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "parse_url",
        parameters: &[Kind::Text],
        counts: &[1],
    },
    answer: |_| Ok(record(&FIELDS)),
    invoke,
    documentation: || ParseUrl.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    call.text_to_record("parse_url", &FIELDS, |text, _, record| {
        let Some(url) = Url::parse(text) else {
            return Ok(false);
        };
        let [scheme, host] = [url.scheme, url.host].map(|part| part.map(str::to_lowercase));
        let parts = [
            scheme.as_deref(),
            url.user,
            host.as_deref(),
            url.port,
            Some(url.path),
            url.query,
            url.fragment,
        ];
        for (field, part) in parts.into_iter().enumerate() {
            record.set(field, part);
        }
        Ok(true)
    })
}
