//! Finds out what a column holds, by its name and by its values.

use super::clean::is_nothing;
use super::clean_web::{has_host, ip_address, is_url, uuid_digits};
use super::date_order::DateOrder;
use super::hint::Hint;
use super::kind::ColumnKind;
use super::national_numbers::are_national_numbers;

/// How many bytes the versions of programs have on average, at most.
const LONGEST_VERSION: f64 = 10.0;

/// How many bytes postal codes have on average, at most: nine digits and a mark.
const LONGEST_POSTCODE: f64 = 10.5;

/// How people and programs write that something is so, or is not.
const TRUTHS: [&str; 22] = [
    "true", "false", "t", "f", "yes", "no", "y", "n", "1", "0", "on", "off", "ja", "nein", "nee",
    "oui", "non", "si", "sí", "sim", "não", "nao",
];

/// How many digits telephone numbers have on average, at most: with the country's, fifteen (E.164).
const LONGEST_PHONE: f64 = 15.5;

/// How many distinct values are looked at.
pub(super) const SAMPLE: usize = 5000;

/// What a column's values look like.
#[derive(Debug, Default)]
struct Profile {
    values: f64,
    at_signs: f64,
    phones: f64,
    digits_only: f64,
    numbers: f64,
    decimals: f64,
    years: f64,
    date_forms: f64,
    truths: f64,
    letters_only: f64,
    codes: f64,
    words: f64,
    bytes: f64,
    one_word: f64,
    two_or_three_words: f64,
    commas: f64,
    starts_with_digit: f64,
    numbers_within: f64,
    named_streets: f64,
    uuids: f64,
    urls: f64,
    hosts: f64,
    ips: f64,
}

/// What a column holds.
///
/// `values` are distinct values, `distinct` is how many of them there are, and `present` how many
/// records have one.
pub(super) fn profile(
    name: &str,
    values: &[&str],
    distinct: usize,
    present: usize,
) -> (ColumnKind, DateOrder) {
    // What stands for no value says nothing of the others, of which there may be few.
    let is_said = |value: &&&str| !value.trim().is_empty() && !is_nothing(value.trim());
    let values: Vec<&str> = values.iter().filter(is_said).copied().collect();
    if values.is_empty() {
        return (ColumnKind::Ignore, DateOrder::default());
    }
    let profile = Profile::of(&values);
    let hint = Hint::of(name);
    let (order, dates) = DateOrder::ALL
        .iter()
        .map(|order| {
            let read = values.iter().filter(|value| order.reads(value)).count();
            (*order, read as f64 / profile.values.max(1.0))
        })
        .fold((DateOrder::Ymd, 0.0), |best, next| {
            if next.1 > best.1 { next } else { best }
        });
    let kind = profile.kind_of_programs(name, distinct);
    let kind = kind.or_else(|| are_national_numbers(&values).then_some(ColumnKind::NationalId));
    let kind = kind.unwrap_or_else(|| profile.kind(hint, dates, distinct, present));
    (kind, order)
}

