use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::unicode::unaccent;
use crate::arguments::{Call, Form, Function, Kind};

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
struct Unaccent;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "unaccent",
        parameters: &[Kind::Text],
        counts: &[1],
    },
    invoke,
    documentation: || Unaccent.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    call.text_to_text(|text, answer| {
        unaccent(text, answer);
        Ok(true)
    })
}
