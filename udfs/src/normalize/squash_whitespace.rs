use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::unicode::is_invisible;
use crate::arguments::{Call, Form, Function, Kind};

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
struct SquashWhitespace;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "squash_whitespace",
        parameters: &[Kind::Text],
        counts: &[1],
    },
    invoke,
    documentation: || SquashWhitespace.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    call.text_to_text(|text, answer| {
        squash(text, answer);
        Ok(true)
    })
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
