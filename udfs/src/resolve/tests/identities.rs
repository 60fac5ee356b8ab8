//! People who have all in common but what is theirs alone.

use std::collections::HashMap;

use super::super::hashing::mix;
use super::super::{Decisions, ResolveOptions, Resolver, evaluate};
use super::people::builder;

const COLUMNS: [&str; 6] = ["id", "first_name", "last_name", "dob", "zip", "ssn"];
const OF_COUPLES: [&str; 7] = [
    "id",
    "first_name",
    "last_name",
    "iban",
    "ssn",
    "street",
    "city",
];
const OF_SIBLINGS: [&str; 6] = ["id", "first_name", "last_name", "dob", "street", "phone"];
const PEOPLE: u64 = 800;
const NAMESAKES: u64 = 30;

/// A record, and whose it is.
type Row = (Vec<Option<String>>, u64);

fn word(begin: &str, at: u64) -> String {
    let letter = |at: u64| char::from(b'a' + (at % 26) as u8);
    format!("{begin}{}{}", letter(at), letter(at / 26))
}

fn ssn(person: u64) -> String {
    format!("{:09}", mix(person, 99) % 1_000_000_000)
}

/// Two records of each of some people, and one of each of some who are called as they are, and were born on the
/// same day, in the same place. So many in a hundred of the numbers are mistyped.
fn records(mistyped: u64) -> Vec<Row> {
    let mut rows = Vec::new();
    for person in 0..PEOPLE {
        let chance = |what: u64| mix(mix(person, 7), what);
        let whole = [
            word("Qx", chance(1) % 90),
            word("Zy", chance(2) % 400),
            format!(
                "{}-{:02}-{:02}",
                1940 + chance(3) % 60,
                1 + chance(4) % 12,
                1 + chance(5) % 28
            ),
            format!("{}", 10_000 + chance(6) % 400),
        ];
        let mut push = |number: Option<String>, of: u64| {
            let mut row = vec![Some(format!("r{}", rows.len()))];
            row.extend(whole.iter().cloned().map(Some));
            row.push(number);
            rows.push((row, of));
        };
        for copy in 0..2 {
            let mut number = ssn(person);
            if copy == 1 && chance(7) % 100 < mistyped {
                let last = if number.ends_with('5') { "6" } else { "5" };
                number.replace_range(8.., last);
            }
            push((chance(8 + copy) % 10 > 2).then_some(number), person);
        }
        if person < NAMESAKES {
            push(Some(ssn(PEOPLE + person)), PEOPLE + person);
        }
    }
    rows
}

/// Some people who live alone, and couples of whom each is called as before, with one account.
fn couples() -> Vec<Row> {
    let mut rows = Vec::new();
    for home in 0..600 {
        let of_home = |what: u64| mix(mix(home, 11), what);
        let account = format!("DE{:018}", of_home(1) % 1_000_000_000_000_000_000);
        let street = format!(
            "{} {} Road",
            1 + of_home(2) % 200,
            word("Ow", of_home(3) % 300)
        );
        let town = word("Ux", of_home(4) % 50);
        for adult in 0..=u64::from(of_home(5) % 3 == 0) {
            let chance = |what: u64| mix(mix(2 * home + adult, 13), what);
            let (given, family) = (word("Qx", chance(1) % 90), word("Zy", chance(2) % 400));
            for copy in 0..=chance(3) % 3 {
                let slip = |what: u64| mix(chance(10 + copy), what) % 10;
                let number = ssn(2 * home + adult);
                let values = [
                    Some(given.clone()),
                    Some(match slip(1) {
                        0 => family[1..].to_owned(),
                        _ => family.clone(),
                    }),
                    (slip(2) > 0).then(|| account.clone()),
                    (slip(3) > 2).then_some(number),
                    (slip(4) > 0).then(|| street.clone()),
                    Some(town.clone()),
                ];
                let mut row = vec![Some(format!("r{}", rows.len()))];
                row.extend(values);
                rows.push((row, 2 * home + adult));
            }
        }
    }
    rows
}

