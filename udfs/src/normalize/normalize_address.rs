use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::address_text::{Habits, normalize};
use crate::arguments::{Call, Form, Function, Kind, Strings, check_length};

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r"A postal address, or a line of one, in one canonical form for comparing: small letters without accents or punctuation, every known abbreviation written out. NULL where no letter or digit is in it. The form is made for machines; it is not one to print. A text longer than 64 kB is an error (54000).

- Punctuation becomes a blank, but for hyphens and slashes between digits (`12-14`, `3/12`); apostrophes vanish, in France they part words; `&` is `and`. Under a German country `ä`, `ö`, `ü` become `ae`, `oe`, `ue`; all other accents vanish, and `ß` is `ss`. Postcodes and states stay as they are.
- Street words: `st` is `street`, `ave` `avenue`, `blvd` `boulevard`, and so on; before a name `st` and `dr` are `saint` and `doctor` (`12 st james st` is `12 saint james street`). German words that end in `str` are written with `strasse`; French ones stand in front (`bd`, `av`, `r`).
- Directions are written out in English addresses (`nw` is `northwest`), ordinals before a street word or a floor are digits (`fifth ave` is `5th avenue`).
- Units: `apt`, `ste`, `fl`, `rm`, `bldg` and others are written out; `#` is `unit`; `3/12` in front of an Australian address is `unit 3 12`. Post-office boxes of all five countries are `po box`. `No.` before a number vanishes. In Britain, Australia and Germany `12 a` is `12a`.

The tables know the words of the United States, Britain, Australia, Germany and France. Canada follows the first, Ireland the second, New Zealand the third, Austria, Switzerland and Liechtenstein the fourth, Monaco the fifth. Without a country, or with another one, an address gets the English words and German compounds.",
    syntax_example = "normalize_address(text [, country])",
    sql_example = r#"```sql
> SELECT normalize_address('350 Fifth Ave., 34th Fl., New York, NY 10118', 'US') AS american,
>        normalize_address('Müllerstr. 5 a', 'DE') AS german;
+---------------------------------------------+-------------------+
| american                                    | german            |
+---------------------------------------------+-------------------+
| 350 5th avenue 34th floor new york ny 10118 | muellerstrasse 5a |
+---------------------------------------------+-------------------+
```"#,
    argument(
        name = "text",
        description = "An address in one line or several, or a part of one."
    ),
    argument(
        name = "country",
        description = "The country whose words the address uses, as ISO 3166 alpha-2 code in any case. NULL or a code without a table is no error."
    )
)]
struct NormalizeAddress;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "normalize_address",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[1, 2],
    },
    invoke,
    documentation: || NormalizeAddress.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let write = |text: &str, country: Option<&str>, answer: &mut String| {
        check_length(FUNCTION.form.name, text)?;
        let habits = country.map_or(Habits::Unknown, Habits::of_country);
        let address = normalize(text, habits);
        answer.push_str(address.as_deref().unwrap_or_default());
        Ok(address.is_some())
    };
    let countries = match call.count() {
        1 => Strings::Constant(None),
        _ => call.text(1)?,
    };
    if let Strings::Constant(country) = countries {
        return call.text_to_text(|text, answer| write(text, country, answer));
    }
    let texts = call.text(0)?;
    call.rows_to_text(|row, answer| match texts.get(row) {
        Some(text) => write(text, countries.get(row), answer),
        None => Ok(false),
    })
}
