use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::unicode::{compatible_lower_case, unaccent};
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = "The key of OpenRefine's fingerprint clustering: small letters without accents, punctuation or control characters, the distinct words sorted. Texts that differ in order, case, accents and punctuation only have one key. A text without a letter or digit gives the empty text.",
    syntax_example = "fingerprint(text)",
    sql_example = r#"```sql
> SELECT fingerprint('Müller, Anna') AS one, fingerprint(' anna MULLER. ') AS other;
+-------------+-------------+
| one         | other       |
+-------------+-------------+
| anna muller | anna muller |
+-------------+-------------+
```"#,
    argument(name = "text", description = "Any text.")
)]
struct Fingerprint;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "fingerprint",
        parameters: &[Kind::Text],
        counts: &[1],
    },
    invoke,
    documentation: || Fingerprint.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    call.text_to_text(|text, answer| {
        fingerprint(text, answer);
        Ok(true)
    })
}

fn fingerprint(text: &str, answer: &mut String) {
    let mut plain = String::with_capacity(text.len());
    unaccent(&compatible_lower_case(text), &mut plain);
    let kept: String = plain
        .chars()
        .filter(|letter| letter.is_alphanumeric() || letter.is_whitespace())
        .collect();
    let mut words: Vec<&str> = kept.split_whitespace().collect();
    words.sort_unstable();
    words.dedup();
    answer.push_str(&words.join(" "));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> String {
        let mut answer = String::new();
        fingerprint(text, &mut answer);
        answer
    }

    #[test]
    fn order_case_accents_and_punctuation_do_not_count() {
        for (text, expected) in [
            ("", ""),
            ("...", ""),
            ("Tom Cruise", "cruise tom"),
            ("Cruise, Tom", "cruise tom"),
            ("tom  cruise tom", "cruise tom"),
            ("O'Neil & Sons", "oneil sons"),
            ("Straße", "strasse"),
        ] {
            assert_eq!(key(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn repeats(text in "\\PC{0,30}") {
            let once = key(&text);
            prop_assert_eq!(key(&once), once);
        }
    }
}
