use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature,
};
use datafusion_macros::user_doc;

use super::unicode::is_invisible;
use crate::arguments::{Call, Form, Kind};

const FORM: Form = Form {
    name: "squash_whitespace",
    parameters: &[Kind::Text],
    counts: &[1],
};

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = "The text without white space at its ends, and with one blank for each run of white space within. White space is that of Unicode (tabs, line ends, no-break spaces); zero-width and control characters vanish. A text of white space alone is the empty text.",
    syntax_example = "squash_whitespace(text)",
    sql_example = r#"```sql
> SELECT squash_whitespace('  two   words ') AS squashed;
+-----------+
| squashed  |
+-----------+
| two words |
+-----------+
```"#,
    argument(name = "text", description = "Any text.")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct SquashWhitespace {
    signature: Signature,
}

impl SquashWhitespace {
    pub(crate) fn new() -> Self {
        Self {
            signature: Form::signature(),
        }
    }
}

impl ScalarUDFImpl for SquashWhitespace {
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
            squash(text, answer);
            Ok(true)
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn squash(text: &str, answer: &mut String) {
    let mut pending = false;
    for character in text.chars() {
        if character.is_whitespace() {
            pending = !answer.is_empty();
        } else if !is_invisible(character) {
            if pending {
                answer.push(' ');
                pending = false;
            }
            answer.push(character);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn squashed(text: &str) -> String {
        let mut answer = String::new();
        squash(text, &mut answer);
        answer
    }

    #[test]
    fn runs_of_white_space_become_one_blank() {
        for (text, expected) in [
            ("", ""),
            ("  ", ""),
            ("a", "a"),
            (" a\t\r\n b ", "a b"),
            ("a\u{A0}\u{2003}b", "a b"),
            ("a\u{200B}b\u{FEFF}", "ab"),
            ("a \u{200B} b", "a b"),
        ] {
            assert_eq!(squashed(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn repeats_and_equals_the_plain_way(text in "\\PC{0,30}") {
            let once = squashed(&text);
            prop_assert_eq!(squashed(&once), once.clone());
            let visible: String = text.chars().filter(|mark| !is_invisible(*mark)).collect();
            let words: Vec<&str> = visible.split_whitespace().collect();
            prop_assert_eq!(once, words.join(" "));
        }
    }
}
