//! How the values of a column are written.

use std::collections::HashSet;

use super::clean_name::TITLES;
use super::clean_web::{has_host, ip_address, is_url, uuid_digits};
use super::quantity::DecimalMark;
use super::text_forms::{
    begins_as_dialled, has_form_of_date, has_form_of_phone, has_ideograph, is_code_in_groups,
    is_lettered_postcode, names_street,
};
use crate::normalize::nicknames::is_given_name;

/// How people and programs write that something is so, or is not.
const TRUTHS: [&str; 22] = [
    "true", "false", "t", "f", "yes", "no", "y", "n", "1", "0", "on", "off", "ja", "nein", "nee",
    "oui", "non", "si", "sí", "sim", "não", "nao",
];

/// How many different words are behind the commas of names that are turned, at least: articles are few.
const TURNED: usize = 20;

/// How many records are few of one thing.
const FEW_RECORDS: u32 = 10;

/// Longer numbers are not told apart by their length.
const LONGEST_NUMBER: usize = 32;

/// Which shares of a column's distinct values have which form; `values` is how many they are.
#[derive(Debug, Default)]
pub(super) struct Shares {
    pub(super) values: f64,
    pub(super) at_signs: f64,
    pub(super) phones: f64,
    pub(super) digits_only: f64,
    pub(super) numbers: f64,
    pub(super) decimals: f64,
    /// Quantities that are no codes, for they have a unit or the like.
    pub(super) marked: f64,
    /// Quantities, if they are no codes.
    pub(super) grouped: f64,
    pub(super) years: f64,
    pub(super) date_forms: f64,
    pub(super) truths: f64,
    pub(super) letters_only: f64,
    pub(super) codes: f64,
    pub(super) words: f64,
    pub(super) bytes: f64,
    pub(super) one_word: f64,
    pub(super) two_or_three_words: f64,
    pub(super) commas: f64,
    /// English given names, alone, before others, or behind that of the family and a comma; and people who are
    /// addressed.
    pub(super) given_names: f64,
    /// The share of the records that have one of these.
    pub(super) given_records: f64,
    /// Of the names that are turned, as `Weber, Anna` is, the share of those whose end others begin with.
    pub(super) turned_names: f64,
    /// The share of the records whose value few have.
    pub(super) of_few_records: f64,
    /// Of the values of digits alone, the share of those of the most frequent length; and of the most
    /// frequent first digit.
    pub(super) one_length: f64,
    pub(super) of_one_digit: f64,
    pub(super) starts_with_digit: f64,
    pub(super) numbers_within: f64,
    pub(super) named_streets: f64,
    pub(super) lettered_postcodes: f64,
    pub(super) uuids: f64,
    pub(super) urls: f64,
    pub(super) hosts: f64,
    pub(super) ips: f64,
}

