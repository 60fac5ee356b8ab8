//! Writes values in one way, each distinct value once.

use std::sync::LazyLock;

use chrono::Datelike;

use super::clean_name::{full_name, without_generation, without_initials, without_titles};
use super::clean_street::clean_street;
use super::clean_text::clean_text;
use super::clean_web::{clean_ip, clean_url, clean_uuid};
use super::date_order::DateOrders;
use super::kind::ColumnKind;
use super::quantity::DecimalMark;
use super::records::Column;
use crate::normalize::email_text::{self, ProviderRules};
use crate::normalize::unicode::unaccent;

/// The most bytes of a value that are looked at.
pub(super) const LONGEST: usize = 2048;

/// How many final digits of a telephone number are compared: country and trunk prefixes come and
/// go, and no shorter numbers than this are told apart by them.
const PHONE_DIGITS: usize = 8;

/// Texts that people and programs write where they have nothing to say.
const NOTHING: [&str; 16] = [
    "-",
    "--",
    "?",
    ".",
    "n/a",
    "na",
    "n.a.",
    "nan",
    "nil",
    "none",
    "null",
    "unknown",
    "undefined",
    "not available",
    "xxx",
    "tbd",
];

/// Cleans the values of one column.
pub(super) struct Cleaner {
    kind: ColumnKind,
    dates: DateOrders,
    mark: DecimalMark,
    folded: String,
}

impl Cleaner {
    pub(super) fn new(column: &Column) -> Self {
        Self {
            kind: column.kind,
            dates: column.date_orders(),
            mark: column.mark,
            folded: String::new(),
        }
    }

    /// Writes the features of a value, empty where there is none.
    pub(super) fn clean(&mut self, text: &str, features: &mut [String]) {
        features.iter_mut().for_each(String::clear);
        if let (ColumnKind::Levels | ColumnKind::Key, [whole]) = (self.kind, &mut *features) {
            return whole.push_str(cut(text, LONGEST));
        }
        let text = cut(text.trim(), LONGEST);
        if text.is_empty() || is_nothing(text) {
            return;
        }
        let folded = &mut self.folded;
        match (self.kind, features) {
            (ColumnKind::GivenName, [given]) => {
                fold(text, folded);
                given.push_str(without_initials(without_titles(folded)));
            }
            (ColumnKind::FamilyName, [family]) => {
                fold(text, folded);
                squeeze(without_generation(folded), family);
            }
            (ColumnKind::FullName, [given, family]) => full_name(text, folded, given, family),
            (ColumnKind::Email, [email]) => clean_email(text, email),
            (ColumnKind::Phone, [phone]) => clean_phone(text, phone),
            (ColumnKind::Date, [date]) => clean_date(text, self.dates, date),
            (ColumnKind::Postcode | ColumnKind::NationalId, [code]) => {
                fold(text, folded);
                squeeze(folded, code);
            }
            (ColumnKind::Uuid, [uuid]) => clean_uuid(text, uuid),
            (ColumnKind::Url, [url]) => clean_url(text, url),
            (ColumnKind::IpAddress, [ip]) => clean_ip(text, ip),
            (ColumnKind::Street, [street]) => clean_street(text, folded, street),
            (ColumnKind::City, [city]) => {
                fold(text, folded);
                squeeze(folded, city);
            }
            (ColumnKind::Number, [number]) => clean_number(text, self.mark, number),
            (ColumnKind::Category, [words]) => fold(text, words),
            (ColumnKind::FreeText, [words, codes]) => {
                fold(text, folded);
                clean_text(folded, words, codes);
            }
            (ColumnKind::Organisation, [words]) => {
                fold(text, folded);
                clean_organisation(folded, words);
            }
            _ => {}
        }
    }
}

/// The beginning of a text, so many bytes at most.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// Whether people and programs write this where they have nothing to say.
pub(super) fn is_nothing(text: &str) -> bool {
    text.len() <= 13
        && NOTHING
            .iter()
            .any(|nothing| nothing.eq_ignore_ascii_case(text))
}

