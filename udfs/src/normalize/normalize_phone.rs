use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::numbering_plan::{PLANS, constant_region};
use super::phone_text::to_e164;
use crate::arguments::{Call, Form, Function, Kind, Strings};

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r"A telephone number in E.164 (`+442079460958`); NULL where the text is not a valid number.

A number is valid where the numbering plans of Google's libphonenumber know its country, its length and its leading digits; whether anybody answers is another matter. Numbers that start with `+` or `00` say their country themselves; every other one is read as it is dialled within the region. Words before the number, a comment without digits behind it, and an extension (`ext. 12`, `x12`, `#12`, `Durchwahl 12`) are dropped; letters are keys (`1-800-FLOWERS`) where the digits alone are no number. Two numbers in one text, text with an at sign and text above 250 bytes give NULL. Digits may be those of Arabic, Devanagari, Bengali, Thai or full-width text.",
    syntax_example = "normalize_phone(text [, region])",
    sql_example = r#"```sql
> SELECT normalize_phone('(020) 7946-0958 ext. 4', 'GB') AS british,
>        normalize_phone('0049 30 / 901820') AS german,
>        normalize_phone('555-0100', 'US') AS incomplete;
+---------------+-------------+------------+
| british       | german      | incomplete |
+---------------+-------------+------------+
| +442079460958 | +4930901820 |            |
+---------------+-------------+------------+
```"#,
    argument(name = "text", description = "What was typed as a number."),
    argument(
        name = "region",
        description = "The country that numbers without a country code belong to, as ISO 3166 alpha-2 code in any case (`UK` is read as `GB`). Rows whose region is NULL or unknown keep the numbers that say their country. A constant that is no such code is an error (22023)."
    )
)]
struct NormalizePhone;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "normalize_phone",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[1, 2],
    },
    invoke,
    documentation: || NormalizePhone.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let write = |number: Option<String>, answer: &mut String| {
        answer.push_str(number.as_deref().unwrap_or_default());
        Ok(number.is_some())
    };
    let regions = match call.count() {
        1 => Strings::Constant(None),
        _ => call.text(1)?,
    };
    if let Strings::Constant(region) = regions {
        let region = constant_region(FUNCTION.form.name, region)?;
        return call.text_to_text(|text, answer| write(to_e164(text, region), answer));
    }
    let texts = call.text(0)?;
    call.rows_to_text(|row, answer| {
        let region = regions.get(row).and_then(|region| PLANS.region(region));
        let number = texts.get(row).and_then(|text| to_e164(text, region));
        write(number, answer)
    })
}