impl Shares {
    /// Of these values, with the decimal mark that quantities among them have.
    pub(super) fn of(values: &[&str], mark: DecimalMark) -> Self {
        let mut shares = Self::default();
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
                *share(&mut shares) += f64::from(u8::from(holds));
            };
            count(|shares| &mut shares.values, true);
            count(|shares| &mut shares.at_signs, value.find('@') > Some(0));
            let quantity = mark.read(value);
            let is_marked = quantity.is_some_and(|quantity| quantity.is_marked);
            let is_grouped = quantity.is_some_and(|quantity| quantity.may_be_code);
            let has_fraction = quantity.is_some_and(|quantity| quantity.has_fraction);
            let is_phone = !is_marked && has_form_of_phone(value);
            // `0171.2345678` is no fraction.
            let is_dialled = is_phone && begins_as_dialled(value);
            let is_number = quantity.is_some() && !is_grouped && !is_dialled;
            count(|shares| &mut shares.phones, is_phone);
            count(|shares| &mut shares.digits_only, digits == all && all > 0);
            count(|shares| &mut shares.numbers, is_number);
            count(|shares| &mut shares.decimals, is_number && has_fraction);
            count(|shares| &mut shares.marked, is_marked);
            count(|shares| &mut shares.grouped, is_grouped);
            let centuries = ["18", "19", "20"];
            let year = value.len() == 4 && centuries.iter().any(|it| value.starts_with(it));
            count(|shares| &mut shares.years, year && digits == 4);
            count(|shares| &mut shares.date_forms, has_form_of_date(value));
            let is_truth = TRUTHS.iter().any(|truth| truth.eq_ignore_ascii_case(value));
            count(|shares| &mut shares.truths, is_truth);
            count(|shares| &mut shares.letters_only, digits == 0);
            let is_code = digits > 0 && words == 1 && all <= 32 && !has_ideograph(value);
            count(
                |shares| &mut shares.codes,
                is_code || is_code_in_groups(value),
            );
            count(|shares| &mut shares.one_word, words == 1);
            count(|shares| &mut shares.commas, turned(value).is_some());
            count(|shares| &mut shares.given_names, has_given_name(value));
            count(
                |shares| &mut shares.two_or_three_words,
                (2..=3).contains(&words) && digits == 0,
            );
            count(
                |shares| &mut shares.starts_with_digit,
                value.starts_with(|letter: char| letter.is_ascii_digit()) && letters > 0,
            );
            let begins_with_digit =
                |word: &&str| word.starts_with(|letter: char| letter.is_ascii_digit());
            let numbers = value.split_whitespace().filter(begins_with_digit).count();
            count(|shares| &mut shares.numbers_within, numbers > 1);
            count(
                |shares| &mut shares.named_streets,
                digits > 0 && (words > 1 || has_ideograph(value)) && names_street(value),
            );
            count(
                |shares| &mut shares.lettered_postcodes,
                is_lettered_postcode(value),
            );
            count(|shares| &mut shares.uuids, uuid_digits(value).is_some());
            count(|shares| &mut shares.urls, is_url(value));
            count(|shares| &mut shares.hosts, has_host(value));
            count(|shares| &mut shares.ips, ip_address(value).is_some());
            shares.words += words as f64;
            shares.bytes += value.len() as f64;
        }
        let values = shares.values.max(1.0);
        for share in [
            &mut shares.at_signs,
            &mut shares.phones,
            &mut shares.digits_only,
            &mut shares.numbers,
            &mut shares.decimals,
            &mut shares.marked,
            &mut shares.grouped,
            &mut shares.years,
            &mut shares.date_forms,
            &mut shares.truths,
            &mut shares.letters_only,
            &mut shares.codes,
            &mut shares.words,
            &mut shares.bytes,
            &mut shares.one_word,
            &mut shares.two_or_three_words,
            &mut shares.commas,
            &mut shares.given_names,
            &mut shares.starts_with_digit,
            &mut shares.numbers_within,
            &mut shares.named_streets,
            &mut shares.lettered_postcodes,
            &mut shares.uuids,
            &mut shares.urls,
            &mut shares.hosts,
            &mut shares.ips,
        ] {
            *share /= values;
        }
        shares
    }

    /// Adds how many records the values have.
    pub(super) fn add_records(&mut self, values: &[(&str, u32)]) {
        let (mut all, mut given, mut of_few) = (0.0, 0.0, 0.0);
        let mut lengths = [0_u32; LONGEST_NUMBER + 1];
        let mut first_digits = [0_u32; 10];
        let mut numbers = 0_u32;
        for (value, records) in values {
            let weight = f64::from(*records);
            all += weight;
            if has_given_name(value) {
                given += weight;
            }
            if *records <= FEW_RECORDS {
                of_few += weight;
            }
            let value = value.trim();
            if let Some(first) = value.bytes().next().filter(u8::is_ascii_digit)
                && value.bytes().all(|byte| byte.is_ascii_digit())
            {
                numbers += 1;
                lengths[value.len().min(LONGEST_NUMBER)] += 1;
                first_digits[usize::from(first - b'0')] += 1;
            }
        }
        let most = |counts: &[u32]| {
            let most = counts.iter().max().copied().unwrap_or(0);
            f64::from(most) / f64::from(numbers.max(1))
        };
        self.given_records = given / f64::max(all, 1.0);
        self.of_few_records = of_few / f64::max(all, 1.0);
        self.turned_names = turned_names(values);
        self.one_length = most(&lengths);
        self.of_one_digit = most(&first_digits);
    }
}

/// What is before a comma, and what is behind it: names may be written so, the family's first.
fn turned(value: &str) -> Option<(&str, &str)> {
    let turned = value.trim().split_once(", ");
    let is_name = |rest: &str| !rest.contains(',') && !has_digit(value);
    turned.filter(|(_, rest)| is_name(rest))
}

/// Whether a value is an English given name, alone, before others, or behind that of the family and a comma;
/// or is of somebody who is addressed, as `Mrs Fisher` is.
fn has_given_name(value: &str) -> bool {
    let name = turned(value).map_or(value, |(_, rest)| rest);
    let mut words = name.split_whitespace();
    let Some(first) = words.next() else {
        return false;
    };
    let title = first.trim_end_matches('.');
    let is_addressed =
        words.next().is_some() && TITLES.iter().any(|it| it.eq_ignore_ascii_case(title));
    let words = value.split_whitespace().count();
    words <= 3 && !has_digit(value) && (is_addressed || is_given_name(first))
}

fn has_digit(value: &str) -> bool {
    value.bytes().any(|byte| byte.is_ascii_digit())
}

/// Of the names that are turned, the share of those whose end others begin with; 0 where hardly any are.
fn turned_names(values: &[(&str, u32)]) -> f64 {
    let (mut beginnings, mut ends) = (HashSet::new(), Vec::new());
    for &(value, _) in values {
        match turned(value) {
            Some((_, end)) => ends.push(end.trim()),
            None => beginnings.extend(value.split_whitespace().next()),
        }
    }
    let different: HashSet<&str> = ends.iter().copied().collect();
    if different.len() < TURNED || 20 * ends.len() < values.len() {
        return 0.0;
    }
    let known = ends.iter().filter(|end| beginnings.contains(**end));
    known.count() as f64 / ends.len() as f64
}
