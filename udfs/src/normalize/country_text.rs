//! Finds the country that a text names.

use std::sync::LazyLock;

use datafusion::common::HashMap;

use super::country_table::{COUNTRIES, Country, OTHER_NAMES};
use super::folding::{fold_words, with_folded};

/// Longer text names no country.
const LONGEST: usize = 100;

/// The countries by their folded names and codes.
static BY_NAME: LazyLock<HashMap<String, &'static Country>> = LazyLock::new(|| {
    let mut known = HashMap::new();
    for country in &COUNTRIES {
        for name in [country.0, country.1, country.2, country.3] {
            known.insert(fold_words(name), country);
        }
    }
    for (name, code) in OTHER_NAMES {
        if let Some(country) = by_code(code) {
            known.insert(name.to_owned(), country);
        }
    }
    known
});

fn by_code(code: &str) -> Option<&'static Country> {
    let at = COUNTRIES.binary_search_by(|country| country.0.cmp(code));
    COUNTRIES.get(at.ok()?)
}

/// The country of a name or code, in any case, with or without accents and punctuation.
pub(super) fn country(text: &str) -> Option<&'static Country> {
    if text.len() > LONGEST {
        return None;
    }
    with_folded(text, |folded| {
        let named = BY_NAME.get(folded);
        named
            .or_else(|| BY_NAME.get(folded.strip_prefix("the ")?))
            // Numeric codes that a spreadsheet has taken for numbers.
            .or_else(|| BY_NAME.get(&is_short_number(folded).then(|| format!("{folded:0>3}"))?))
            .copied()
    })
}

fn is_short_number(text: &str) -> bool {
    (1..3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_agree() {
        let has_digit = |name: &str| name.contains(|letter: char| letter.is_ascii_digit());
        assert!(COUNTRIES.is_sorted());
        assert!(OTHER_NAMES.is_sorted());
        for country in &COUNTRIES {
            for name in [country.0, country.1, country.2, country.3] {
                assert_eq!(super::country(name), Some(country), "{name}");
            }
            assert!(!has_digit(country.3), "{}", country.3);
        }
        for (name, code) in OTHER_NAMES {
            assert_eq!(fold_words(name), name);
            assert!(!has_digit(name), "{name}");
            assert_eq!(country(name).map(|country| country.0), Some(code), "{name}");
        }
    }

    #[test]
    fn names_as_people_write_them() {
        let cases = [
            (" u.s.a. ", Some("US")),
            ("The Netherlands", Some("NL")),
            ("Österreich", Some("AT")),
            ("CÔTE D’IVOIRE", Some("CI")),
            ("4", Some("AF")),
            ("Untied States", Some("US")),
            ("Atlantis", None),
            ("", None),
            ("1000", None),
        ];
        for (text, expected) in cases {
            assert_eq!(country(text).map(|country| country.0), expected, "{text}");
        }
    }
}