impl Profile {
    fn of(values: &[&str]) -> Self {
        let mut profile = Self::default();
        for value in values {
            let value = value.trim();
            let digits = value.chars().filter(char::is_ascii_digit).count();
            let letters = value
                .chars()
                .filter(|letter| letter.is_alphabetic())
                .count();
            let words = value.split_whitespace().count();
            let all = value.chars().count();
            let mut count = |share: fn(&mut Self) -> &mut f64, holds: bool| {
                *share(&mut profile) += f64::from(u8::from(holds));
            };
            count(|profile| &mut profile.values, true);
            count(|profile| &mut profile.at_signs, value.contains('@'));
            let number = value.trim_start_matches(['$', '€', '£', ' ']);
            let is_grouped = has_thousands(number);
            let is_number = is_grouped || number.parse::<f64>().is_ok_and(f64::is_finite);
            count(
                |profile| &mut profile.phones,
                !is_grouped
                    && letters <= 1
                    && (7..=15).contains(&digits)
                    && all <= 2 * digits
                    && all > digits,
            );
            count(|profile| &mut profile.digits_only, digits == all && all > 0);
            count(|profile| &mut profile.numbers, is_number);
            count(
                |profile| &mut profile.decimals,
                is_number && value.contains('.'),
            );
            let centuries = ["18", "19", "20"];
            let year = value.len() == 4 && centuries.iter().any(|it| value.starts_with(it));
            count(|profile| &mut profile.years, year && digits == 4);
            count(|profile| &mut profile.date_forms, has_form_of_date(value));
            let is_truth = TRUTHS.iter().any(|truth| truth.eq_ignore_ascii_case(value));
            count(|profile| &mut profile.truths, is_truth);
            count(|profile| &mut profile.letters_only, digits == 0);
            count(
                |profile| &mut profile.codes,
                digits > 0 && words == 1 && all <= 32,
            );
            count(|profile| &mut profile.one_word, words == 1);
            let is_comma = value
                .split_once(", ")
                .is_some_and(|(_, rest)| !rest.contains(','));
            count(|profile| &mut profile.commas, is_comma && digits == 0);
            count(
                |profile| &mut profile.two_or_three_words,
                (2..=3).contains(&words) && digits == 0,
            );
            count(
                |profile| &mut profile.starts_with_digit,
                value.starts_with(|letter: char| letter.is_ascii_digit()) && letters > 0,
            );
            let begins_with_digit =
                |word: &&str| word.starts_with(|letter: char| letter.is_ascii_digit());
            let numbers = value.split_whitespace().filter(begins_with_digit).count();
            count(|profile| &mut profile.numbers_within, numbers > 1);
            count(
                |profile| &mut profile.named_streets,
                digits > 0 && words > 1 && names_street(value),
            );
            count(|profile| &mut profile.uuids, uuid_digits(value).is_some());
            count(|profile| &mut profile.urls, is_url(value));
            count(|profile| &mut profile.hosts, has_host(value));
            count(|profile| &mut profile.ips, ip_address(value).is_some());
            profile.words += words as f64;
            profile.bytes += value.len() as f64;
        }
        let values = profile.values.max(1.0);
        for share in [
            &mut profile.at_signs,
            &mut profile.phones,
            &mut profile.digits_only,
            &mut profile.numbers,
            &mut profile.decimals,
            &mut profile.years,
            &mut profile.date_forms,
            &mut profile.truths,
            &mut profile.letters_only,
            &mut profile.codes,
            &mut profile.words,
            &mut profile.bytes,
            &mut profile.one_word,
            &mut profile.two_or_three_words,
            &mut profile.commas,
            &mut profile.starts_with_digit,
            &mut profile.numbers_within,
            &mut profile.named_streets,
            &mut profile.uuids,
            &mut profile.urls,
            &mut profile.hosts,
            &mut profile.ips,
        ] {
            *share /= values;
        }
        profile
    }

    /// What programs write: it looks like nothing else, so that its name matters only where values leave
    /// that open.
    fn kind_of_programs(&self, name: &str, distinct: usize) -> Option<ColumnKind> {
        if distinct <= 1 {
            return None;
        }
        let name = name.to_lowercase();
        let mut words = name.split(|letter: char| !letter.is_alphanumeric());
        let is = |word: &str| ["web", "link", "uri", "site", "domain"].contains(&word);
        let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
        if self.uuids > 0.8 || self.uuids > 0.5 && has(&["uuid", "guid"]) {
            return Some(ColumnKind::Uuid);
        }
        let is_page = has(&["url", "website", "homepage", "webpage", "webseite"]);
        if self.urls > 0.5 || self.hosts > 0.5 && (is_page || words.clone().any(is)) {
            return Some(ColumnKind::Url);
        }
        // Versions of programs have four numbers, too, and shorter ones.
        let is_ip = words.any(|word| ["ip", "ipv4", "ipv6", "ipaddr", "ipaddress"].contains(&word));
        (self.ips > 0.8 && (is_ip || self.bytes > LONGEST_VERSION)).then_some(ColumnKind::IpAddress)
    }

