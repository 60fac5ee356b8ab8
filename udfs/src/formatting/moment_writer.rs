//! Writes a moment by a template.

use std::fmt::Write;

use chrono::{DateTime, TimeZone};
use chrono_tz::{OffsetName, Tz};

use super::moment::{Moment, Offset};
use super::roman::MONTHS as ROMAN_MONTHS;
use super::template::{Case, Field, Ordinal, Part, Pattern};
use super::told_moment::told_moment;
use crate::FunctionError;
use crate::calendar;
use crate::postgres::offset_name;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];
/// How wide the longest name is, that of September or Wednesday.
const NAME_WIDTH: usize = 9;
/// How wide the longest numeral of a month is: VIII.
const ROMAN_WIDTH: usize = 4;

/// Appends a moment as the template says, with the names that its time zone has, where it is one of the
/// IANA database.
///
/// # Errors
/// 22007 for a pattern that an interval has no part for.
pub(super) fn write(
    moment: &Moment,
    zone: Option<Tz>,
    template: &[Part],
    text: &mut String,
) -> Result<(), FunctionError> {
    for part in template {
        match part {
            Part::Pattern(pattern) => write_pattern(moment, zone, pattern, text)?,
            Part::Separator(character) | Part::Space(character) | Part::Literal(character) => {
                text.push(*character);
            }
        }
    }
    Ok(())
}

