//! Which columns have the given and the family names of people, where the names of the columns do not tell.
//!
//! Of the names of people those of few languages are known, and what these are beside tells in any language:
//! an e-mail address, or a name in full, is made of both; and where days of birth are, two columns of a word
//! each that stand beside each other have the two names, unless one follows from the other, as a county from
//! a town. There are fewer given names than family names.

use std::cmp::Reverse;
use std::collections::HashSet;

use chrono::Datelike;

use super::clean::{fold, squeeze};
use super::date_order::DateOrders;
use super::dictionary::MISSING;
use super::hint::Hint;
use super::kind::ColumnKind;
use super::options::ResolveOptions;
use super::read_column::ColumnReader;
use crate::normalize::nicknames::is_given_name;

/// About how many records, or distinct values, are looked at.
const SAMPLE: usize = 2000;
/// Fewer distinct values are no names.
const FEWEST: usize = 60;
/// In which share of the records an address, or a name in full, has a name at least.
const WITHIN: f64 = 0.2;
/// How often one of two names is before the other for that to tell which one it is.
const MOSTLY: f64 = 0.8;
/// How many different values of one column are beside each of another, if none follows from the other.
const INDEPENDENT: f64 = 1.2;
/// The share of the records with a given name that is known, from which on a column has given names; and
/// from which on one has them rather than another, of which so much fewer are known.
const KNOWN: f64 = 0.1;
const KNOWN_OF_TWO: f64 = 0.05;
const FEWER: f64 = 3.0;
/// By how much fewer distinct values tell which of two columns has given names.
const FEWER_NAMES: f64 = 0.95;
/// Over how many years days of birth spread at least, those of one in ten at either end left out.
const YEARS: i32 = 15;

/// Has the columns that have the given and the family names of people hold these, if none of the columns is
/// named so.
pub(super) fn expect_names(columns: &mut [&mut ColumnReader], options: &ResolveOptions) {
    if columns.iter().any(|column| is_said(column, options)) {
        return;
    }
    if let Some((given, family)) = given_and_family(columns, options) {
        columns[given].expect(Hint::Given);
        columns[family].expect(Hint::Family);
    }
}

/// Whether a column is said to have names of people.
fn is_said(column: &ColumnReader, options: &ResolveOptions) -> bool {
    match options.declared(column.name()) {
        None => matches!(
            column.hint(),
            Hint::Given | Hint::Family | Hint::FullName | Hint::GivenOrFull | Hint::FamilyOrFull
        ),
        Some(kind) => matches!(
            kind,
            ColumnKind::GivenName | ColumnKind::FamilyName | ColumnKind::FullName
        ),
    }
}

/// The places of the columns of given and of family names.
fn given_and_family(
    columns: &[&mut ColumnReader],
    options: &ResolveOptions,
) -> Option<(usize, usize)> {
    let is_open = |at: &usize| {
        let column = &columns[*at];
        let is_unnamed = matches!(column.hint(), Hint::None | Hint::Name);
        is_unnamed && options.declared(column.name()).is_none() && has_words(column)
    };
    let open: Vec<usize> = (0..columns.len()).filter(is_open).collect();
    if open.len() < 2 {
        return None;
    }
    let wholes = columns.iter().filter(|column| is_whole(column));
    let mut told = wholes.filter_map(|whole| told_by(whole, columns, &open));
    if let Some(told) = told.next() {
        return Some(told);
    }
    let beside = open.windows(2).filter_map(|two| match two {
        [one, other] if other - one == 1 => Some((*one, *other)),
        _ => None,
    });
    let beside: Vec<(usize, usize)> = beside
        .filter(|(one, other)| are_independent(columns[*one], columns[*other]))
        .collect();
    let known: Vec<f64> = (0..columns.len())
        .map(|at| match open.contains(&at) && !beside.is_empty() {
            true => known_given(columns[at]),
            false => 0.0,
        })
        .collect();
    // Of three columns, those with the names that are known; elsewhere the first.
    let most_known = |two: &(usize, usize)| {
        let most = known[two.0].max(known[two.1]);
        if most < KNOWN_OF_TWO { 0.0 } else { most }
    };
    let first = beside.first()?;
    let best = beside.iter().fold(first, |best, two| {
        if most_known(two) > most_known(best) {
            two
        } else {
            best
        }
    });
    let (one, other) = *best;
    let are_of_people = most_known(best) > KNOWN || columns.iter().any(|it| has_births(it));
    if !are_of_people {
        return None;
    }
    let is_other = match (known[one], known[other]) {
        (one, other) if one >= KNOWN_OF_TWO && one > FEWER * other => false,
        (one, other) if other >= KNOWN_OF_TWO && other > FEWER * one => true,
        _ => is_less_diverse(columns[other], columns[one]),
    };
    Some(if is_other { (other, one) } else { (one, other) })
}

/// Whether a column has clearly fewer distinct values than another.
fn is_less_diverse(column: &ColumnReader, than: &ColumnReader) -> bool {
    let values = |column: &ColumnReader| column.dictionary().len() as f64;
    values(column) < FEWER_NAMES * values(than)
}

/// Some distinct values of a column. Which these are does not depend on the order of the records.
fn some_values(column: &ColumnReader) -> Vec<&str> {
    let values = column.dictionary();
    let most = share_of_hashes(values.len());
    (1..values.len() as u32)
        .filter(|code| values.hash(*code) <= most)
        .map(|code| values.text(code))
        .collect()
}

