//! Days that systems write as a count from a first day.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::unicode::is_digits;

/// Seconds up to eleven digits (the year 5138), then milliseconds, microseconds, nanoseconds.
pub(super) fn unix(text: &str) -> Option<NaiveDate> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    if !is_digits(digits) || !is_digits(fraction) {
        return None;
    }
    let count: i64 = whole.parse().ok()?;
    let per_second = match digits.trim_start_matches('0').len() {
        0..=11 => 1,
        12..=14 => 1_000,
        15..=17 => 1_000_000,
        _ => 1_000_000_000,
    };
    let mut seconds = count.div_euclid(per_second);
    if per_second == 1 && whole.starts_with('-') && fraction.bytes().any(|digit| digit != b'0') {
        seconds -= 1;
    }
    Some(DateTime::<Utc>::from_timestamp(seconds, 0)?.date_naive())
}

/// The 1900 system of Excel, in which serial 60 is 29 February 1900, a day that never was.
pub(super) fn excel(text: &str) -> Option<NaiveDate> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let serial: i64 = whole.parse().ok()?;
    let before_first = match serial {
        1..=59 => NaiveDate::from_ymd_opt(1899, 12, 31)?,
        61..=2_958_465 => NaiveDate::from_ymd_opt(1899, 12, 30)?,
        _ => return None,
    };
    before_first.checked_add_signed(TimeDelta::try_days(serial)?)
}
