use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature,
};
use datafusion_macros::user_doc;

use super::nicknames::root;
use crate::arguments::{Call, Form, Kind};

const FORM: Form = Form {
    name: "nickname_root",
    parameters: &[Kind::Text],
    counts: &[1],
};

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
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct NicknameRoot {
    signature: Signature,
}

impl NicknameRoot {
    pub(crate) fn new() -> Self {
        Self {
            signature: Form::signature(),
        }
    }
}

impl ScalarUDFImpl for NicknameRoot {
    fn name(&self) -> &str {
        FORM.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        FORM.check(arg_types)?;
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Call::new(&args).text_to_text(|text, answer| {
            answer.push_str(root(text));
            Ok(!answer.is_empty())
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
