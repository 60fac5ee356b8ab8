//! Columns that say again what other columns say.
//!
//! Systems keep a full name beside the given and the family name that it is made of, and copies of columns.
//! A pair that agrees in one agrees in the others, so that each further one counted as evidence of its own
//! would make the pair surer than it is (the assumption of Fellegi and Sunter that comparisons are
//! independent, broken by construction rather than by chance).

use std::cmp::Reverse;
use std::collections::HashSet;

use super::hint::Hint;
use super::kind::ColumnKind;
use super::options::ResolveOptions;
use super::read_column::ColumnReader;

/// How many records are looked at.
const SAMPLE: usize = 2000;
/// Of fewer records nothing is said.
const FEW: usize = 50;
/// The share of the records in which it has to be so.
const ALL_BUT_FEW: f64 = 0.98;
/// A column whose values are hardly ever there is no part of another.
const LEAST_PRESENT: f64 = 0.02;

/// The words of the values of a column in the records that are looked at.
type Words = Vec<HashSet<String>>;

/// Which of some columns say nothing that the others do not say, and what of those says it: of a copy the
/// one that it is of. Those whose comparison is said stay.
pub(super) fn repeated(
    columns: &[&ColumnReader],
    rows: usize,
    options: &ResolveOptions,
) -> Vec<Option<Vec<usize>>> {
    let mut repeated: Vec<Option<Vec<usize>>> = vec![None; columns.len()];
    if rows < FEW {
        return repeated;
    }
    let step = rows.div_ceil(SAMPLE);
    let words: Vec<Words> = columns
        .iter()
        .map(|column| {
            (0..rows)
                .step_by(step)
                .map(|row| column.words(row))
                .collect()
        })
        .collect();
    let count = |at: usize| words[at].iter().map(HashSet::len).sum::<usize>();
    let mut longest_first: Vec<usize> = (0..columns.len()).collect();
    // Of copies the first stays.
    longest_first.sort_by_key(|at| Reverse((count(*at), *at)));
    for at in longest_first {
        if options.declared(columns[at].name()).is_some() {
            continue;
        }
        // What is not compared as what it holds says nothing in its place.
        let is_other = |other: &usize| {
            let declared = options.declared(columns[*other].name());
            let is_compared = !matches!(
                declared,
                Some(ColumnKind::Ignore | ColumnKind::Key | ColumnKind::Levels)
            );
            *other != at && repeated[*other].is_none() && is_compared
        };
        let others = (0..columns.len()).filter(is_other);
        let places: Vec<usize> = others
            .filter(|other| is_part(&words[*other], &words[at]))
            .collect();
        let parts: Vec<&Words> = places.iter().map(|place| &words[*place]).collect();
        // What has a form of its own is known by the whole of it: an address by its `@`, a date by its
        // numbers.
        let is_repeated = !parts.is_empty()
            && is_covered(&words[at], &parts)
            && (has_words(columns[at], &words[at]) || has_copy(&words[at], &parts));
        repeated[at] = is_repeated.then_some(places);
    }
    // What one of them repeats may be repeated itself.
    let stays: Vec<bool> = repeated.iter().map(Option::is_none).collect();
    for (at, of) in repeated.iter_mut().enumerate() {
        if let Some(of) = of {
            of.retain(|other| stays[*other]);
            let copied = of
                .iter()
                .find(|other| is_covered(&words[at], &[&words[**other]]));
            if let Some(copied) = copied.copied() {
                *of = vec![copied];
            }
        }
    }
    repeated
}

/// Whether the words of a column are among those of another, wherever both have a value.
fn is_part(part: &Words, whole: &Words) -> bool {
    let mut both = 0;
    let mut within = 0;
    let present = whole.iter().filter(|words| !words.is_empty()).count();
    for (part, whole) in part.iter().zip(whole) {
        if !part.is_empty() && !whole.is_empty() {
            both += 1;
            within += usize::from(part.is_subset(whole));
        }
    }
    let is_there = both as f64 >= LEAST_PRESENT * present as f64;
    both > 0 && is_there && within as f64 >= ALL_BUT_FEW * both as f64
}

/// Whether the parts have all words of a column, wherever it has a value.
fn is_covered(whole: &Words, parts: &[&Words]) -> bool {
    let mut present = 0;
    let mut covered = 0;
    for (row, words) in whole.iter().enumerate() {
        if !words.is_empty() {
            let mut has_each = words
                .iter()
                .map(|word| parts.iter().any(|part| part[row].contains(word)));
            present += 1;
            covered += usize::from(has_each.all(|has| has));
        }
    }
    present >= FEW && covered as f64 >= ALL_BUT_FEW * present as f64
}

/// Whether one of the parts is all of it.
fn has_copy(whole: &Words, parts: &[&Words]) -> bool {
    parts.iter().any(|part| is_covered(whole, &[part]))
}

