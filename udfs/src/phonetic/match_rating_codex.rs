//! `match_rating_codex(text)`: the codex of the Match Rating Approach.

use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::letters::Letters;
use super::match_rating_rules::Codex;
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Phonetic Functions"),
    description = r"The codex by which the Match Rating Approach compares names: the consonants of a name, of a doubled one the first, and a vowel at the beginning; of more than six letters the first three and the last three.

Accents are left out first, and `ß` is `ss`; what is then no letter of ASCII does not count. A text without a letter gives the empty text.",
    syntax_example = "match_rating_codex(text)",
    sql_example = r#"```sql
> SELECT match_rating_codex('Catherine') AS catherine, match_rating_codex('Kathrynoglin') AS long;
+-----------+--------+
| catherine | long   |
+-----------+--------+
| CTHRN     | KTHGLN |
+-----------+--------+
```"#,
    argument(name = "text", description = "The name or word to code."),
    related_udf(name = "match_rating_comparison")
)]
struct MatchRatingCodex;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "match_rating_codex",
        parameters: &[Kind::Text],
        counts: &[1],
    },
    invoke,
    documentation: || MatchRatingCodex.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let mut letters = Letters::default();
    call.text_to_text(|text, code| {
        let codex = Codex::of(letters.of(text));
        code.extend(codex.letters().iter().copied().map(char::from));
        Ok(true)
    })
}
