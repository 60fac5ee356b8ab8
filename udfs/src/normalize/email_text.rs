//! Finds an e-mail address in what people type, and writes it in one way.

use super::unicode::{compatible_lower_case, trim};
use crate::FunctionError;
use crate::wording::quoted;

/// The longest address that a mail server must take (RFC 5321, erratum 1690), in bytes.
const MAX_BYTES: usize = 254;
/// The longest part before the at sign, in bytes (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL_BYTES: usize = 64;
/// The longest part between two dots of a domain, in bytes (RFC 1035, 2.3.4).
const MAX_LABEL_BYTES: usize = 63;

/// What a mail provider ignores in an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProviderRules {
    /// Dots and tags of Gmail, which is `googlemail.com` too.
    gmail: bool,
    /// A tag behind a plus, whoever the provider is.
    plus: bool,
}

impl ProviderRules {
    /// Reads rules separated by commas or blanks.
    pub(crate) fn parse(options: &str) -> Result<Self, FunctionError> {
        let mut rules = Self::default();
        let words = options.split([',', ' ']).filter(|word| !word.is_empty());
        for word in words {
            match word.to_ascii_lowercase().as_str() {
                "gmail" => rules.gmail = true,
                "plus" => rules.plus = true,
                _ => {
                    return Err(FunctionError::invalid_argument(format!(
                        "normalize_email has no option {}",
                        quoted(word)
                    ))
                    .with_hint("The options are gmail and plus, separated by a comma."));
                }
            }
        }
        Ok(rules)
    }
}

/// The address in lower case, without what surrounds it, or None where it is not plausible.
pub(crate) fn normalize(text: &str, rules: ProviderRules) -> Option<String> {
    let address = compatible_lower_case(trim(bare_address(trim(text))));
    let (local, domain) = address.rsplit_once('@')?;
    if !is_domain(domain) || !is_local(local) || address.len() > MAX_BYTES {
        return None;
    }
    if rules.gmail && matches!(domain, "gmail.com" | "googlemail.com") {
        let untagged = local.split('+').next().unwrap_or(local);
        let local: String = untagged.chars().filter(|letter| *letter != '.').collect();
        return (!local.is_empty()).then(|| format!("{local}@gmail.com"));
    }
    if rules.plus
        && let Some((untagged, _)) = local.split_once('+')
        && !untagged.is_empty()
    {
        return is_local(untagged).then(|| format!("{untagged}@{domain}"));
    }
    Some(address)
}

/// The address within `Name <address>` and behind `mailto:`.
fn bare_address(text: &str) -> &str {
    let text = trim(text.trim_end_matches([',', ';', '.']));
    let inside = match (text.rfind('<'), text.strip_suffix('>')) {
        (Some(open), Some(closed)) => closed.get(open + 1..).unwrap_or(text),
        _ => text,
    };
    let inside = trim(inside).trim_matches(['"', '\'', '(', ')', '[', ']']);
    let scheme = inside
        .get(..7)
        .filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
    let address = match scheme {
        Some(_) => inside.get(7..).and_then(|rest| rest.split('?').next()),
        None => Some(inside),
    };
    trim(address.unwrap_or(inside)).trim_end_matches([',', ';', '.', ':'])
}

/// An atom with dots (RFC 5322, 3.2.3), extended to the letters of all scripts (RFC 6531).
fn is_local(local: &str) -> bool {
    let allowed = |letter: char| {
        letter.is_ascii_alphanumeric()
            || "!#$%&'*+-/=?^_`{|}~.".contains(letter)
            || is_foreign_letter(letter)
    };
    (1..=MAX_LOCAL_BYTES).contains(&local.len())
        && local.chars().all(allowed)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
}

