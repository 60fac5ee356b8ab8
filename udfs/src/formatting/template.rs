//! Templates of dates and times, read into their patterns.
//!
//! The patterns are those of PostgreSQL's manual, 9.8 "Data Type Formatting Functions"; where two
//! begin alike the longer one counts.

use super::roman::Letters;

/// How a name is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Upper,
    Capital,
    Lower,
}

/// What a pattern stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// `AM` or `PM`; with dots or without.
    Meridiem {
        dotted: bool,
        case: Case,
    },
    /// `AD` or `BC`.
    Era {
        dotted: bool,
        case: Case,
    },
    Century,
    /// A name of a weekday, padded to the longest of them.
    Weekday(Case),
    /// Three letters of it.
    ShortWeekday(Case),
    /// Sunday is 1.
    DayOfWeek,
    /// Monday is 1.
    IsoDayOfWeek,
    DayOfMonth,
    DayOfYear,
    IsoDayOfYear,
    /// So many digits of a second.
    Fraction(usize),
    Milliseconds,
    Microseconds,
    /// From here on, text is read exactly.
    Exactly,
    Hour24,
    Hour12,
    Minute,
    Second,
    SecondOfDay,
    /// The last so many digits of the year; from 4 on, the whole.
    Year(usize),
    YearWithComma,
    IsoYear(usize),
    Month,
    MonthName(Case),
    ShortMonth(Case),
    RomanMonth(Letters),
    Quarter,
    Week,
    IsoWeek,
    WeekOfMonth,
    JulianDay,
    ZoneOffset,
    ZoneHours,
    ZoneMinutes,
    ZoneName(Case),
}

/// The `TH` behind a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ordinal {
    Upper,
    Lower,
}

/// A pattern, with what is said before and behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) field: Field,
    /// As written, without prefix and suffix.
    pub(super) name: String,
    /// `FM`: no blanks, no zeros in front.
    pub(super) is_filled: bool,
    /// `TM`: a name in the session's language, which is English; not padded.
    pub(super) is_translated: bool,
    pub(super) ordinal: Option<Ordinal>,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Pattern(Pattern),
    /// Punctuation.
    Separator(char),
    Space(char),
    Literal(char),
}

const KEYWORDS: &[(&str, Field)] = {
    use Case::{Capital, Lower, Upper};
    const fn meridiem(dotted: bool, case: Case) -> Field {
        Field::Meridiem { dotted, case }
    }
    const fn era(dotted: bool, case: Case) -> Field {
        Field::Era { dotted, case }
    }
    &[
        ("A.D.", era(true, Upper)),
        ("A.M.", meridiem(true, Upper)),
        ("AD", era(false, Upper)),
        ("AM", meridiem(false, Upper)),
        ("B.C.", era(true, Upper)),
        ("BC", era(false, Upper)),
        ("CC", Field::Century),
        ("DAY", Field::Weekday(Upper)),
        ("DDD", Field::DayOfYear),
        ("DD", Field::DayOfMonth),
        ("DY", Field::ShortWeekday(Upper)),
        ("Day", Field::Weekday(Capital)),
        ("Dy", Field::ShortWeekday(Capital)),
        ("D", Field::DayOfWeek),
        ("FF1", Field::Fraction(1)),
        ("FF2", Field::Fraction(2)),
        ("FF3", Field::Fraction(3)),
        ("FF4", Field::Fraction(4)),
        ("FF5", Field::Fraction(5)),
        ("FF6", Field::Fraction(6)),
        ("FX", Field::Exactly),
        ("HH24", Field::Hour24),
        ("HH12", Field::Hour12),
        ("HH", Field::Hour12),
        ("IDDD", Field::IsoDayOfYear),
        ("ID", Field::IsoDayOfWeek),
        ("IW", Field::IsoWeek),
        ("IYYY", Field::IsoYear(4)),
        ("IYY", Field::IsoYear(3)),
        ("IY", Field::IsoYear(2)),
        ("I", Field::IsoYear(1)),
        ("J", Field::JulianDay),
        ("MI", Field::Minute),
        ("MM", Field::Month),
        ("MONTH", Field::MonthName(Upper)),
        ("MON", Field::ShortMonth(Upper)),
        ("MS", Field::Milliseconds),
        ("Month", Field::MonthName(Capital)),
        ("Mon", Field::ShortMonth(Capital)),
        ("OF", Field::ZoneOffset),
        ("P.M.", meridiem(true, Upper)),
        ("PM", meridiem(false, Upper)),
        ("Q", Field::Quarter),
        ("RM", Field::RomanMonth(Letters::Upper)),
        ("SSSSS", Field::SecondOfDay),
        ("SSSS", Field::SecondOfDay),
        ("SS", Field::Second),
        ("TZH", Field::ZoneHours),
        ("TZM", Field::ZoneMinutes),
        ("TZ", Field::ZoneName(Upper)),
        ("US", Field::Microseconds),
        ("WW", Field::Week),
        ("W", Field::WeekOfMonth),
        ("Y,YYY", Field::YearWithComma),
        ("YYYY", Field::Year(4)),
        ("YYY", Field::Year(3)),
        ("YY", Field::Year(2)),
        ("Y", Field::Year(1)),
        ("a.d.", era(true, Lower)),
        ("a.m.", meridiem(true, Lower)),
        ("ad", era(false, Lower)),
        ("am", meridiem(false, Lower)),
        ("b.c.", era(true, Lower)),
        ("bc", era(false, Lower)),
        ("cc", Field::Century),
        ("day", Field::Weekday(Lower)),
        ("ddd", Field::DayOfYear),
        ("dd", Field::DayOfMonth),
        ("dy", Field::ShortWeekday(Lower)),
        ("d", Field::DayOfWeek),
        ("ff1", Field::Fraction(1)),
        ("ff2", Field::Fraction(2)),
        ("ff3", Field::Fraction(3)),
        ("ff4", Field::Fraction(4)),
        ("ff5", Field::Fraction(5)),
        ("ff6", Field::Fraction(6)),
        ("fx", Field::Exactly),
        ("hh24", Field::Hour24),
        ("hh12", Field::Hour12),
        ("hh", Field::Hour12),
        ("iddd", Field::IsoDayOfYear),
        ("id", Field::IsoDayOfWeek),
        ("iw", Field::IsoWeek),
        ("iyyy", Field::IsoYear(4)),
        ("iyy", Field::IsoYear(3)),
        ("iy", Field::IsoYear(2)),
        ("i", Field::IsoYear(1)),
        ("j", Field::JulianDay),
        ("mi", Field::Minute),
        ("mm", Field::Month),
        ("month", Field::MonthName(Lower)),
        ("mon", Field::ShortMonth(Lower)),
        ("ms", Field::Milliseconds),
        ("of", Field::ZoneOffset),
        ("p.m.", meridiem(true, Lower)),
        ("pm", meridiem(false, Lower)),
        ("q", Field::Quarter),
        ("rm", Field::RomanMonth(Letters::Lower)),
        ("sssss", Field::SecondOfDay),
        ("ssss", Field::SecondOfDay),
        ("ss", Field::Second),
        ("tzh", Field::ZoneHours),
        ("tzm", Field::ZoneMinutes),
        ("tz", Field::ZoneName(Lower)),
        ("us", Field::Microseconds),
        ("ww", Field::Week),
        ("w", Field::WeekOfMonth),
        ("y,yyy", Field::YearWithComma),
        ("yyyy", Field::Year(4)),
        ("yyy", Field::Year(3)),
        ("yy", Field::Year(2)),
        ("y", Field::Year(1)),
    ]
};

