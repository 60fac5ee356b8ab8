//! Reads dates as people and systems write them.

use chrono::{Datelike, NaiveDate};

use super::day_count::{excel, unix};
use super::month_names::{is_weekday, month};
use super::time_of_day::without_time;
use super::unicode::is_digits;

/// Longer text is no date.
const MAX_BYTES: usize = 64;
/// A text has at most so many words, numbers and marks.
const MAX_PARTS: usize = 16;
/// 31 December 9999, the last day of Excel and of SQL.
const MAX_YEAR: i32 = 9999;
/// Two-digit years from this one on belong to the twentieth century (as in POSIX `strptime`, and
/// in PostgreSQL up to one year).
const PIVOT: i32 = 69;

/// How the parts of a numeric date follow each other, or what a bare number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Order {
    /// Day, month, year.
    Dmy,
    /// Month, day, year.
    Mdy,
    /// Year, month, day.
    Ymd,
    /// Seconds, milliseconds, microseconds or nanoseconds since 1970.
    Unix,
    /// Days of a spreadsheet, since 1900.
    Excel,
}

impl Order {
    /// Every order by its name.
    pub(super) const ALL: [(&'static str, Self); 5] = [
        ("DMY", Self::Dmy),
        ("MDY", Self::Mdy),
        ("YMD", Self::Ymd),
        ("UNIX", Self::Unix),
        ("EXCEL", Self::Excel),
    ];

    /// The order of this name, in any case.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.trim();
        let found = Self::ALL
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, order)| *order)
    }
}

/// One piece of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part<'a> {
    Number {
        digits: &'a str,
        value: i32,
    },
    Month(u32),
    /// `st`, `de`, `of`, a weekday: read and passed over.
    Filler,
    /// One of `/ - . ,` or an apostrophe; spaces are not kept.
    Mark(char),
}

/// The day that `text` names, or None.
pub(crate) fn parse(text: &str, order: Order) -> Option<NaiveDate> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_BYTES {
        return None;
    }
    let day = match order {
        Order::Unix => return in_range(unix(text)?),
        Order::Excel => return in_range(excel(text)?),
        Order::Dmy | Order::Mdy | Order::Ymd => calendar(text, order)?,
    };
    in_range(day)
}

fn in_range(day: NaiveDate) -> Option<NaiveDate> {
    (1..=MAX_YEAR).contains(&day.year()).then_some(day)
}

fn calendar(text: &str, order: Order) -> Option<NaiveDate> {
    let date = without_time(text)?;
    if let Some(digits) = digits_of_compact(date) {
        return compact(digits, order);
    }
    let mut parts = [Part::Filler; MAX_PARTS];
    let mut count = 0;
    let mut rest = date;
    while !rest.is_empty() {
        let (part, after) = next_part(rest)?;
        rest = after;
        if let Some(part) = part {
            *parts.get_mut(count)? = part;
            count += 1;
        }
    }
    let parts = parts.get(..count)?;
    let fields: Fields<'_> = fields(parts)?;
    match fields {
        Fields::Numeric([first, second, third]) => numeric(first, second, third, order),
        Fields::Named {
            month,
            before,
            after,
        } => named(month, before, after, order),
    }
}

/// The numbers of a date, and its month where that is a word.
enum Fields<'a> {
    Numeric([Number<'a>; 3]),
    Named {
        month: u32,
        before: Option<Number<'a>>,
        after: [Option<Number<'a>>; 2],
    },
}

type Number<'a> = (&'a str, i32);

fn fields<'a>(parts: &[Part<'a>]) -> Option<Fields<'a>> {
    let mut numbers: [Option<Number<'a>>; 3] = [None; 3];
    let mut count = 0;
    let mut word: Option<(u32, usize)> = None;
    let mut marks = [None; 2];
    let mut marked = 0;
    let mut previous_was_mark = false;
    for part in parts {
        let is_mark = matches!(part, Part::Mark(_));
        match part {
            Part::Number { digits, value } => {
                *numbers.get_mut(count)? = Some((*digits, *value));
                count += 1;
            }
            Part::Month(month) if word.is_none() => word = Some((*month, count)),
            Part::Month(_) => return None,
            Part::Filler => {}
            // "5.-3" is not a date; "3., March" is not either, but harmless.
            Part::Mark('-' | '/') if previous_was_mark => return None,
            Part::Mark(mark @ ('-' | '/' | '.')) if word.is_none() && marked < 2 => {
                marks[marked] = Some(*mark);
                marked += 1;
            }
            Part::Mark(_) => {}
        }
        previous_was_mark = is_mark;
    }
    let [first, second, third] = numbers;
    match word {
        // A number and its separators agree: 5/3-2021 is a typing error, not a date.
        None if marks[0] != marks[1] => None,
        None => Some(Fields::Numeric([first?, second?, third?])),
        Some((month, 0)) => Some(Fields::Named {
            month,
            before: None,
            after: [first, second],
        })
        .filter(|_| third.is_none()),
        Some((month, 1)) => Some(Fields::Named {
            month,
            before: first,
            after: [second, None],
        })
        .filter(|_| third.is_none()),
        Some(_) => None,
    }
}

