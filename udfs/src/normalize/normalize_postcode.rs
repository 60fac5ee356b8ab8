//! `normalize_postcode(text, country)`.

use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::country_text::country;
use super::postcode_text::normalize;
use crate::arguments::{Call, Form, Function, Kind};

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r"A postal code in the way that its country writes it; NULL where it has not the form of one. `sw1a1aa` is `SW1A 1AA` in the United Kingdom, `D-10115` is `10115` in Germany, `021391234` is `02139-1234` in the United States. Whether the code is in use is not looked up.

Zeros that a spreadsheet has taken off the front of a code of digits are put back. Of a country whose codes are not known here, letters and digits are kept, in capitals and with single blanks.",
    syntax_example = "normalize_postcode(text, country)",
    sql_example = r#"```sql
> SELECT normalize_postcode('sw1a1aa', 'UK') AS uk, normalize_postcode('2139', 'US') AS us, normalize_postcode('D-10115', 'DE') AS de, normalize_postcode('1234', 'GB') AS none;
+----------+-------+-------+------+
| uk       | us    | de    | none |
+----------+-------+-------+------+
| SW1A 1AA | 02139 | 10115 |      |
+----------+-------+-------+------+
```"#,
    argument(name = "text", description = "A postal code."),
    argument(
        name = "country",
        description = "The country, as `normalize_country` takes it; NULL where it is not known there."
    ),
    related_udf(name = "normalize_country"),
    related_udf(name = "normalize_address")
)]
struct NormalizePostcode;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "normalize_postcode",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    invoke,
    documentation: || NormalizePostcode.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let (texts, countries) = (call.text(0)?, call.text(1)?);
    call.rows_to_text(|row, answer| {
        let (Some(text), Some(name)) = (texts.get(row), countries.get(row)) else {
            return Ok(false);
        };
        let code = country(name).and_then(|country| normalize(text, country.0));
        answer.push_str(code.as_deref().unwrap_or_default());
        Ok(code.is_some())
    })
}