fn write_pattern(
    moment: &Moment,
    zone: Option<Tz>,
    pattern: &Pattern,
    text: &mut String,
) -> Result<(), FunctionError> {
    let start = text.len();
    // Where a value is negative, its sign comes on top of the digits.
    let padded = |text: &mut String, value: i64, digits: usize| {
        let width = match pattern.is_filled {
            true => 0,
            false => digits + usize::from(value < 0),
        };
        // Writing to a String does not fail.
        let _ = write!(text, "{value:0width$}");
    };
    let plain = |text: &mut String, value: i64| {
        let _ = write!(text, "{value}");
    };
    match pattern.field {
        Field::Meridiem { dotted, case } => {
            let name = match (moment.hour % 24 >= 12, dotted) {
                (false, false) => "AM",
                (false, true) => "A.M.",
                (true, false) => "PM",
                (true, true) => "P.M.",
            };
            text.push_str(&cased(name, case));
            return Ok(());
        }
        Field::Era { dotted, case } => {
            day(moment)?;
            let name = match (moment.year <= 0, dotted) {
                (false, false) => "AD",
                (false, true) => "A.D.",
                (true, false) => "BC",
                (true, true) => "B.C.",
            };
            text.push_str(&cased(name, case));
            return Ok(());
        }
        Field::Weekday(case) => {
            let name = weekday_name(day(moment)?);
            name_of(name, case, pattern, text);
            return Ok(());
        }
        Field::ShortWeekday(case) => {
            let name = weekday_name(day(moment)?);
            text.push_str(&cased(name.split_at(3).0, case));
            return Ok(());
        }
        Field::MonthName(case) => {
            day(moment)?;
            name_of(month_name(moment), case, pattern, text);
            return Ok(());
        }
        Field::ShortMonth(case) => {
            day(moment)?;
            text.push_str(&cased(month_name(moment).split_at(3).0, case));
            return Ok(());
        }
        Field::RomanMonth(letters) => {
            day(moment)?;
            let numeral = letters.of(nth(&ROMAN_MONTHS, moment.month - 1));
            let width = if pattern.is_filled { 0 } else { ROMAN_WIDTH };
            let _ = write!(text, "{numeral:width$}");
            return Ok(());
        }
        Field::ZoneName(case) => {
            day(moment)?;
            match moment.offset {
                Offset::None => {}
                Offset::Utc => text.push_str(&cased("UTC", case)),
                Offset::Seconds(seconds) => {
                    text.push_str(&cased(&zone_name(moment, seconds, zone)?, case));
                }
            }
            return Ok(());
        }
        Field::ZoneOffset => {
            day(moment)?;
            let seconds = offset(moment);
            text.push(if seconds < 0 { '-' } else { '+' });
            padded(text, seconds.abs() / 3600, 2);
            let (minutes, rest) = (seconds.abs() / 60 % 60, seconds.abs() % 60);
            if minutes != 0 || rest != 0 {
                let _ = write!(text, ":{minutes:02}");
            }
            if rest != 0 {
                let _ = write!(text, ":{rest:02}");
            }
            return Ok(());
        }
        Field::ZoneHours => {
            day(moment)?;
            let seconds = offset(moment);
            let sign = if seconds < 0 { '-' } else { '+' };
            let _ = write!(text, "{sign}{:02}", seconds.abs() / 3600);
            return Ok(());
        }
        Field::ZoneMinutes => {
            day(moment)?;
            let _ = write!(text, "{:02}", offset(moment).abs() / 60 % 60);
            return Ok(());
        }
        Field::Exactly => return Ok(()),
        Field::Hour12 => {
            let hour = match moment.hour % 12 {
                0 => 12,
                hour => hour,
            };
            let width = 2 + usize::from(moment.hour < 0);
            let width = if pattern.is_filled { 0 } else { width };
            let _ = write!(text, "{hour:0width$}");
        }
        Field::Hour24 => padded(text, moment.hour, 2),
        Field::Minute => padded(text, moment.minute, 2),
        Field::Second => padded(text, moment.second, 2),
        Field::SecondOfDay => plain(
            text,
            moment.hour * 3600 + moment.minute * 60 + moment.second,
        ),
        Field::Milliseconds => {
            let _ = write!(text, "{:03}", moment.micros / 1000);
        }
        Field::Microseconds => {
            let _ = write!(text, "{:06}", moment.micros);
        }
        Field::Fraction(digits) => {
            let scale = (digits..6).fold(1, |scale, _| scale * 10);
            let _ = write!(text, "{:0digits$}", moment.micros / scale);
        }
        Field::Year(digits) => year(moment, shown_year(moment), digits, pattern, text),
        Field::IsoYear(digits) => {
            let (iso_year, _) = calendar::iso_week(day(moment)?);
            year(moment, of_era(iso_year), digits, pattern, text);
        }
        Field::YearWithComma => {
            let year = shown_year(moment);
            let _ = write!(text, "{},{:03}", year / 1000, year % 1000);
        }
        Field::Century => {
            let century = century(moment);
            match century.abs() <= 99 {
                true => padded(text, century, 2),
                false => plain(text, century),
            }
        }
        Field::Month => padded(text, moment.month, 2),
        // The sign of an interval's days is one of the digits, as in PostgreSQL.
        Field::DayOfMonth => {
            let width = if pattern.is_filled { 0 } else { 2 };
            let _ = write!(text, "{:0width$}", moment.day);
        }
        Field::DayOfYear => {
            let width = if pattern.is_filled { 0 } else { 3 };
            let _ = write!(text, "{:0width$}", moment.day_of_year);
        }
        Field::IsoDayOfYear => {
            let number = day(moment)?;
            let (iso_year, _) = calendar::iso_week(number);
            padded(text, number - calendar::first_monday(iso_year) + 1, 3);
        }
        Field::DayOfWeek => plain(text, calendar::weekday(day(moment)?) % 7 + 1),
        Field::IsoDayOfWeek => plain(text, calendar::weekday(day(moment)?)),
        Field::Quarter => {
            if moment.month == 0 {
                return Ok(());
            }
            plain(text, (moment.month - 1) / 3 + 1);
        }
        Field::Week => {
            let width = if pattern.is_filled { 0 } else { 2 };
            let _ = write!(text, "{:0width$}", (moment.day_of_year - 1) / 7 + 1);
        }
        Field::IsoWeek => padded(text, calendar::iso_week(day(moment)?).1, 2),
        Field::WeekOfMonth => plain(text, (moment.day - 1) / 7 + 1),
        Field::JulianDay => plain(text, calendar::julian_day(day(moment)?)),
    }
    if let Some(ordinal) = pattern.ordinal {
        let digits = text.split_at(start).1;
        text.push_str(ordinal_suffix(digits, ordinal));
    }
    Ok(())
}

