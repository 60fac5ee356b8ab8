//! Reads points in time as people and systems write them, and writes them after ISO 8601.

use std::fmt::Write;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};

use super::date_text::{Order, parse};
use super::time_of_day::without_time;
use super::unicode::is_digits;

/// Longer text is no point in time.
const LONGEST: usize = 64;
/// Nanoseconds of a day.
const NANOSECONDS: f64 = 86_400e9;

/// Writes the day, or the day and time with the zone that is written; false where the text is
/// neither.
pub(super) fn write(text: &str, order: Order, answer: &mut String) -> bool {
    let text = text.trim();
    if text.len() > LONGEST {
        return false;
    }
    let written = match order {
        Order::Unix => unix(text).map(|time| push(time, "Z", answer)),
        Order::Excel => excel(text, answer),
        _ => calendar(text, order, answer),
    };
    written.is_some()
}

fn calendar(text: &str, order: Order, answer: &mut String) -> Option<()> {
    let date = without_time(text)?;
    let day = parse(date, order)?;
    if date.len() == text.len() {
        push_day(day, answer);
        return Some(());
    }
    let behind = text.get(date.len()..)?;
    let start = behind.find(|character: char| character.is_ascii_digit())?;
    let (time, next_day, zone) = time(behind.get(start..)?)?;
    let day = if next_day { day.succ_opt()? } else { day };
    push(day.and_time(time), &zone, answer);
    Some(())
}

/// A time of day, whether it is midnight at the end of the day, and the zone as ISO 8601 has it.
fn time(text: &str) -> Option<(NaiveTime, bool, String)> {
    let end = text
        .find(|character: char| {
            !(character.is_ascii_digit() || matches!(character, ':' | '.' | ','))
        })
        .unwrap_or(text.len());
    let (clock, rest) = text.split_at(end);
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, ""));
    let mut fields = clock.split(':').map(|field| field.parse::<u32>().ok());
    let hour = fields.next()??;
    let minute = fields.next()??;
    let second = fields.next().unwrap_or(Some(0))?;
    let rest = rest.trim().to_ascii_lowercase();
    let half = ["a.m.", "p.m.", "am", "pm"]
        .into_iter()
        .find(|half| rest.starts_with(half));
    let zone = zone(rest.get(half.map_or(0, str::len)..)?.trim())?;
    let hour = match half.map(|half| half.starts_with('p')) {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(after_noon) => hour % 12 + if after_noon { 12 } else { 0 },
    };
    let digits: String = fraction.chars().take(9).collect();
    let nanosecond = match digits.as_str() {
        "" => 0,
        digits => format!("{digits:0<9}").parse().ok()?,
    };
    if (hour, minute, second, nanosecond) == (24, 0, 0, 0) {
        return Some((NaiveTime::MIN, true, zone));
    }
    let time = NaiveTime::from_hms_nano_opt(hour, minute, second, nanosecond)?;
    Some((time, false, zone))
}

/// `Z`, an offset, or nothing. The name of a zone says too little: `CST` is in America and China.
fn zone(text: &str) -> Option<String> {
    if matches!(text, "" | "z" | "utc" | "gmt") {
        let zone = if text.is_empty() { "" } else { "Z" };
        return Some(zone.to_owned());
    }
    let offset = text
        .strip_prefix("utc")
        .or_else(|| text.strip_prefix("gmt"))
        .unwrap_or(text);
    let (sign, offset) = match offset.strip_prefix('+') {
        Some(offset) => ('+', offset),
        None => ('-', offset.strip_prefix(['-', '\u{2212}'])?),
    };
    let (hours, minutes) = match offset.split_once(':') {
        Some(parts) => parts,
        None if offset.len() == 4 => offset.split_at_checked(2)?,
        None => (offset, "00"),
    };
    let is_field = |field: &str, limit: u8| {
        (1..=2).contains(&field.len())
            && is_digits(field)
            && field.parse().is_ok_and(|value: u8| value < limit)
    };
    (is_field(hours, 16) && is_field(minutes, 60))
        .then(|| format!("{sign}{hours:0>2}:{minutes:0>2}"))
}

