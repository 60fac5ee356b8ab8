//! Writes streets, and whole addresses, in one way.
//!
//! By the words of `normalize_address`, those of the United States Postal Service's Publication 28 among them,
//! but in one pass: of a column, each distinct value is written so.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::clean::fold;
use crate::normalize::address_text::{is_ordinal, is_street, is_street_at};
use crate::normalize::address_words::{ENGLISH_STREETS, FRENCH_STREETS, ORDINALS, UNITS};

/// What a word of an address is.
#[derive(Clone, Copy)]
enum Word {
    /// A street, as it is written in full.
    Street(&'static str),
    /// A part of a building, which its number or letter follows.
    Unit,
}

static WORDS: LazyLock<HashMap<&str, Word>> = LazyLock::new(|| {
    let streets = ENGLISH_STREETS.iter();
    let streets = streets.map(|(short, long)| (*short, Word::Street(long)));
    let units = UNITS.iter().flat_map(|(short, long)| [*short, *long]);
    streets
        .chain(units.map(|word| (word, Word::Unit)))
        .collect()
});

/// The house numbers and those of parts of the building behind them, a bar, and the names without blanks.
pub(super) fn clean_street(text: &str, folded: &mut String, street: &mut String) {
    match text.contains('#') {
        true => fold(&text.replace('#', " unit "), folded),
        false => fold(text, folded),
    }
    let words: Vec<&str> = folded.split(' ').collect();
    let word_at = |position: usize| words.get(position).copied().unwrap_or_default();
    let names_unit = |position: usize| {
        let next = word_at(position + 1);
        matches!(WORDS.get(word_at(position)), Some(Word::Unit))
            && (starts_with_digit(next) || next.chars().count() == 1)
    };
    let (mut units, mut names) = (Vec::new(), String::with_capacity(folded.len() + 8));
    for (position, word) in words.iter().copied().enumerate() {
        let before = position.checked_sub(1);
        if before.is_some_and(names_unit) {
            units.push(word);
        } else if starts_with_digit(word) && !is_ordinal(word) {
            push_number(word, street);
        } else if !names_unit(position) {
            push_name(&words, position, &mut names);
        }
    }
    units.iter().for_each(|number| push_number(number, street));
    if !street.is_empty() || !names.is_empty() {
        street.push('|');
        street.push_str(&names);
    }
}

fn starts_with_digit(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_digit())
}

fn push_number(number: &str, street: &mut String) {
    if !street.is_empty() {
        street.push('-');
    }
    street.push_str(number);
}

/// Writes a word that is no number.
fn push_name(words: &[&str], position: usize, names: &mut String) {
    let word = words[position];
    match word {
        "st" | "dr" => names.push_str(match (word, is_behind_name(words, position)) {
            ("st", true) => "street",
            ("st", false) => "saint",
            (_, true) => "drive",
            (_, false) => "doctor",
        }),
        "no" | "nr" => {}
        _ => match (WORDS.get(word).copied(), ordinal(words, position)) {
            (Some(Word::Street(whole)), _) | (_, Some(whole)) => names.push_str(whole),
            _ => {
                names.push_str(word);
                if word.ends_with("str") && word.len() > 5 {
                    names.push_str("asse");
                }
            }
        },
    }
}

/// Whether `st` or `dr` is a street: behind its name, and not between what streets are called in France and
/// their names.
fn is_behind_name(words: &[&str], position: usize) -> bool {
    let last = position.checked_sub(1).map(|before| words[before]);
    let is_french = |last: &str| FRENCH_STREETS.iter().any(|(_, long)| *long == last);
    !last.is_some_and(is_french) && is_street_at(words, position, last)
}

/// The number of a street that is written as a word.
fn ordinal(words: &[&str], position: usize) -> Option<&'static str> {
    let (_, number) = ORDINALS.iter().find(|(word, _)| *word == words[position])?;
    let next = words.get(position + 1)?;
    is_street(next).then_some(*number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> String {
        let (mut folded, mut street) = (String::new(), String::new());
        clean_street(text, &mut folded, &mut street);
        street
    }

    #[test]
    fn an_address_is_one_however_it_is_written() {
        let cases: [(&[&str], &str); 9] = [
            (
                &[
                    "865 Leslie Street, Apt 5, South Toniburgh, UT 49367",
                    "#5 865 LESLIE ST SOUTH TONIBURGH UT 49367",
                    "865 Leslie St. Unit 5, South Toniburgh, UT 49367",
                ],
                "865-49367-5|lesliestreetsouthtoniburghut",
            ),
            (&["12 Elm Dr", "12 Elm Drive"], "12|elmdrive"),
            (
                &["12 Elm Dr Springfield", "12 Elm Drive Springfield"],
                "12|elmdrivespringfield",
            ),
            (
                &["1 St James St", "1 Saint James Street"],
                "1|saintjamesstreet",
            ),
            (
                &["1 Dr Seuss Rd", "1 Doctor Seuss Road"],
                "1|doctorseussroad",
            ),
            (
                &["3 rue St Jacques", "3, rue Saint-Jacques"],
                "3|ruesaintjacques",
            ),
            (
                &["Flat B, 7 High St", "7 High Street, Flat B"],
                "7-b|highstreet",
            ),
            (&["747 Ninth Ave.", "747 9th Avenue"], "747|9thavenue"),
            (&["Hauptstr. 5", "Hauptstraße 5"], "5|hauptstrasse"),
        ];
        for (texts, written) in cases {
            for text in texts {
                assert_eq!(cleaned(text), written, "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_part_of_a_building_stays_a_name() {
        assert_eq!(cleaned("4 Suite Street"), "4|suitestreet");
        assert_eq!(cleaned("Room"), "|room");
        assert_eq!(cleaned("no 17"), "17|");
        for nothing in ["", " , ", "no"] {
            assert_eq!(cleaned(nothing), "", "{nothing}");
        }
    }
}