/// A date whose month is a word: `3 March 2021`, `March 3, 2021`, `2021 March 3`.
fn named(
    month: u32,
    before: Option<Number<'_>>,
    after: [Option<Number<'_>>; 2],
    order: Order,
) -> Option<NaiveDate> {
    let (day, year) = match (before, after) {
        (Some(first), [Some(second), None]) if first.0.len() == 4 => (second, first),
        (Some(first), [Some(second), None]) if order == Order::Ymd && second.0.len() <= 2 => {
            (second, first)
        }
        (Some(first), [Some(second), None]) => (first, second),
        (None, [Some(first), Some(second)]) => (first, second),
        _ => return None,
    };
    date(year, month, day)
}

fn numeric(
    first: Number<'_>,
    second: Number<'_>,
    third: Number<'_>,
    order: Order,
) -> Option<NaiveDate> {
    let (year, month, day) = match order {
        // A year of four digits in front is ISO 8601, whatever the order says.
        _ if first.0.len() == 4 => (first, second, third),
        Order::Ymd => (first, second, third),
        Order::Mdy => (third, first, second),
        _ => (third, second, first),
    };
    if month.0.len() > 2 {
        return None;
    }
    date(year, u32::try_from(month.1).ok()?, day)
}

fn date(year: Number<'_>, month: u32, day: Number<'_>) -> Option<NaiveDate> {
    if day.0.len() > 2 {
        return None;
    }
    NaiveDate::from_ymd_opt(full_year(year)?, month, u32::try_from(day.1).ok()?)
}

fn full_year((digits, value): Number<'_>) -> Option<i32> {
    match digits.len() {
        4 => Some(value),
        2 if value >= PIVOT => Some(1900 + value),
        2 => Some(2000 + value),
        _ => None,
    }
}

/// The digits of a date without separators; a time of day without separators behind them is
/// dropped: `20210305`, `20210305T101500Z`, `20210305101500`.
fn digits_of_compact(text: &str) -> Option<&str> {
    if is_digits(text) && text.len() != 14 {
        return Some(text);
    }
    let (date, time) = text.split_at_checked(8)?;
    let time = time.strip_prefix(['T', 't']).unwrap_or(time);
    let time = time.strip_suffix(['Z', 'z']).unwrap_or(time);
    let pair = |from: usize| time.get(from..from + 2)?.parse::<u8>().ok();
    let is_time = matches!(time.len(), 4 | 6)
        && is_digits(time)
        && pair(0).is_some_and(|hour| hour < 24)
        && pair(2).is_some_and(|minute| minute < 60);
    (is_digits(date) && is_time).then_some(date)
}

/// Eight digits are year, month, day where that is a date, else in the given order; six are in
/// the given order.
fn compact(digits: &str, order: Order) -> Option<NaiveDate> {
    let number = |from: usize, to: usize| {
        let digits = digits.get(from..to)?;
        Some((digits, digits.parse().ok()?))
    };
    match (digits.len(), order) {
        (8, Order::Ymd) => numeric(number(0, 4)?, number(4, 6)?, number(6, 8)?, order),
        (8, _) => {
            let iso = numeric(number(0, 4)?, number(4, 6)?, number(6, 8)?, Order::Ymd)
                .filter(|day| (1800..2200).contains(&day.year()));
            iso.or_else(|| numeric(number(0, 2)?, number(2, 4)?, number(4, 8)?, order))
        }
        (6, _) => numeric(number(0, 2)?, number(2, 4)?, number(4, 6)?, order),
        _ => None,
    }
}

/// Takes one part off the front; None as the part is a space.
fn next_part(text: &str) -> Option<(Option<Part<'_>>, &str)> {
    let first = text.chars().next()?;
    let end_of = |belongs: fn(char) -> bool| {
        text.find(|character| !belongs(character))
            .unwrap_or(text.len())
    };
    if first.is_ascii_digit() {
        let (digits, rest) = text.split_at(end_of(|character| character.is_ascii_digit()));
        let value = (digits.len() <= 4).then(|| digits.parse().ok())??;
        return Some((Some(Part::Number { digits, value }), rest));
    }
    if first.is_alphabetic() {
        let (word, rest) = text.split_at(end_of(|character| {
            // An accent may follow its letter as a character of its own.
            character.is_alphabetic() || matches!(character, '\u{300}'..='\u{36F}')
        }));
        let part = month(word).map_or_else(|| filler(word), |month| Some(Part::Month(month)))?;
        return Some((Some(part), rest));
    }
    let rest = text.get(first.len_utf8()..)?;
    match first {
        '/' | '-' | '.' | ',' | '\'' | 'º' | 'ª' | '°' => Some((Some(Part::Mark(first)), rest)),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some((Some(Part::Mark('-')), rest)),
        '\u{2019}' => Some((Some(Part::Mark('\'')), rest)),
        _ if first.is_whitespace() => Some((None, rest)),
        _ => None,
    }
}

/// Words that dates carry and that say nothing: ordinals, prepositions, weekdays.
fn filler(word: &str) -> Option<Part<'_>> {
    const WORDS: [&str; 12] = [
        "st", "nd", "rd", "th", "er", "ter", "ten", "of", "the", "de", "del", "le",
    ];
    let word = word.to_lowercase();
    let known = WORDS.contains(&word.as_str()) || is_weekday(&word);
    known.then_some(Part::Filler)
}

#[cfg(test)]
mod tests;