/// Small letters without accents; apostrophes are dropped, other characters become one blank. The
/// umlauts are written as Germans do without them, since that is how they are mistyped.
pub(super) fn fold(text: &str, folded: &mut String) {
    folded.clear();
    if text.is_ascii() {
        text.chars().for_each(|letter| push_folded(letter, folded));
    } else {
        let mut plain = String::with_capacity(text.len() + 8);
        let mut buffer = [0; 4];
        for letter in text.chars() {
            match letter {
                'ä' | 'Ä' => plain.push_str("ae"),
                'ö' | 'Ö' => plain.push_str("oe"),
                'ü' | 'Ü' => plain.push_str("ue"),
                ascii if ascii.is_ascii() => plain.push(ascii),
                other => unaccent(other.encode_utf8(&mut buffer), &mut plain),
            }
        }
        for letter in plain.chars().flat_map(char::to_lowercase) {
            push_folded(letter, folded);
        }
    }
    if folded.ends_with(' ') {
        folded.pop();
    }
}

fn push_folded(letter: char, folded: &mut String) {
    match letter {
        'A'..='Z' => folded.push(letter.to_ascii_lowercase()),
        'a'..='z' | '0'..='9' => folded.push(letter),
        '\'' | '\u{2019}' | '\u{2BC}' | '`' => {}
        letter if !letter.is_ascii() && letter.is_alphanumeric() => folded.push(letter),
        _ if folded.is_empty() || folded.ends_with(' ') => {}
        _ => folded.push(' '),
    }
}

/// Without its blanks.
pub(super) fn squeeze(folded: &str, squeezed: &mut String) {
    squeezed.extend(folded.chars().filter(|letter| *letter != ' '));
}

fn clean_email(text: &str, email: &mut String) {
    static RULES: LazyLock<ProviderRules> =
        LazyLock::new(|| ProviderRules::parse("gmail,plus").unwrap_or_default());
    match email_text::normalize(text, *RULES) {
        Some(address) => email.push_str(&address),
        // Mistyped ones are still like the right ones.
        None if text.contains('@') => {
            let letters = text.chars().flat_map(char::to_lowercase);
            email.extend(letters.filter(|letter| !letter.is_whitespace()));
        }
        None => {}
    }
}

fn clean_phone(text: &str, phone: &mut String) {
    let number = text.split(['x', 'X', ';', '/']).next().unwrap_or(text);
    let number = if number.chars().filter(char::is_ascii_digit).count() < PHONE_DIGITS - 1 {
        text
    } else {
        number
    };
    phone.extend(number.chars().filter(char::is_ascii_digit));
    let most = phone.len().saturating_sub(PHONE_DIGITS);
    phone.drain(..most);
    if phone.len() < 5 {
        phone.clear();
    }
}

fn clean_date(text: &str, orders: DateOrders, date: &mut String) {
    use std::fmt::Write as _;
    if let Some(day) = orders.read(text) {
        // Writing to a string cannot fail.
        let _ = write!(date, "{:04}{:02}{:02}", day.year(), day.month(), day.day());
        return;
    }
    // A date with a mistyped digit may be none, and is still like the right one.
    date.extend(text.chars().filter(char::is_ascii_digit));
    if date.len() != 8 {
        date.clear();
    }
}

fn clean_number(text: &str, mark: DecimalMark, number: &mut String) {
    if let Some(quantity) = mark.read(text) {
        number.push_str(&quantity.value.to_string());
        return;
    }
    let digits: String = text
        .chars()
        .filter(|letter| letter.is_ascii_digit() || matches!(letter, '.' | '-' | 'e' | 'E'))
        .collect();
    if let Ok(value) = digits.trim_end_matches(['.', '-', 'e', 'E']).parse::<f64>()
        && value.is_finite()
    {
        number.push_str(&value.to_string());
    }
}

/// Without the legal form.
fn clean_organisation(folded: &str, words: &mut String) {
    const FORMS: [&str; 22] = [
        "inc",
        "incorporated",
        "corp",
        "corporation",
        "co",
        "company",
        "ltd",
        "limited",
        "llc",
        "llp",
        "plc",
        "gmbh",
        "ag",
        "kg",
        "sa",
        "sas",
        "sarl",
        "bv",
        "nv",
        "spa",
        "srl",
        "pty",
    ];
    for word in folded.split(' ').filter(|word| !FORMS.contains(word)) {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    if words.is_empty() {
        words.push_str(folded);
    }
}
