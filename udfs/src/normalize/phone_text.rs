//! Finds the digits of a telephone number in what people type, and reads them as E.164.

use super::numbering_plan::{PLANS, Region};

/// Longer text is not a telephone number. The limit of libphonenumber.
const MAX_BYTES: usize = 250;
/// A number has at least so many digits before anything else may follow it.
const MIN_DIGITS: usize = 2;
/// Longer digits after a number are another number, not an extension.
const MAX_EXTENSION_DIGITS: usize = 7;
/// The letters that make a word on a keypad, rather than a comment.
const MIN_VANITY_LETTERS: usize = 3;

/// The code points of zero in the decimal digits that occur on keyboards of the world:
/// Arabic-Indic, extended Arabic-Indic, Devanagari, Bengali, Thai, full width.
const ZEROS: [char; 6] = [
    '\u{660}', '\u{6F0}', '\u{966}', '\u{9E6}', '\u{E50}', '\u{FF10}',
];

/// What announces an extension, in lower case.
const EXTENSION_WORDS: [&str; 18] = [
    ";ext=",
    "extension",
    "extensión",
    "extn",
    "ext",
    "xtn",
    "xt",
    "x",
    "#",
    ",",
    ";",
    "int",
    "anexo",
    "poste",
    "durchwahl",
    "app",
    "dw",
    "wew",
];

/// The digits of a text, whether a plus stood before them, and what follows them.
struct Dialled<'a> {
    digits: String,
    plus: bool,
    rest: &'a str,
}

/// The number in E.164, or None where the text is not a valid number.
pub(super) fn to_e164(text: &str, region: Option<&Region>) -> Option<String> {
    let dialled = dialled(text)?;
    let number = || resolve(&dialled.digits, dialled.plus, region);
    let rest = dialled.rest;
    if rest.is_empty() || is_extension(rest) {
        return number();
    }
    if rest.contains('@') {
        return None;
    }
    if !rest.chars().any(|character| digit(character).is_some())
        && let Some(number) = number()
    {
        return Some(number);
    }
    let digits = dialled.digits.clone() + &keypad(rest)?;
    resolve(&digits, dialled.plus, region)
}

fn dialled(text: &str) -> Option<Dialled<'_>> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let mut digits = String::with_capacity(16);
    let mut plus = false;
    for (start, character) in text.char_indices() {
        if let Some(digit) = digit(character) {
            digits.push(digit);
        } else if matches!(character, '+' | '\u{FF0B}') {
            if !digits.is_empty() {
                return None;
            }
            plus = true;
        } else if !digits.is_empty() && !is_separator(character) {
            let rest = text.get(start..)?.trim();
            let enough = digits.len() >= MIN_DIGITS;
            return enough.then_some(Dialled { digits, plus, rest });
        } else if digits.is_empty() && character == '@' {
            return None;
        }
    }
    let enough = digits.len() >= MIN_DIGITS;
    enough.then_some(Dialled {
        digits,
        plus,
        rest: "",
    })
}

fn resolve(digits: &str, plus: bool, region: Option<&Region>) -> Option<String> {
    if plus {
        let digits = digits.strip_prefix("00").unwrap_or(digits);
        return PLANS.international(digits);
    }
    region
        .and_then(|region| PLANS.national(digits, region))
        .or_else(|| PLANS.international(digits.strip_prefix("00")?))
}

fn digit(character: char) -> Option<char> {
    if character.is_ascii() {
        return character.is_ascii_digit().then_some(character);
    }
    ZEROS.iter().find_map(|zero| {
        let value = u32::from(character).checked_sub(u32::from(*zero))?;
        char::from_digit(value, 10)
    })
}

/// Punctuation within a number, and the invisible marks that come with copied ones.
fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '-' | '.' | '(' | ')' | '[' | ']' | '/' | '~' | '*' | '\'' | '_'
                | '\u{AD}' | '\u{B7}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30FC}'
                | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}'
                | '\u{FEFF}' | '\u{FF08}' | '\u{FF09}' | '\u{FF0D}'..='\u{FF0F}'
                | '\u{FF3B}' | '\u{FF3D}' | '\u{FF5E}'
        )
}

