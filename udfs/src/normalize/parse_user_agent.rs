//! `parse_user_agent(text)`.

use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::user_agent_text::UserAgent;
use crate::arguments::{Call, Form, Function, Kind, record};

/// What a User-Agent says.
const FIELDS: [&str; 5] = ["device", "os", "os_version", "browser", "browser_version"];

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r"What the User-Agent header of a browser says, as a record of texts: `device` (`desktop`, `mobile`, `tablet`, `tv`, `bot` or `other`), `os`, `os_version`, `browser` and `browser_version`, NULL where it does not say.

Versions are as they were written, with dots for underscores. Headers say less than they seem to: Windows 11 calls itself 10, macOS since 11 calls itself 10.15.7, an iPad may call itself a Macintosh, and anyone may send any header. The empty text gives NULL. A text of more than 64 kB is an error (54000).",
    syntax_example = "parse_user_agent(text)",
    sql_example = r#"```sql
> SELECT agent['device'] AS device, agent['os'] AS os, agent['browser'] AS browser FROM (SELECT parse_user_agent('Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0') AS agent);
+---------+-------+---------+
| device  | os    | browser |
+---------+-------+---------+
| desktop | Linux | Firefox |
+---------+-------+---------+
```"#,
    argument(name = "text", description = "The header."),
    related_udf(name = "parse_url")
)]
struct ParseUserAgent;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "parse_user_agent",
        parameters: &[Kind::Text],
        counts: &[1],
    },
    answer: |_| Ok(record(&FIELDS)),
    invoke,
    documentation: || ParseUserAgent.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    call.text_to_record("parse_user_agent", &FIELDS, |text, _, record| {
        let Some(agent) = UserAgent::parse(text) else {
            return Ok(false);
        };
        let os_version = agent.os.and_then(|os| os.version);
        record.set(0, agent.device);
        record.set(1, agent.os.map(|os| os.name));
        record.write(2, |part| {
            let characters = os_version.unwrap_or_default().chars();
            part.extend(characters.map(|character| match character {
                '_' => '.',
                other => other,
            }));
        });
        record.set(3, agent.browser.map(|browser| browser.name));
        record.set(4, agent.browser.and_then(|browser| browser.version));
        Ok(true)
    })
}