/// Seconds up to eleven digits (the year 5138), then milliseconds, microseconds, nanoseconds.
fn unix(text: &str) -> Option<NaiveDateTime> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    if !is_digits(digits) || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanoseconds_each: i128 = match digits.trim_start_matches('0').len() {
        0..=11 => 1_000_000_000,
        12..=14 => 1_000_000,
        15..=17 => 1_000,
        _ => 1,
    };
    let count: i128 = digits.parse().ok()?;
    let fraction: String = fraction.chars().take(9).collect();
    let fraction: i128 = format!("{fraction:0<9}").parse().ok()?;
    let length = count.checked_mul(nanoseconds_each)? + fraction * nanoseconds_each / 1_000_000_000;
    let length = if whole.starts_with('-') {
        -length
    } else {
        length
    };
    let second = 1_000_000_000;
    let seconds = i64::try_from(length.div_euclid(second)).ok()?;
    let rest = u32::try_from(length.rem_euclid(second)).ok()?;
    let time = DateTime::<Utc>::from_timestamp(seconds, rest)?.naive_utc();
    parse(text, Order::Unix).map(|_| time)
}

/// The day of a serial; with a fraction its time, to the second, as spreadsheets show it.
fn excel(text: &str, answer: &mut String) -> Option<()> {
    let day = parse(text, Order::Excel)?;
    let fraction: f64 = match text.split_once('.') {
        Some((_, digits)) => format!("0.{digits}").parse().ok()?,
        None => 0.0,
    };
    if fraction == 0.0 {
        push_day(day, answer);
        return Some(());
    }
    let seconds = (fraction * NANOSECONDS / 1e9).round() as i64;
    let time = day
        .and_time(NaiveTime::MIN)
        .checked_add_signed(TimeDelta::try_seconds(seconds)?)?;
    push(time, "", answer);
    Some(())
}

fn push_day(day: NaiveDate, answer: &mut String) {
    // Writing to a text does not fail.
    let _ = write!(answer, "{}", day.format("%Y-%m-%d"));
}

fn push(time: NaiveDateTime, zone: &str, answer: &mut String) {
    let _ = write!(answer, "{}", time.format("%Y-%m-%dT%H:%M:%S"));
    let nanosecond = time.nanosecond() % 1_000_000_000;
    if nanosecond != 0 {
        let digits = format!("{nanosecond:09}");
        let _ = write!(answer, ".{}", digits.trim_end_matches('0'));
    }
    answer.push_str(zone);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_and_systems_write_them() {
        let cases = [
            ("03/04/2021", Order::Dmy, "2021-04-03"),
            ("3 March 2021 at", Order::Dmy, ""),
            ("3 Mar 2021 3:05 pm", Order::Dmy, "2021-03-03T15:05:00"),
            (
                "2021-03-04 10:15:30.250 +0200",
                Order::Ymd,
                "2021-03-04T10:15:30.25+02:00",
            ),
            ("2021-03-04T10:15:30Z", Order::Ymd, "2021-03-04T10:15:30Z"),
            (
                "2021-03-04 12:00 am GMT",
                Order::Ymd,
                "2021-03-04T00:00:00Z",
            ),
            ("2021-12-31 24:00", Order::Ymd, "2022-01-01T00:00:00"),
            ("2021-03-04 10:15 CST", Order::Ymd, ""),
            ("2021-03-04 13:00 pm", Order::Ymd, ""),
            ("03/04/2021", Order::Ymd, ""),
            ("1614816000", Order::Unix, "2021-03-04T00:00:00Z"),
            ("1614816000123", Order::Unix, "2021-03-04T00:00:00.123Z"),
            ("1614816000.5", Order::Unix, "2021-03-04T00:00:00.5Z"),
            ("-1", Order::Unix, "1969-12-31T23:59:59Z"),
            ("44259", Order::Excel, "2021-03-04"),
            ("44259.75", Order::Excel, "2021-03-04T18:00:00"),
            ("60", Order::Excel, ""),
            ("", Order::Dmy, ""),
        ];
        for (text, order, expected) in cases {
            let mut answer = String::new();
            assert_eq!(
                write(text, order, &mut answer),
                !expected.is_empty(),
                "{text}"
            );
            assert_eq!(answer, expected, "{text}");
        }
    }
}
