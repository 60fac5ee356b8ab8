//! `cologne_phonetic(text)`: the Kölner Phonetik of a name.

use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::cologne_rules;
use super::letters::Letters;
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Phonetic Functions"),
    description = r"The Cologne phonetic code (Kölner Phonetik) of a name: what Soundex is to English, for German. It has as many digits as the name has sounds; vowels are 0 and stay only at the beginning.

Accents are left out first, and `ß` is `ss`; what is then no letter of ASCII does not count. A text without a letter gives the empty text.",
    syntax_example = "cologne_phonetic(text)",
    sql_example = r#"```sql
> SELECT cologne_phonetic('Meier') AS meier, cologne_phonetic('Mayr') AS mayr;
+-------+------+
| meier | mayr |
+-------+------+
| 67    | 67   |
+-------+------+
```"#,
    argument(name = "text", description = "The name or word to code."),
    related_udf(name = "soundex")
)]
struct ColognePhonetic;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "cologne_phonetic",
        parameters: &[Kind::Text],
        counts: &[1],
    },
    invoke,
    documentation: || ColognePhonetic.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let mut letters = Letters::default();
    call.text_to_text(|text, code| {
        cologne_rules::write_code(letters.of(text), code);
        Ok(true)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Postel's rules as Wikipedia and Apache Commons Codec show them at work.
    #[test]
    fn published_codes() {
        let cases = [
            ("", ""),
            ("h", ""),
            ("Müller-Lüdenscheidt", "65752682"),
            ("Wikipedia", "3412"),
            ("Breschnew", "17863"),
            ("Aabjoe", "01"),
            ("Aaclan", "0856"),
            ("Aychlmajr", "04567"),
            ("aha", "0"),
            ("ph", "3"),
            ("x", "48"),
            ("cx", "48"),
            ("cl", "45"),
            ("acl", "085"),
            ("mn", "6"),
            ("Schmidt", "862"),
            ("Hoffmann", "0366"),
            ("Schäfer", "837"),
            ("mönchengladbach", "664645214"),
            ("deutsch", "28"),
            ("christstollen", "478256"),
            ("Xanthippe", "48621"),
            ("Zacharias", "8478"),
            ("matz", "68"),
            ("Arbeitsamt", "071862"),
            ("Eberhardt", "01772"),
            ("heithabu", "021"),
            ("bergisch-gladbach", "174845214"),
        ];
        for (name, expected) in cases {
            let mut code = String::new();
            cologne_rules::write_code(Letters::default().of(name), &mut code);
            assert_eq!(code, expected, "{name}");
        }
    }
}
