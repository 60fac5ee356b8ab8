//! `normalize_state(text, country)`.

use std::sync::LazyLock;

use datafusion::common::HashMap;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::country_text;
use super::folding::{fold_words, with_folded};
use super::state_table::{OTHER_NAMES, STATES};
use crate::arguments::{Call, Form, Function, Kind};

/// Longer text names no state.
const LONGEST: usize = 100;

/// The codes of states by country, and by folded name or code.
static CODES: LazyLock<HashMap<&str, HashMap<String, &str>>> = LazyLock::new(|| {
    let mut codes: HashMap<_, HashMap<_, _>> = HashMap::new();
    for (country, code, name) in STATES {
        let codes = codes.entry(country).or_default();
        codes.insert(fold_words(name), code);
        codes.insert(fold_words(code), code);
    }
    for (country, name, code) in OTHER_NAMES {
        codes
            .entry(country)
            .or_default()
            .insert(name.to_owned(), code);
    }
    codes
});

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r"The state, province or territory that a text names, as its code in ISO 3166-2 without the country: `CA` for California. NULL where the text names none of the country, and where the country has no states here.

Known are those of the United States, Canada, Australia and Germany, by code, name (German states in English too), traditional abbreviation and common misspelling, in any case and with or without accents and punctuation.",
    syntax_example = "normalize_state(text, country)",
    sql_example = r#"```sql
> SELECT normalize_state('Calif.', 'US') AS us, normalize_state('Bavaria', 'Germany') AS de, normalize_state('Ontario', 'US') AS none;
+----+----+------+
| us | de | none |
+----+----+------+
| CA | BY |      |
+----+----+------+
```"#,
    argument(name = "text", description = "A state's name or code."),
    argument(
        name = "country",
        description = "The country, as `normalize_country` takes it."
    ),
    related_udf(name = "normalize_country")
)]
struct NormalizeState;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "normalize_state",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    invoke,
    documentation: || NormalizeState.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let (texts, countries) = (call.text(0)?, call.text(1)?);
    call.rows_to_text(|row, answer| {
        let (Some(text), Some(country)) = (texts.get(row), countries.get(row)) else {
            return Ok(false);
        };
        let code = state(text, country);
        answer.push_str(code.unwrap_or_default());
        Ok(code.is_some())
    })
}

/// The code of the state of a country, which is given by any name.
pub(super) fn state(text: &str, country: &str) -> Option<&'static str> {
    state_of(text, country_text::country(country)?.0)
}

/// The code of the state of a country, which is given by its alpha-2 code.
pub(super) fn state_of(text: &str, code: &str) -> Option<&'static str> {
    let codes = CODES.get(code).filter(|_| text.len() <= LONGEST)?;
    with_folded(text, |folded| codes.get(folded).copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_agree() {
        for (country, code, name) in STATES {
            assert_eq!(state(code, country), Some(code));
            assert_eq!(state(name, country), Some(code), "{name}");
        }
        for (country, name, code) in OTHER_NAMES {
            assert_eq!(fold_words(name), name);
            assert!(
                STATES
                    .iter()
                    .any(|state| (state.0, state.1) == (country, code))
            );
            assert_eq!(state(name, country), Some(code), "{name}");
        }
    }
}
