use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::nicknames::root;
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = "The formal name that an English nickname most often stands for (`Bill` is `William`), with one capital; a name that is not in the table comes back as it is, without blanks around it. A nickname of several names (`Alex`, `Chris`, `Pat`) is left alone where none of them is far more frequent. The empty text gives NULL.",
    syntax_example = "nickname_root(text)",
    sql_example = r#"```sql
> SELECT nickname_root('bill') AS bill, nickname_root('LIZ') AS liz, nickname_root('Yuki') AS yuki;
+---------+-----------+------+
| bill    | liz       | yuki |
+---------+-----------+------+
| William | Elizabeth | Yuki |
+---------+-----------+------+
```"#,
    argument(name = "text", description = "A given name.")
)]
struct NicknameRoot;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "nickname_root",
        parameters: &[Kind::Text],
        counts: &[1],
    },
    invoke,
    documentation: || NicknameRoot.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    call.text_to_text(|text, answer| {
        answer.push_str(root(text));
        Ok(!answer.is_empty())
    })
}
