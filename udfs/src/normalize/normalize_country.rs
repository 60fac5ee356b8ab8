//! `normalize_country(text [, form])`.

use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::country_table::Country;
use super::country_text::country;
use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind, Strings};
use crate::wording::quoted;

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r"The country that a text names, as its ISO 3166-1 code; NULL where it names none.

Understood are alpha-2, alpha-3 and numeric codes, English names, what many countries call themselves and are called in German, French and Spanish, and common misspellings, in any case and with or without accents and punctuation. Nothing is guessed beyond these: a name that is not known is NULL. `England`, `Scotland`, `Wales` and `Northern Ireland` are the United Kingdom, `Korea` alone is South Korea.",
    syntax_example = "normalize_country(text [, form])",
    sql_example = r#"```sql
> SELECT normalize_country('U.S.A.') AS code, normalize_country('Deutschland', 'alpha3') AS alpha3, normalize_country('CHE', 'name') AS name;
+------+--------+-------------+
| code | alpha3 | name        |
+------+--------+-------------+
| US   | DEU    | Switzerland |
+------+--------+-------------+
```"#,
    argument(name = "text", description = "A country's name or code."),
    argument(
        name = "form",
        description = "`alpha2` (the default), `alpha3`, `numeric` or `name` (in English). Another word is an error (22023)."
    ),
    related_udf(name = "normalize_state"),
    related_udf(name = "normalize_postcode")
)]
struct NormalizeCountry;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "normalize_country",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[1, 2],
    },
    invoke,
    documentation: || NormalizeCountry.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let forms = match call.count() {
        1 => Strings::Constant(Some("alpha2")),
        _ => call.text(1)?,
    };
    if let Strings::Constant(Some(form)) = forms {
        let form = form_named(form)?;
        return call.text_to_text(|text, answer| Ok(write(text, form, answer)));
    }
    let texts = call.text(0)?;
    call.rows_to_text(|row, answer| match (texts.get(row), forms.get(row)) {
        (Some(text), Some(form)) => Ok(write(text, form_named(form)?, answer)),
        _ => Ok(false),
    })
}

fn write(text: &str, form: fn(&Country) -> &'static str, answer: &mut String) -> bool {
    let found = country(text);
    answer.push_str(found.map_or("", form));
    found.is_some()
}

fn form_named(name: &str) -> Result<fn(&Country) -> &'static str, FunctionError> {
    let form: fn(&Country) -> &'static str = match name.trim().to_ascii_lowercase().as_str() {
        "alpha2" => |country| country.0,
        "alpha3" => |country| country.1,
        "numeric" => |country| country.2,
        "name" => |country| country.3,
        _ => {
            return Err(FunctionError::invalid_argument(format!(
                "normalize_country has no form {}",
                quoted(name)
            ))
            .with_hint("The forms are alpha2, alpha3, numeric and name."));
        }
    };
    Ok(form)
}