/// Whether the text is a word for an extension and its digits.
fn is_extension(rest: &str) -> bool {
    let rest = rest.to_lowercase();
    let rest = rest.trim_start_matches([',', ' ']);
    let Some(after) = EXTENSION_WORDS
        .iter()
        .find_map(|word| rest.strip_prefix(word))
        .or_else(|| {
            rest.starts_with(|first: char| first.is_ascii_digit())
                .then_some(rest)
        })
    else {
        return false;
    };
    let number = after
        .trim_start_matches(['.', ':', ' ', '-', '=', ','])
        .trim_end_matches([' ', '#', ')', '.']);
    (1..=MAX_EXTENSION_DIGITS).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The digits that letters stand for on a keypad (ITU-T E.161), or None where the text is not
/// such a word.
fn keypad(word: &str) -> Option<String> {
    let mut digits = String::with_capacity(word.len());
    let mut letters = 0;
    for character in word.chars() {
        if let Some(digit) = digit(character) {
            digits.push(digit);
            continue;
        }
        let key = match character.to_ascii_lowercase() {
            'a'..='c' => '2',
            'd'..='f' => '3',
            'g'..='i' => '4',
            'j'..='l' => '5',
            'm'..='o' => '6',
            'p'..='s' => '7',
            't'..='v' => '8',
            'w'..='z' => '9',
            _ if is_separator(character) => continue,
            _ => return None,
        };
        letters += 1;
        digits.push(key);
    }
    (letters >= MIN_VANITY_LETTERS).then_some(digits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn e164(text: &str, region: &str) -> Option<String> {
        to_e164(text, PLANS.region(region))
    }

    #[test]
    fn reads_what_people_type() {
        for (text, region, expected) in [
            ("020 7946 0958", "GB", "+442079460958"),
            ("(020) 7946-0958", "uk", "+442079460958"),
            ("+44 (0)20 7946 0958", "GB", "+442079460958"),
            ("+44 (0)20 7946 0958", "", "+442079460958"),
            ("0044 20 7946 0958", "", "+442079460958"),
            ("0044 20 7946 0958", "US", "+442079460958"),
            ("44 20 7946 0958", "GB", "+442079460958"),
            ("07911 123456", "GB", "+447911123456"),
            ("7911123456", "GB", "+447911123456"),
            ("(212) 555-2368", "US", "+12125552368"),
            ("1-212-555-2368", "US", "+12125552368"),
            ("212.555.2368 ext. 12", "US", "+12125552368"),
            ("212-555-2368x12", "US", "+12125552368"),
            ("212-555-2368 #12", "US", "+12125552368"),
            ("tel:+1-212-555-2368;ext=12", "", "+12125552368"),
            ("011 44 20 7946 0958", "US", "+442079460958"),
            ("416-555-0134", "CA", "+14165550134"),
            ("416-555-0134", "US", "+14165550134"),
            ("1-800-FLOWERS", "US", "+18003569377"),
            ("Tel. 030 / 901820", "DE", "+4930901820"),
            ("0170 1234567", "DE", "+491701234567"),
            ("+49 (0) 170 / 12 34 56 7", "", "+491701234567"),
            ("030 901820 Durchwahl 12", "DE", "+4930901820"),
            ("01 42 68 53 00", "FR", "+33142685300"),
            ("06.12.34.56.78", "FR", "+33612345678"),
            ("(02) 9374 4000", "AU", "+61293744000"),
            ("0412 345 678", "AU", "+61412345678"),
            ("06 6988 4857", "IT", "+390669884857"),
            ("8 (800) 555-35-35", "RU", "+78005553535"),
            ("011 15-2345-6789", "AR", "+5491123456789"),
            ("020 7946 0958 (work)", "GB", "+442079460958"),
            ("\u{202A}+44 20 7946 0958\u{202C}", "", "+442079460958"),
            ("٠٢٠ ٧٩٤٦ ٠٩٥٨", "GB", "+442079460958"),
            ("＋４４ ２０ ７９４６ ０９５８", "", "+442079460958"),
        ] {
            assert_eq!(e164(text, region).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for (text, region) in [
            ("", "GB"),
            ("n/a", "GB"),
            ("-", "GB"),
            ("+", "GB"),
            ("12", "GB"),
            ("020 7946 0958", ""),
            ("555-2368", "US"),
            ("000-000-0000", "US"),
            ("1234567890", "US"),
            ("999999999999", "GB"),
            ("5551234567@example.com", "US"),
            ("jane2125552368@example.com", "US"),
            ("212-555-2368 or 212-555-2369", "US"),
            ("+999 123456", ""),
            ("2125552368 2125552369", "US"),
        ] {
            assert_eq!(e164(text, region), None, "{text}");
        }
        assert!(PLANS.region("GBR").is_none());
        assert!(PLANS.region("ZZ").is_none());
        assert!(PLANS.region("é").is_none());
    }

    fn region() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "US", "GB", "DE", "FR", "AU", "IT", "RU", "BR", "AR", "IN", "CN", "JP", "CA", "NL",
            "MX", "AG", "UY", "NA", "CO", "KR", "HU", "UZ", "SM", "",
        ])
    }

    proptest! {
        #[test]
        fn never_panics_and_repeats(text in "\\PC{0,40}", region in region()) {
            if let Some(number) = e164(&text, region) {
                prop_assert_eq!(e164(&number, region), Some(number));
            }
        }

        #[test]
        fn digits_never_panic_and_repeat(text in "[+0-9() -]{5,18}", region in region()) {
            if let Some(number) = e164(&text, region) {
                prop_assert_eq!(e164(&number, ""), Some(number.clone()));
                prop_assert_eq!(e164(&number, region), Some(number));
            }
        }

        /// The crate is more lenient (see the numbering plans): what is valid here and has the
        /// same digits there must be valid there.
        #[test]
        fn agrees_with_the_crate(digits in "[1-9][0-9]{7,13}") {
            let text = format!("+{digits}");
            let Ok(parsed) = phonenumber::parse(None, &text) else {
                return Ok(());
            };
            let theirs = parsed.format().mode(phonenumber::Mode::E164).to_string();
            if theirs == text && e164(&text, "").as_deref() == Some(text.as_str()) {
                prop_assert!(phonenumber::is_valid(&parsed), "{}", text);
            }
        }
    }
}
