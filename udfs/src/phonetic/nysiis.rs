//! `nysiis(text)`: the NYSIIS code of a name.

use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::letters::Letters;
use super::nysiis_rules;
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Phonetic Functions"),
    description = r"The NYSIIS code of a name, which tells more names apart than Soundex and reads aloud. It is as long as the name asks for; the New York State Identification and Intelligence System kept six letters of it, which `left(nysiis(text), 6)` gives.

Accents are left out first, and `ß` is `ss`; what is then no letter of ASCII does not count. A text without a letter gives the empty text.",
    syntax_example = "nysiis(text)",
    sql_example = r#"```sql
> SELECT nysiis('Catherine') AS catherine, nysiis('Katharina') AS katharina;
+-----------+-----------+
| catherine | katharina |
+-----------+-----------+
| CATARAN   | CATARAN   |
+-----------+-----------+
```"#,
    argument(name = "text", description = "The name or word to code."),
    related_udf(name = "soundex"),
    related_udf(name = "match_rating_codex")
)]
struct Nysiis;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "nysiis",
        parameters: &[Kind::Text],
        counts: &[1],
    },
    invoke,
    documentation: || Nysiis.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let mut letters = Letters::default();
    call.text_to_text(|text, code| {
        nysiis_rules::write_code(letters.of(text), code);
        Ok(true)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes that Apache Commons Codec and jellyfish publish.
    #[test]
    fn published_codes() {
        let cases = [
            ("", ""),
            ("Worthy", "WARTY"),
            ("montgomery", "MANTGANARY"),
            ("Costales", "CASTAL"),
            ("martincevic", "MARTANCAFAC"),
            ("Jonathan", "JANATAN"),
            ("Teresa", "TARAS"),
            ("Jessica", "JASAC"),
            ("MacArthur", "MCARTAR"),
            ("Pheenard", "FANAD"),
            ("Schmittie", "SNATY"),
            ("Knaqze", "NAGS"),
            ("Knoko", "NAC"),
            ("Macaw", "MC"),
            ("S", "S"),
            ("E", "E"),
            ("PFEISTER", "FASTAR"),
            ("Brown", "BRAN"),
            ("Brian", "BRAN"),
            ("Kipp", "CAP"),
            ("Dent", "DAD"),
            ("Smith", "SNAT"),
            ("Schmit", "SNAT"),
            ("Trueman", "TRANAN"),
        ];
        for (name, expected) in cases {
            let mut code = String::new();
            nysiis_rules::write_code(Letters::default().of(name), &mut code);
            assert_eq!(code, expected, "{name}");
        }
    }
}