/// The day's number, which an interval has none of.
fn day(moment: &Moment) -> Result<i64, FunctionError> {
    moment.number.ok_or_else(|| FunctionError {
        sqlstate: "22007",
        message: "invalid format specification for an interval value".to_owned(),
        hint: Some("Intervals are not tied to specific calendar dates.".to_owned()),
    })
}

/// What the time so many seconds east of UTC is called in its zone: `CET`, and `+04` where it has no name.
fn zone_name(moment: &Moment, seconds: i64, zone: Option<Tz>) -> Result<String, FunctionError> {
    let time = (moment.hour * 60 + moment.minute) * 60 + moment.second;
    let local = day(moment)? * 86_400 + time;
    let micros = (local - seconds).saturating_mul(1_000_000);
    let instant = DateTime::from_timestamp_micros(told_moment(micros));
    let name = zone.zip(instant).and_then(|(zone, instant)| {
        let offset = zone.offset_from_utc_datetime(&instant.naive_utc());
        offset.abbreviation().map(str::to_owned)
    });
    Ok(name.unwrap_or_else(|| offset_name(seconds)))
}

fn offset(moment: &Moment) -> i64 {
    match moment.offset {
        Offset::Seconds(seconds) => seconds,
        Offset::None | Offset::Utc => 0,
    }
}

fn nth(names: &[&'static str], index: i64) -> &'static str {
    let name = usize::try_from(index)
        .ok()
        .and_then(|index| names.get(index));
    name.copied().unwrap_or_default()
}

fn weekday_name(number: i64) -> &'static str {
    nth(&WEEKDAYS, calendar::weekday(number) % 7)
}

fn month_name(moment: &Moment) -> &'static str {
    nth(&MONTHS, moment.month - 1)
}

fn cased(name: &str, case: Case) -> String {
    match case {
        Case::Upper => name.to_ascii_uppercase(),
        Case::Capital => name.to_owned(),
        Case::Lower => name.to_ascii_lowercase(),
    }
}

fn name_of(name: &str, case: Case, pattern: &Pattern, text: &mut String) {
    let width = match pattern.is_filled || pattern.is_translated {
        true => 0,
        false => NAME_WIDTH,
    };
    let _ = write!(text, "{:width$}", cased(name, case));
}

/// Years before Christ count backwards; those of an interval are as they are.
fn shown_year(moment: &Moment) -> i64 {
    match moment.number {
        Some(_) => of_era(moment.year),
        None => moment.year,
    }
}

fn of_era(year: i64) -> i64 {
    if year <= 0 { 1 - year } else { year }
}

fn year(moment: &Moment, year: i64, digits: usize, pattern: &Pattern, text: &mut String) {
    let shown = match digits {
        3 => year % 1000,
        2 => year % 100,
        1 => year % 10,
        _ => year,
    };
    let width = match digits {
        _ if pattern.is_filled => 0,
        4 => 4 + usize::from(year < 0 && moment.number.is_none()),
        digits => digits,
    };
    let _ = write!(text, "{shown:0width$}");
}

fn century(moment: &Moment) -> i64 {
    match moment.number {
        None => moment.year / 100,
        Some(_) if moment.year > 0 => (moment.year - 1) / 100 + 1,
        Some(_) => moment.year / 100 - 1,
    }
}

/// `st`, `nd`, `rd` or `th` behind a number.
pub(super) fn ordinal_suffix(digits: &str, ordinal: Ordinal) -> &'static str {
    let mut last = digits.bytes().rev();
    let (unit, ten) = (last.next(), last.next());
    let suffixes = match (ten, unit) {
        (Some(b'1'), _) => ("TH", "th"),
        (_, Some(b'1')) => ("ST", "st"),
        (_, Some(b'2')) => ("ND", "nd"),
        (_, Some(b'3')) => ("RD", "rd"),
        _ => ("TH", "th"),
    };
    match ordinal {
        Ordinal::Upper => suffixes.0,
        Ordinal::Lower => suffixes.1,
    }
}