/// The records of some values of a column, likewise, with those values.
fn some_records(column: &ColumnReader) -> Vec<(usize, &str)> {
    let values = column.dictionary();
    let codes = column.codes().iter().enumerate();
    let present = codes.filter(|(_, code)| **code != MISSING);
    let most = share_of_hashes(column.codes().len());
    present
        .filter(|(_, code)| values.hash(**code) <= most)
        .map(|(row, code)| (row, values.text(*code)))
        .collect()
}

/// Up to which hash about so many of all are that are to be looked at.
fn share_of_hashes(all: usize) -> u64 {
    let most = (SAMPLE as u128) << 64;
    u64::try_from(most / all.max(1) as u128).unwrap_or(u64::MAX)
}

fn share<T>(all: &[T], is: impl Fn(&T) -> bool) -> f64 {
    all.iter().filter(|of| is(of)).count() as f64 / all.len().max(1) as f64
}

/// Whether a column has many values, nearly all of them a word.
fn has_words(column: &ColumnReader) -> bool {
    let is_letter = |letter: char| letter.is_alphabetic() || matches!(letter, '\'' | '’' | '-');
    let is_word = |value: &&str| {
        let value = value.trim();
        value.starts_with(char::is_alphabetic) && value.chars().all(is_letter)
    };
    column.dictionary().len() > FEWEST && share(&some_values(column), is_word) > 0.9
}

/// Whether a column has e-mail addresses, or names in full.
fn is_whole(column: &ColumnReader) -> bool {
    let values = some_values(column);
    let is_full = |value: &&str| {
        let words = value.split_whitespace().count();
        (2..=3).contains(&words) && !value.bytes().any(|byte| byte.is_ascii_digit())
    };
    let is_address = |value: &&str| value.find('@') > Some(0);
    column.dictionary().len() > FEWEST
        && (share(&values, is_address) > 0.5 || share(&values, is_full) > 0.8)
}

/// The given and the family name that addresses, or names in full, are made of.
fn told_by(
    whole: &ColumnReader,
    columns: &[&mut ColumnReader],
    open: &[usize],
) -> Option<(usize, usize)> {
    let records = some_records(whole);
    if records.len() < FEWEST {
        return None;
    }
    let (mut folded, mut squeezed) = (String::new(), String::new());
    let mut plain = |text: &str| {
        fold(text, &mut folded);
        squeezed.clear();
        squeeze(&folded, &mut squeezed);
        squeezed.clone()
    };
    // Where each of the open columns is within the whole, record by record.
    let mut within: Vec<Vec<Option<usize>>> = vec![Vec::new(); open.len()];
    for (row, whole) in records {
        let whole = plain(whole.split('@').next().unwrap_or(whole));
        for (column, within) in open.iter().zip(&mut within) {
            let part = plain(columns[*column].value(row));
            let is_long = part.chars().count() > 2 || !part.is_ascii();
            within.push(whole.find(&part).filter(|_| is_long));
        }
    }
    let how_often = |at: &usize| within[*at].iter().flatten().count();
    let mut most: Vec<usize> = (0..open.len()).collect();
    most.sort_by_key(|at| Reverse(how_often(at)));
    let (one, other) = (*most.first()?, *most.get(1)?);
    let least = WITHIN * within[one].len() as f64;
    if (how_often(&other) as f64) < least {
        return None;
    }
    let both = within[one].iter().zip(&within[other]);
    let both: Vec<(usize, usize)> = both.filter_map(|(one, other)| (*one).zip(*other)).collect();
    let before = share(&both, |(one, other)| one < other);
    let (one, other) = (open[one], open[other]);
    let is_other = if !both.is_empty() && before >= MOSTLY {
        false
    } else if !both.is_empty() && before <= 1.0 - MOSTLY {
        true
    } else if is_less_diverse(columns[one], columns[other]) {
        false
    } else {
        is_less_diverse(columns[other], columns[one]) || other < one
    };
    Some(if is_other { (other, one) } else { (one, other) })
}

/// Whether no value of one column follows from one of another.
fn are_independent(one: &ColumnReader, other: &ColumnReader) -> bool {
    let beside = |of: &ColumnReader, other: &ColumnReader| {
        let (mut values, mut pairs) = (HashSet::new(), HashSet::new());
        for (row, _) in some_records(of) {
            let (code, beside) = (of.code(row), other.code(row));
            if beside != MISSING {
                values.insert(code);
                pairs.insert((code, beside));
            }
        }
        pairs.len() as f64 / values.len().max(1) as f64
    };
    beside(one, other) > INDEPENDENT && beside(other, one) > INDEPENDENT
}

/// The share of the records that have a given name that is known.
fn known_given(column: &ColumnReader) -> f64 {
    share(&some_records(column), |(_, value)| {
        is_given_name(value.trim())
    })
}

/// Whether a column has days that people were born on.
fn has_births(column: &ColumnReader) -> bool {
    if column.hint() == Hint::Moment {
        return false;
    }
    let values = some_values(column);
    let (orders, read) = DateOrders::of(&values);
    if values.len() < FEWEST || (read as f64) < 0.8 * values.len() as f64 {
        return false;
    }
    let days = values.iter().filter_map(|value| orders.read(value));
    let mut years: Vec<i32> = days.map(|day| day.year()).collect();
    years.sort_unstable();
    let tenth = years.len() / 10;
    match (
        years.get(tenth),
        years.get(years.len().saturating_sub(tenth + 1)),
    ) {
        (Some(first), Some(last)) => last - first > YEARS,
        _ => false,
    }
}
