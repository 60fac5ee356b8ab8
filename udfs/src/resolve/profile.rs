//! Finds out what a column holds, by its name and by its values.

use super::clean::is_nothing;
use super::date_order::DateOrders;
use super::hint::Hint;
use super::kind::ColumnKind;
use super::national_numbers::are_national_numbers;
use super::quantity::DecimalMark;
use super::shares::Shares;

/// How many bytes the versions of programs have on average, at most.
const LONGEST_VERSION: f64 = 10.0;

/// How many bytes postal codes have on average, at most: nine digits and a mark.
const LONGEST_POSTCODE: f64 = 10.5;

/// How many digits telephone numbers have on average, at most: with the country's, fifteen (E.164).
const LONGEST_PHONE: f64 = 15.5;

/// How many numbers there are at least for it to be told how they begin.
const FEWEST_GIVEN_OUT: f64 = 100.0;

/// Which share of the numbers that offices give out, or that places have, is of one length, at least.
const ONE_LENGTH: f64 = 0.9;

/// How many records have one of the numbers that are given out, on average, at most.
const MEAN_RECORDS: usize = 5;

/// How many distinct values are looked at.
pub(super) const SAMPLE: usize = 5000;

/// What a column holds.
///
/// `hint` is what its name lets expect, `values` are distinct values with how many records have each,
/// `distinct` is how many of them there are, and `present` how many records have one.
pub(super) fn profile(
    (name, hint): (&str, Hint),
    values: &[(&str, u32)],
    distinct: usize,
    present: usize,
) -> (ColumnKind, DateOrders, DecimalMark) {
    // What stands for no value says nothing of the others, of which there may be few.
    let is_said = |(value, _): &&(&str, u32)| !value.trim().is_empty() && !is_nothing(value.trim());
    let counted: Vec<(&str, u32)> = values.iter().filter(is_said).copied().collect();
    let values: Vec<&str> = counted.iter().map(|(value, _)| *value).collect();
    if values.is_empty() {
        return (
            ColumnKind::Ignore,
            DateOrders::default(),
            DecimalMark::default(),
        );
    }
    let mark = DecimalMark::of(&values);
    let mut shares = Shares::of(&values, mark);
    shares.add_records(&counted);
    let (orders, read) = DateOrders::of(&values);
    let dates = read as f64 / shares.values.max(1.0);
    let kind = shares.kind_of_programs(name, distinct);
    let kind = kind.or_else(|| are_national_numbers(&values).then_some(ColumnKind::NationalId));
    let kind = kind.unwrap_or_else(|| shares.kind(hint, dates, distinct, present));
    (kind, orders, mark)
}

impl Shares {
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
        let are_few = distinct * 200 <= present;
        let few = distinct <= 60 && present >= 4 * distinct || are_few;
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
        let are_quantities = hint == Hint::Quantity && self.numbers + self.grouped > 0.9;
        if self.digits_only > 0.8 || self.numbers > 0.9 || are_quantities {
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
            // What things are called, of which there are few, no people are.
            Hint::Name if self.two_or_three_words > 0.8 && !are_few => ColumnKind::FullName,
            Hint::Phone if self.codes + self.phones > 0.5 => ColumnKind::Phone,
            Hint::Postcode if self.letters_only < 0.5 => ColumnKind::Postcode,
            Hint::Street => ColumnKind::Street,
            Hint::City if self.words < 4.0 => ColumnKind::City,
            Hint::Organisation if self.words > 1.3 => ColumnKind::Organisation,
            Hint::Text => ColumnKind::FreeText,
            _ if few && self.words < 3.0 => ColumnKind::Category,
            Hint::Identifier if self.words < 2.0 || self.codes > 0.7 => ColumnKind::NationalId,
            _ if self.lettered_postcodes > 0.8 => ColumnKind::Postcode,
            _ if self.codes > 0.7 => ColumnKind::NationalId,
            // Sizes begin with digits, too, and have more of them.
            _ if self.starts_with_digit > 0.6 && self.words > 1.8 && self.numbers_within < 0.5 => {
                ColumnKind::Street
            }
            // Most of Europe writes the number last.
            _ if self.named_streets > 0.6 => ColumnKind::Street,
            // Of different full names most have a first name that many have.
            _ if self.two_or_three_words > 0.8
                && (self.given_names > 0.25 || self.turned_names > 0.5) =>
            {
                ColumnKind::FullName
            }
            // Mistyped names are values of their own, of a record each.
            _ if self.words < 1.4 && self.given_names.max(self.given_records) > 0.1 => {
                ColumnKind::GivenName
            }
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
        let own = distinct * 2 > present || self.are_given_out(distinct, present);
        match hint {
            Hint::Phone => ColumnKind::Phone,
            Hint::Postcode => ColumnKind::Postcode,
            Hint::Quantity => ColumnKind::Number,
            Hint::Identifier | Hint::Street => ColumnKind::NationalId,
            _ if self.decimals > 0.1 || self.marked > 0.3 || self.years > 0.8 => ColumnKind::Number,
            _ if dates > 0.8 && (7.5..8.5).contains(&self.bytes) => ColumnKind::Date,
            _ if self.phones > 0.6 || own && (8.5..LONGEST_PHONE).contains(&self.bytes) => {
                ColumnKind::Phone
            }
            _ if own && self.bytes > 5.5 => ColumnKind::NationalId,
            _ if distinct <= 12 => ColumnKind::Category,
            _ if self.are_of_places() => ColumnKind::Postcode,
            _ => ColumnKind::Number,
        }
    }

    /// Whether numbers are such as places have: of four or five digits, and nearly all of as many. What is
    /// counted or measured has as many digits as it comes to.
    fn are_of_places(&self) -> bool {
        (3.5..5.5).contains(&self.bytes) && self.decimals == 0.0 && self.one_length > ONE_LENGTH
    }

    /// Whether numbers are such as offices and programs give out, each for one thing, of which there may be
    /// several records: of one length, of few records each, and as likely to begin with one digit as with
    /// another. What is counted or measured begins with small digits more often (F. Benford, "The law of
    /// anomalous numbers", Proceedings of the American Philosophical Society 78 (1938)), and what follows
    /// each other begins with the same.
    fn are_given_out(&self, distinct: usize, present: usize) -> bool {
        self.values >= FEWEST_GIVEN_OUT
            && self.digits_only > 0.95
            && self.one_length > ONE_LENGTH
            && self.of_one_digit < 0.2
            && self.of_few_records > 0.9
            && distinct * MEAN_RECORDS > present
    }
}