impl Field {
    /// Whether it is read as digits that cannot be told from digits before them.
    pub(super) fn is_digits(self) -> bool {
        !matches!(
            self,
            Self::Meridiem { .. }
                | Self::Era { .. }
                | Self::Weekday(_)
                | Self::ShortWeekday(_)
                | Self::Exactly
                | Self::MonthName(_)
                | Self::ShortMonth(_)
                | Self::RomanMonth(_)
                | Self::ZoneOffset
                | Self::ZoneHours
                | Self::ZoneName(_)
        )
    }
}

/// Reads a template; every text is one.
pub(super) fn parse(template: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = template;
    while !rest.is_empty() {
        let (is_filled, is_translated);
        (is_filled, is_translated, rest) = prefix(rest);
        let keyword = KEYWORDS.iter().find(|(name, _)| rest.starts_with(name));
        if let Some((name, field)) = keyword {
            let ordinal;
            (ordinal, rest) = suffix(rest.split_at(name.len()).1);
            parts.push(Part::Pattern(Pattern {
                field: *field,
                name: (*name).to_owned(),
                is_filled,
                is_translated,
                ordinal,
            }));
        } else if let Some(quoted) = rest.strip_prefix('"') {
            rest = literal(quoted, &mut parts);
        } else {
            // A backslash counts before a quotation mark alone.
            let unescaped = rest.strip_prefix('\\').filter(|next| next.starts_with('"'));
            let mut characters = unescaped.unwrap_or(rest).chars();
            parts.extend(characters.next().map(plain));
            rest = characters.as_str();
        }
    }
    parts
}

fn prefix(text: &str) -> (bool, bool, &str) {
    for (word, is_filled) in [("FM", true), ("fm", true), ("TM", false), ("tm", false)] {
        if let Some(rest) = text.strip_prefix(word) {
            return (is_filled, !is_filled, rest);
        }
    }
    (false, false, text)
}

fn suffix(text: &str) -> (Option<Ordinal>, &str) {
    for (word, ordinal) in [
        ("TH", Some(Ordinal::Upper)),
        ("th", Some(Ordinal::Lower)),
        // "Spell mode", which PostgreSQL takes and does nothing about.
        ("SP", None),
    ] {
        if let Some(rest) = text.strip_prefix(word) {
            return (ordinal, rest);
        }
    }
    (None, text)
}

/// Takes text up to a quotation mark, and answers what is behind it.
fn literal<'a>(quoted: &'a str, parts: &mut Vec<Part>) -> &'a str {
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => parts.push(Part::Literal(characters.next().unwrap_or('\\'))),
            other => parts.push(Part::Literal(other)),
        }
    }
    characters.as_str()
}

fn plain(character: char) -> Part {
    if is_separator(character) {
        Part::Separator(character)
    } else if is_space(character) {
        Part::Space(character)
    } else {
        Part::Literal(character)
    }
}

/// Punctuation of ASCII.
pub(super) fn is_separator(character: char) -> bool {
    character.is_ascii_punctuation()
}

/// The white space of C.
pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r')
}
