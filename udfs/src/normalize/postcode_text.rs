//! The forms of postal codes.
//!
//! After the Universal Postal Union's Postal Addressing Systems; for the United Kingdom after Royal
//! Mail's Programmers' Guide to the Postcode Address File.

use std::sync::LazyLock;

use datafusion::common::HashMap;

/// Longer text is no postal code.
const LONGEST: usize = 20;

/// Forms by country, as patterns: `9` is a digit, `A` a letter, anything else stands for itself and
/// may be left out in the text. Longer forms come first.
#[rustfmt::skip]
const FORMS: &[(&[&str], &[&str])] = &[
    (&["US", "PR", "GU", "VI", "AS", "MP"], &["99999-9999", "99999"]),
    (&["CA"], &["A9A 9A9"]),
    (&["GB", "GG", "IM", "JE"], &["AA9A 9AA", "AA99 9AA", "A9A 9AA", "AA9 9AA", "A99 9AA", "A9 9AA"]),
    (&["IE"], &["A99 AAAA", "A99 AAA9", "A99 AA99", "A99 A999", "A99 9999", "A99 A9AA", "A99 9AAA", "A99 A9A9", "A99 9A99"]),
    (&["DE", "FR", "ES", "IT", "FI", "EE", "HR", "ME", "RS", "TR", "UA", "MX", "MY", "TH", "ID", "KR", "MA", "EG", "SA", "VA", "SM", "MC"], &["99999"]),
    (&["AU", "AT", "BE", "CH", "DK", "HU", "LI", "LU", "NO", "NZ", "SI", "BG", "ZA", "PH", "TN", "CY", "GE"], &["9999"]),
    (&["NL"], &["9999 AA"]),
    (&["PL"], &["99-999"]),
    (&["PT"], &["9999-999"]),
    (&["SE", "CZ", "SK", "GR"], &["999 99"]),
    (&["JP"], &["999-9999"]),
    (&["BR"], &["99999-999"]),
    (&["RU", "CN", "IN", "SG", "RO", "VN", "CO", "KZ", "BY"], &["999999"]),
    (&["LV"], &["LV-9999"]),
    (&["LT"], &["LT-99999"]),
    (&["AR"], &["A9999AAA", "9999"]),
    (&["IS", "FO"], &["999"]),
    (&["TW"], &["999999", "99999", "999"]),
    (&["IL"], &["9999999"]),
];

/// The forms of each country.
static BY_COUNTRY: LazyLock<HashMap<&str, &[&str]>> = LazyLock::new(|| {
    let forms = FORMS.iter();
    forms
        .flat_map(|(countries, forms)| countries.iter().map(|country| (*country, *forms)))
        .collect()
});

/// The code in the form of a country, given by its alpha-2 code.
pub(super) fn normalize(text: &str, country: &str) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    let Some(forms) = BY_COUNTRY.get(country) else {
        let words: Vec<&str> = text
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        return (!words.is_empty()).then(|| words.join(" ").to_uppercase());
    };
    let characters: String = match text.is_ascii() {
        true => {
            let bytes = text.bytes().filter(u8::is_ascii_alphanumeric);
            bytes
                .map(|byte| char::from(byte.to_ascii_uppercase()))
                .collect()
        }
        false => {
            let characters = text.chars().filter(|character| character.is_alphanumeric());
            characters.flat_map(char::to_uppercase).collect()
        }
    };
    fit(&characters, forms)
        .or_else(|| {
            // The country's code in front, as in D-10115.
            let without = characters
                .strip_prefix(country)
                .or_else(|| characters.strip_prefix(sign(country)?))?;
            fit(without, forms)
        })
        .or_else(|| fit(&with_zeros(&characters, forms)?, forms))
}

/// The sign of a country on vehicles, where postal codes had it in front.
fn sign(country: &str) -> Option<&'static str> {
    match country {
        "DE" => Some("D"),
        "FR" => Some("F"),
        "AT" => Some("A"),
        "BE" => Some("B"),
        "IT" => Some("I"),
        "ES" => Some("E"),
        "SE" => Some("S"),
        "NO" => Some("N"),
        "LU" => Some("L"),
        "PT" => Some("P"),
        _ => None,
    }
}

/// Digits with the zeros in front that the shortest form of digits alone asks for; no more than
/// two, since a code of two digits is rather something else.
fn with_zeros(digits: &str, forms: &[&str]) -> Option<String> {
    let form = forms
        .iter()
        .rfind(|form| form.bytes().all(|byte| byte == b'9'))?;
    let missing = form.len().checked_sub(digits.len())?;
    ((1..=2).contains(&missing) && form.len() >= 4)
        .then(|| format!("{}{digits}", "0".repeat(missing)))
}

/// The characters in the first form that they fit.
fn fit(characters: &str, forms: &[&str]) -> Option<String> {
    // What may be left out in the text is no digit or letter.
    let needed = |form: &str| {
        form.bytes()
            .filter(|place| matches!(place, b'9' | b'A'))
            .count()
    };
    let mut forms = forms
        .iter()
        .filter(|form| (needed(form)..=form.len()).contains(&characters.len()));
    forms.find_map(|form| {
        let mut rest = characters.chars().peekable();
        let mut written = String::with_capacity(form.len());
        for place in form.chars() {
            match place {
                '9' => written.push(rest.next_if(char::is_ascii_digit)?),
                'A' => written.push(rest.next_if(char::is_ascii_uppercase)?),
                other => {
                    rest.next_if_eq(&other);
                    written.push(other);
                }
            }
        }
        rest.next().is_none().then_some(written)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_as_countries_write_them() {
        let cases = [
            ("US", "02139", Some("02139")),
            ("US", "2139", Some("02139")),
            ("US", "021391234", Some("02139-1234")),
            ("US", "02139 - 1234", Some("02139-1234")),
            ("US", "0213", Some("00213")),
            ("US", "02", None),
            ("GB", "sw1a1aa", Some("SW1A 1AA")),
            ("GB", "M1 1AE", Some("M1 1AE")),
            ("GB", "12345", None),
            ("CA", "k1a-0b1", Some("K1A 0B1")),
            ("DE", "D-10115", Some("10115")),
            ("DE", "DE10115", Some("10115")),
            ("DE", "1067", Some("01067")),
            ("FR", "F - 75008", Some("75008")),
            ("AU", "800", Some("0800")),
            ("NL", "1017ct", Some("1017 CT")),
            ("PL", "00950", Some("00-950")),
            ("JP", "1000001", Some("100-0001")),
            ("LV", "1050", Some("LV-1050")),
            ("LV", "lv1050", Some("LV-1050")),
            ("IE", "d02af30", Some("D02 AF30")),
            ("XK", "10 000", Some("10 000")),
            ("DE", "", None),
            ("XK", " - ", None),
        ];
        for (country, text, expected) in cases {
            assert_eq!(
                normalize(text, country).as_deref(),
                expected,
                "{text} in {country}"
            );
        }
    }
}