/// Children of one to three in a family, of whom one in five is born on the day of the first.
fn siblings() -> Vec<Row> {
    let mut rows = Vec::new();
    for home in 0..700 {
        let of_home = |what: u64| mix(mix(home, 17), what);
        let family = word("Zy", of_home(1) % 500);
        let street = format!(
            "{} {} Road",
            1 + of_home(2) % 200,
            word("Ow", of_home(3) % 300)
        );
        let phone = format!("555{:07}", of_home(4) % 10_000_000);
        let day = |at: u64| {
            let (year, month, day) = (2004 + at % 14, 1 + at / 14 % 12, 1 + at / 168 % 28);
            format!("{year}-{month:02}-{day:02}")
        };
        for child in 0..=of_home(6) % 3 {
            let chance = |what: u64| mix(mix(3 * home + child, 19), what);
            let given = word("Qx", chance(1) % 90);
            let born = match chance(2) % 5 {
                0 => of_home(5) % 10_000,
                _ => chance(3) % 10_000,
            };
            for copy in 0..=chance(4) % 3 / 2 {
                let slip = |what: u64| mix(chance(10 + copy), what) % 16;
                let values = [
                    Some(match slip(1) {
                        0 => given[1..].to_owned(),
                        _ => given.clone(),
                    }),
                    Some(family.clone()),
                    (slip(2) > 0).then(|| day(born)),
                    (slip(3) > 3).then(|| street.clone()),
                    (slip(4) > 3).then(|| phone.clone()),
                ];
                let mut row = vec![Some(format!("r{}", rows.len()))];
                row.extend(values);
                rows.push((row, 3 * home + child));
            }
        }
    }
    rows
}

fn resolver(rows: &[Row]) -> Resolver {
    resolver_of(&COLUMNS, rows)
}

fn resolver_of(columns: &[&str], rows: &[Row]) -> Resolver {
    let options = ResolveOptions::parse([("unique_id", "id")]).unwrap();
    let values: Vec<Vec<Option<String>>> = rows.iter().map(|row| row.0.clone()).collect();
    let records = builder(columns, &values, &options).finish().unwrap();
    Resolver::train(records, &options).unwrap()
}

/// The share of matches that have two different numbers, as was learned.
fn with_two_numbers(resolver: &Resolver) -> f64 {
    let parameters = resolver.model().parameters();
    let mut of_numbers = parameters.iter().filter(|of| of.comparison == "ssn");
    let differing = of_numbers.find(|of| of.label == "different");
    differing.unwrap().m
}

#[test]
fn people_with_other_numbers_are_others() {
    let rows = records(0);
    let resolver = resolver(&rows);
    assert!(with_two_numbers(&resolver) < 1e-19);
    let pairs = resolver.pairs().unwrap();
    let clusters = resolver.clusters(&pairs, &Decisions::default()).unwrap();
    let mut numbers: HashMap<u32, &str> = HashMap::new();
    for (entity, (row, _)) in clusters.entity_of.iter().zip(&rows) {
        if let Some(number) = &row[5] {
            let known = *numbers.entry(*entity).or_insert(number);
            assert_eq!(known, number, "{row:?}");
        }
    }
    let truth: Vec<Option<u64>> = rows.iter().map(|row| Some(row.1)).collect();
    let quality = evaluate(&clusters.entity_of, &truth);
    assert!(quality.pairs.f1() > 0.97, "{quality:?}");
}

#[test]
fn numbers_that_are_mistyped_may_differ() {
    let resolver = resolver(&records(20));
    assert!(with_two_numbers(&resolver) > 1e-6);
}

#[test]
fn couples_with_one_account_are_two() {
    let rows = couples();
    let resolver = resolver_of(&OF_COUPLES, &rows);
    let pairs = resolver.pairs().unwrap();
    let clusters = resolver.clusters(&pairs, &Decisions::default()).unwrap();
    let truth: Vec<Option<u64>> = rows.iter().map(|row| Some(row.1)).collect();
    let quality = evaluate(&clusters.entity_of, &truth);
    assert!(quality.pairs.f1() > 0.97, "{quality:?}");
}

#[test]
fn twins_are_two() {
    let rows = siblings();
    let resolver = resolver_of(&OF_SIBLINGS, &rows);
    let pairs = resolver.pairs().unwrap();
    let clusters = resolver.clusters(&pairs, &Decisions::default()).unwrap();
    let truth: Vec<Option<u64>> = rows.iter().map(|row| Some(row.1)).collect();
    let quality = evaluate(&clusters.entity_of, &truth);
    assert!(quality.pairs.f1() > 0.95, "{quality:?}");
}
