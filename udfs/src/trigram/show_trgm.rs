//! `show_trgm(text)`: the trigrams of a text, as in PostgreSQL.

use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::trigrams::distinct;
use crate::arguments::{Call, Form, Function, Kind, text_list};

#[user_doc(
    doc_section(label = "Trigram Functions"),
    description = r"The distinct trigrams of a text, in ascending order of their bytes: three characters, or a number in hexadecimal for one with a character that is not of ASCII, which `pg_trgm` keeps as three bytes of a checksum.

Words are runs of letters and digits, in lower case; equal to PostgreSQL's `pg_trgm` for every text of a database whose locale is `C.UTF-8`.",
    syntax_example = "show_trgm(text)",
    sql_example = r#"```sql
> SELECT show_trgm('Zoë') AS trigrams;
+--------------------------------+
| trigrams                       |
+--------------------------------+
| [0x8bbb6d, 0xe8d6ad,   z,  zo] |
+--------------------------------+
```"#,
    argument(name = "text", description = "Any text."),
    related_udf(name = "similarity")
)]
struct ShowTrgm;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "show_trgm",
        parameters: &[Kind::Text],
        counts: &[1],
    },
    answer: |_| Ok(text_list()),
    invoke,
    documentation: || ShowTrgm.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let mut trigrams = Vec::new();
    call.text_to_list(|text, items| {
        distinct(text, &mut trigrams);
        for trigram in &trigrams {
            let [_, characters @ ..] = trigram.to_be_bytes();
            if characters
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ')
            {
                items.push(&String::from_utf8_lossy(&characters));
            } else {
                items.push(&format!("0x{trigram:06x}"));
            }
        }
        Ok(true)
    })
}