    fn kind(&self, hint: Hint, dates: f64, distinct: usize, present: usize) -> ColumnKind {
        let few = distinct <= 60 && present >= 4 * distinct || distinct * 200 <= present;
        if hint == Hint::Moment || distinct <= 1 {
            return ColumnKind::Ignore;
        }
        // Whether something is so, whatever it is: `first_order`, `phone_verified`, `zip_known`.
        if self.truths > 0.99 && distinct <= 4 && hint != Hint::Quantity {
            return ColumnKind::Category;
        }
        if self.at_signs > 0.5 {
            return ColumnKind::Email;
        }
        // Some are mistyped, or in another order: nothing else has their form.
        let expected = hint == Hint::Date || self.date_forms > 0.8;
        if dates > 0.9 && self.digits_only < 0.5 || dates > 0.5 && expected {
            return ColumnKind::Date;
        }
        if self.digits_only > 0.8 || self.numbers > 0.9 {
            return self.kind_of_numbers(hint, dates, distinct, present);
        }
        // Some postal codes have a mark and as many digits as short telephone numbers.
        let is_postcode = hint == Hint::Postcode && self.bytes < LONGEST_POSTCODE;
        if self.phones > 0.6 && hint != Hint::Identifier && !is_postcode {
            return ColumnKind::Phone;
        }
        let is_name = self.letters_only > 0.8 && self.words < 6.0;
        match hint {
            // Names of two parts, the family's first.
            Hint::Given
            | Hint::Family
            | Hint::GivenOrFull
            | Hint::FamilyOrFull
            | Hint::FullName
                if self.commas > 0.8 =>
            {
                ColumnKind::FullName
            }
            Hint::Given if self.words < 2.5 => ColumnKind::GivenName,
            Hint::Family if self.words < 2.5 => ColumnKind::FamilyName,
            Hint::FullName | Hint::GivenOrFull | Hint::FamilyOrFull
                if is_name && self.one_word < 0.1 =>
            {
                ColumnKind::FullName
            }
            Hint::GivenOrFull if is_name => ColumnKind::GivenName,
            Hint::FamilyOrFull if is_name => ColumnKind::FamilyName,
            Hint::Name if self.two_or_three_words > 0.8 => ColumnKind::FullName,
            Hint::Phone if self.codes + self.phones > 0.5 => ColumnKind::Phone,
            Hint::Postcode if self.letters_only < 0.5 => ColumnKind::Postcode,
            Hint::Street => ColumnKind::Street,
            Hint::City if self.words < 4.0 => ColumnKind::City,
            Hint::Organisation if self.words > 1.3 => ColumnKind::Organisation,
            Hint::Text => ColumnKind::FreeText,
            _ if few && self.words < 3.0 => ColumnKind::Category,
            Hint::Identifier if self.words < 2.0 => ColumnKind::NationalId,
            _ if self.codes > 0.7 => ColumnKind::NationalId,
            // Sizes begin with digits, too, and have more of them.
            _ if self.starts_with_digit > 0.6 && self.words > 1.8 && self.numbers_within < 0.5 => {
                ColumnKind::Street
            }
            // Most of Europe writes the number last.
            _ if self.named_streets > 0.6 => ColumnKind::Street,
            _ if self.words < 1.4 => ColumnKind::City,
            _ => ColumnKind::FreeText,
        }
    }

    fn kind_of_numbers(
        &self,
        hint: Hint,
        dates: f64,
        distinct: usize,
        present: usize,
    ) -> ColumnKind {
        let own = distinct * 2 > present;
        match hint {
            Hint::Phone => ColumnKind::Phone,
            Hint::Postcode => ColumnKind::Postcode,
            Hint::Quantity => ColumnKind::Number,
            Hint::Identifier | Hint::Street => ColumnKind::NationalId,
            _ if self.decimals > 0.1 || self.years > 0.8 => ColumnKind::Number,
            _ if dates > 0.8 && (7.5..8.5).contains(&self.bytes) => ColumnKind::Date,
            _ if self.phones > 0.6 || own && (8.5..LONGEST_PHONE).contains(&self.bytes) => {
                ColumnKind::Phone
            }
            _ if own && self.bytes > 5.5 => ColumnKind::NationalId,
            _ if distinct <= 12 => ColumnKind::Category,
            _ if (3.5..5.5).contains(&self.bytes) && self.decimals == 0.0 => ColumnKind::Postcode,
            _ => ColumnKind::Number,
        }
    }
}

/// Whether this is a number with commas between its thousands: `-12,345.67`.
fn has_thousands(number: &str) -> bool {
    let number = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let begins = (1..=3).contains(&first.len()) && is_digits(first);
    let mut count = 0;
    let goes_on = groups.all(|group| {
        count += 1;
        group.len() == 3 && is_digits(group)
    });
    begins && goes_on && count > 0 && is_digits(fraction)
}

/// Whether a word of a text is for a street or a square, or ends in one, as `Hauptstraße` does.
fn names_street(text: &str) -> bool {
    const WORDS: [&str; 15] = [
        "calle",
        "avenida",
        "avda",
        "plaza",
        "paseo",
        "rue",
        "boulevard",
        "chemin",
        "via",
        "viale",
        "piazza",
        "corso",
        "rua",
        "travessa",
        "str",
    ];
    const ENDINGS: [&str; 10] = [
        "strasse", "straße", "str", "weg", "platz", "allee", "gasse", "straat", "laan", "plein",
    ];
    text.to_lowercase()
        .split(|letter: char| !letter.is_alphabetic())
        .any(|word| WORDS.contains(&word) || ENDINGS.iter().any(|end| word.ends_with(end)))
}

/// Whether a text, without a time of day behind it, has the digits of a day, a month and a year of four,
/// with marks between them, whether or not there is such a day.
fn has_form_of_date(text: &str) -> bool {
    let date = text.split_whitespace().next().unwrap_or_default();
    let Some(mark) = date
        .chars()
        .find(|letter| matches!(letter, '.' | '-' | '/'))
    else {
        return false;
    };
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = date.split(mark);
    let lengths: Vec<usize> = parts
        .map(|part| if is_number(part) { part.len() } else { 0 })
        .collect();
    matches!(lengths[..], [1 | 2, 1 | 2, 4] | [4, 1 | 2, 1 | 2])
}
