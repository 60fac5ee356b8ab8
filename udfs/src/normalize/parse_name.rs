//! `parse_name(text)`.

use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::name_parts::NameReader;
use crate::arguments::{Call, Form, Function, Kind, record};

/// The parts of a name.
const FIELDS: [&str; 6] = ["prefix", "given", "middle", "family", "suffix", "nickname"];

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r"The parts of a person's name as a record of texts, each written as `normalize_name` writes it and NULL where the name does not have it: `prefix` (titles in front), `given`, `middle`, `family`, `suffix` (generation and degrees) and `nickname` (in parentheses or double quotes). NULL where `normalize_name` gives NULL.

The first word is the given name and the last the family name, with the particles before it (`van`, `de la`); with a comma, what stands before it is the family name. A single word is the given name, behind a title the family name. That is the order of names in Europe and the Americas: `Mao Zedong` reads as given name Mao, and two family names without a comma as a middle and a family name. A text of more than 64 kB is an error (54000).",
    syntax_example = "parse_name(text)",
    sql_example = r#"```sql
> SELECT name['prefix'] AS prefix, name['given'] AS given, name['family'] AS family, name['suffix'] AS suffix FROM (SELECT parse_name('KING, Dr. Martin L., jr') AS name);
+--------+--------+--------+--------+
| prefix | given  | family | suffix |
+--------+--------+--------+--------+
| Dr     | Martin | King   | Jr     |
+--------+--------+--------+--------+
```"#,
    argument(name = "text", description = "A person's name."),
    related_udf(name = "normalize_name"),
    related_udf(name = "nickname_root")
)]
struct ParseName;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "parse_name",
        parameters: &[Kind::Text],
        counts: &[1],
    },
    answer: |_| Ok(record(&FIELDS)),
    invoke,
    documentation: || ParseName.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let mut reader = NameReader::default();
    call.text_to_record("parse_name", &FIELDS, |text, _, record| {
        let Some(name) = reader.read(text) else {
            return Ok(false);
        };
        let parts = [
            &name.prefix,
            &name.given,
            &name.middle,
            &name.family,
            &name.suffix,
            &name.nickname,
        ];
        for (field, part) in parts.into_iter().enumerate() {
            record.set(field, part.as_str());
        }
        Ok(true)
    })
}
