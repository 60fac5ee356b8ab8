//! Names of people in columns that are not named so.

use super::super::{ColumnKind, ResolveOptions};
use super::people::builder;

const RECORDS: u32 = 400;

/// Makes the value of a record by its number.
type Make = fn(u32) -> String;

/// Some of many texts of letters that begin so.
fn word(begin: &str, at: u32) -> String {
    let letter = |at: u32| char::from(b'a' + (at % 26) as u8);
    format!("{begin}{}{}", letter(at), letter(at / 26))
}

fn given(at: u32) -> String {
    word("Qx", at % 70)
}

fn family(at: u32) -> String {
    word("Zy", (at * 7 + at / 70) % 110)
}

fn town(at: u32) -> String {
    word("Wu", (at * 11 + at / 40) % 90)
}

fn born(at: u32) -> String {
    format!("{}-{:02}-{:02}", 1940 + at % 60, 1 + at % 12, 1 + at % 28)
}

fn ordered(at: u32) -> String {
    format!("{}-{:02}-{:02}", 2020 + at % 2, 1 + at % 12, 1 + at % 28)
}

fn address(at: u32) -> String {
    let name = format!("{}.{}", given(at), family(at)).to_lowercase();
    format!("{name}{at}@mail.example")
}

/// What columns are found to hold, of which each is made so of the number of the record.
fn kinds(makes: &[Make], names: &[&str], compare: &[(&str, &str)]) -> Vec<ColumnKind> {
    let columns = [&["id"][..], names].concat();
    let row = |at: u32| -> Vec<Option<String>> {
        let values = makes.iter().map(|make| Some(make(at)));
        std::iter::once(Some(at.to_string()))
            .chain(values)
            .collect()
    };
    let rows: Vec<Vec<Option<String>>> = (0..RECORDS).map(row).collect();
    let said = [&[("unique_id", "id")][..], compare].concat();
    let options = ResolveOptions::parse(said).unwrap();
    let records = builder(&columns, &rows, &options).finish().unwrap();
    let columns = records.columns().iter();
    columns.map(|column| column.kind).collect()
}

const ANY: [&str; 4] = ["c1", "c2", "c3", "c4"];

#[test]
fn two_words_beside_days_of_birth_are_names() {
    use ColumnKind::{City, Date, FamilyName, GivenName};
    for (makes, found) in [
        ([given as Make, family, born], [GivenName, FamilyName, Date]),
        // There are fewer given names.
        ([family, given, born], [FamilyName, GivenName, Date]),
        // These do not stand beside each other; days of orders are of few years.
        ([given, born, family], [City, Date, City]),
        ([given, family, ordered], [City, City, Date]),
    ] {
        assert_eq!(kinds(&makes, &ANY[..3], &[]), found);
    }
    // A district follows from a town, and is none of its names.
    let district = |at: u32| {
        let town = (at * 11 + at / 40) % 90;
        word("Vo", town % 65)
    };
    assert_eq!(
        kinds(&[town, district, born], &ANY[..3], &[]),
        [City, City, Date]
    );
}

#[test]
fn addresses_tell_which_columns_have_the_names() {
    use ColumnKind::{City, Email, FamilyName, GivenName};
    assert_eq!(
        kinds(&[family, town, address, given], &ANY, &[]),
        [FamilyName, City, Email, GivenName]
    );
}

#[test]
fn what_is_said_or_named_is_not_looked_for() {
    use ColumnKind::{City, Date, FamilyName, GivenName};
    let makes: [Make; 3] = [given, family, born];
    assert_eq!(
        kinds(&makes, &["c1", "surname", "c3"], &[]),
        [City, FamilyName, Date]
    );
    assert_eq!(
        kinds(&makes, &ANY[..3], &[("compare", "c2 given_name")]),
        [City, GivenName, Date]
    );
    assert_eq!(
        kinds(&makes, &ANY[..3], &[("compare", "c2 city")]),
        [City, City, Date]
    );
}