/// Two labels or more, the last of them no number.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|letter| {
                letter.is_ascii_alphanumeric() || letter == '-' || is_foreign_letter(letter)
            })
    };
    let last = domain.rsplit('.').next().unwrap_or_default();
    domain.contains('.')
        && domain.split('.').all(is_label)
        && last.chars().count() >= 2
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_foreign_letter(letter: char) -> bool {
    !letter.is_ascii() && letter.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with(text: &str, options: &str) -> Option<String> {
        normalize(text, ProviderRules::parse(options).unwrap())
    }

    #[test]
    fn writes_an_address_in_one_way() {
        for (text, expected) in [
            ("jane.doe@example.com", "jane.doe@example.com"),
            ("  Jane.Doe@Example.COM ", "jane.doe@example.com"),
            ("\u{FEFF}jane@example.com\u{200B}\u{A0}", "jane@example.com"),
            ("mailto:Jane@example.com", "jane@example.com"),
            ("MAILTO:jane@example.com?subject=Hello", "jane@example.com"),
            ("Jane Doe <jane@example.com>", "jane@example.com"),
            ("\"Doe, Jane\" <Jane@Example.com>", "jane@example.com"),
            ("<jane@example.com>", "jane@example.com"),
            ("<mailto:jane@example.com>", "jane@example.com"),
            ("'jane@example.com'", "jane@example.com"),
            ("jane@example.com,", "jane@example.com"),
            ("jane@example.com.", "jane@example.com"),
            ("jane@example.com;", "jane@example.com"),
            (
                "o'brien+news@mail.example.co.uk",
                "o'brien+news@mail.example.co.uk",
            ),
            ("JÜRGEN@MÜLLER.DE", "jürgen@müller.de"),
            ("ｊａｎｅ＠example.com", "jane@example.com"),
            ("j.a.n.e+x@gmail.com", "j.a.n.e+x@gmail.com"),
        ] {
            assert_eq!(with(text, "").as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in [
            "",
            " ",
            "@",
            "jane",
            "jane@",
            "@example.com",
            "jane@example",
            "jane@localhost",
            "jane@@example.com",
            "jane@exa mple.com",
            "jane doe@example.com",
            "n/a",
            ".jane@example.com",
            "jane.@example.com",
            "jane..doe@example.com",
            "jane@-example.com",
            "jane@example-.com",
            "jane@example..com",
            "jane@.com",
            "jane@127.0.0.1",
            "jane@example.c",
            "jane@exam_ple.com",
            "jane@example.com, joe@x.com",
            "jane@example.com joe@example.com",
            "jane,doe@example.com",
            "none",
        ] {
            assert_eq!(with(text, ""), None, "{text}");
        }
        let long = format!("{}@example.com", "x".repeat(65));
        assert_eq!(with(&long, ""), None);
    }

    #[test]
    fn provider_rules_are_asked_for() {
        for (text, options, expected) in [
            ("J.a.n.e+x@GoogleMail.com", "gmail", Some("jane@gmail.com")),
            ("j.doe+x@example.com", "gmail", Some("j.doe+x@example.com")),
            ("j.doe+x+y@example.com", "plus", Some("j.doe@example.com")),
            ("j.doe+x@gmail.com", "plus", Some("j.doe@gmail.com")),
            ("j.doe+x@gmail.com", "plus, GMAIL", Some("jdoe@gmail.com")),
            ("+x@gmail.com", "gmail", None),
            ("+x@example.com", "plus", Some("+x@example.com")),
            ("j.+x@example.com", "plus", None),
        ] {
            assert_eq!(with(text, options).as_deref(), expected, "{text} {options}");
        }
        let error = ProviderRules::parse("yahoo").unwrap_err();
        assert_eq!(error.sqlstate, "22023");
        assert!(error.hint.is_some());
    }

    proptest! {
        #[test]
        fn never_panics_and_repeats(text in "\\PC{0,40}") {
            for options in ["", "gmail", "plus"] {
                if let Some(address) = with(&text, options) {
                    prop_assert_eq!(with(&address, options), Some(address));
                }
            }
        }

        #[test]
        fn what_looks_right_repeats(
            text in "[ <'\"]{0,2}(mailto:)?[a-zA-Zé.+]{1,8}@(gmail|Exämple|googlemail)[.](com|DE)[> .,;]{0,2}"
        ) {
            for options in ["", "gmail", "plus", "gmail,plus"] {
                if let Some(address) = with(&text, options) {
                    prop_assert_eq!(with(&address, options), Some(address));
                }
            }
        }
    }
}