/// Whether the values of a column are words, most of letters: names have digits at times, as `B2B` has. So
/// have postal codes, and other codes, most of whose words are to be of letters alone.
fn has_words(column: &ColumnReader, words: &Words) -> bool {
    let are_codes = matches!(column.hint(), Hint::Postcode | Hint::Identifier);
    let has_letters = |word: &String| match are_codes {
        true => word.chars().all(char::is_alphabetic),
        false => word.chars().any(char::is_alphabetic),
    };
    let all = words.iter().flatten();
    let (letters, all) = all.fold((0, 0), |(letters, all), word| {
        (letters + usize::from(has_letters(word)), all + 1)
    });
    2 * letters > all && !column.has_mark('@')
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray};

    use super::*;

    const GIVEN: [&str; 5] = ["Anna", "Boris", "Chloé", "Dmitri", "Eve"];
    const FAMILY: [&str; 7] = ["Adler", "Bruhn", "Costa", "Duval", "Ende", "Fuchs", "Gomez"];

    fn reader(name: &str, value: impl Fn(usize) -> String) -> ColumnReader {
        let values: StringArray = (0..100).map(|row| Some(value(row))).collect();
        let mut reader = ColumnReader::new(name, Hint::of(name));
        reader.push(&(Arc::new(values) as ArrayRef));
        reader
    }

    fn given(row: usize) -> String {
        GIVEN[row % 5].to_owned()
    }

    fn family(row: usize) -> String {
        FAMILY[row % 7].to_owned()
    }

    fn found(columns: &[ColumnReader], options: &ResolveOptions) -> Vec<bool> {
        let repeated = repeated(&columns.iter().collect::<Vec<_>>(), 100, options);
        repeated.iter().map(Option::is_some).collect()
    }

    #[test]
    fn what_a_column_repeats_is_told() {
        let full = |row: usize| format!("{} {}", given(row), family(row));
        let columns = [
            reader("full", full),
            reader("given", given),
            reader("full_again", full),
            reader("family", family),
            reader("given_again", given),
        ];
        let repeated = repeated(
            &columns.iter().collect::<Vec<_>>(),
            100,
            &ResolveOptions::default(),
        );
        let of_names = Some(vec![1, 3]);
        assert_eq!(
            repeated,
            [of_names.clone(), None, of_names, None, Some(vec![1])]
        );
    }

    #[test]
    fn a_name_made_of_others_is_known() {
        let columns = [
            reader("full", |row| {
                format!("{}, {}", family(row).to_uppercase(), given(row))
            }),
            reader("given", given),
            reader("family", family),
        ];
        let mut options = ResolveOptions::default();
        assert_eq!(found(&columns, &options), [true, false, false]);
        options.compare = vec![("given".to_owned(), ColumnKind::Ignore)];
        assert_eq!(found(&columns, &options), [false; 3]);
        options.compare = vec![("full".to_owned(), ColumnKind::FullName)];
        assert_eq!(found(&columns, &options), [false; 3]);
        options.compare.clear();
        options.block_on = vec!["given".to_owned()];
        assert_eq!(found(&columns, &options), [false; 3]);
    }

    #[test]
    fn names_with_digits_are_made_of_others() {
        let numbered = |name: String, row: usize| format!("{name}{}", row % 5);
        let columns = [
            reader("full", |row| {
                format!(
                    "{} {}",
                    numbered(given(row), row),
                    numbered(family(row), row)
                )
            }),
            reader("given", |row| numbered(given(row), row)),
            reader("family", |row| numbered(family(row), row)),
        ];
        let options = ResolveOptions::default();
        assert_eq!(found(&columns, &options), [true, false, false]);
        // Codes are known by the whole of them.
        let codes = |name: &str| {
            [
                reader(name, |row| format!("sw{}a {}bb", row % 9, row % 7)),
                reader("first_half", |row| format!("sw{}a", row % 9)),
                reader("second_half", |row| format!("{}bb", row % 7)),
            ]
        };
        assert_eq!(found(&codes("postcode"), &options), [false; 3]);
        assert_eq!(found(&codes("article_number"), &options), [false; 3]);
    }

    #[test]
    fn what_is_written_otherwise_in_some_records_says_more() {
        let full = |row: usize| match row % 10 {
            0 => format!("{} {}", given(row + 1), family(row)),
            _ => format!("{} {}", given(row), family(row)),
        };
        let columns = [
            reader("full", full),
            reader("given", given),
            reader("family", family),
        ];
        assert_eq!(found(&columns, &ResolveOptions::default()), [false; 3]);
    }

    #[test]
    fn of_copies_the_first_stays() {
        let columns = [reader("a", family), reader("b", family)];
        assert_eq!(found(&columns, &ResolveOptions::default()), [false, true]);
    }

    #[test]
    fn addresses_and_dates_are_known_by_the_whole_of_them() {
        let columns = [
            reader("email", |row| {
                format!("{}@{}.example", given(row), family(row))
            }),
            reader("local", given),
            reader("domain", |row| format!("{}.example", family(row))),
        ];
        assert_eq!(found(&columns, &ResolveOptions::default()), [false; 3]);
        let columns = [
            reader("born", |row| {
                format!(
                    "{}-{:02}-{:02}",
                    1950 + row % 50,
                    row % 12 + 1,
                    row % 28 + 1
                )
            }),
            reader("year", |row| format!("{}", 1950 + row % 50)),
            reader("month", |row| format!("{:02}", row % 12 + 1)),
            reader("day", |row| format!("{:02}", row % 28 + 1)),
        ];
        assert_eq!(found(&columns, &ResolveOptions::default()), [false; 4]);
    }
}
