//! The Gregorian calendar, without end in both directions, and its ISO weeks (ISO 8601).
//!
//! Days are counted from 1970-01-01; the year 0 is 1 BC.

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;
/// Days of 400 years.
const ERA: i64 = 146_097;
/// The Julian day of 1970-01-01.
const JULIAN_EPOCH: i64 = 2_440_588;

/// The number of a day.
///
/// Years begin in March, so that a leap day ends one (H. Hinnant, chrono-Compatible Low-Level Date
/// Algorithms, `days_from_civil`).
pub(crate) fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * ERA + day_of_era - EPOCH
}

/// Year, month and day of a number (`civil_from_days` of the same paper).
pub(crate) fn date(number: i64) -> (i64, i64, i64) {
    let shifted = number + EPOCH;
    let era = shifted.div_euclid(ERA);
    let day_of_era = shifted.rem_euclid(ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// How many days a month has.
pub(crate) fn days_of_month(year: i64, month: i64) -> i64 {
    let (next_year, next_month) = if month == 12 {
        (year + 1, 1)
    } else {
        (year, month + 1)
    };
    day_number(next_year, next_month, 1) - day_number(year, month, 1)
}

/// The day of the week, Monday being 1.
pub(crate) fn weekday(number: i64) -> i64 {
    (number + 3).rem_euclid(7) + 1
}

/// The Monday of the first ISO week of a year: that of 4 January.
pub(crate) fn first_monday(iso_year: i64) -> i64 {
    let fourth = day_number(iso_year, 1, 4);
    fourth - weekday(fourth) + 1
}

/// The year that an ISO week belongs to, which is that of its Thursday, and its number.
pub(crate) fn iso_week(number: i64) -> (i64, i64) {
    let thursday = number - weekday(number) + 4;
    let (year, _, _) = date(thursday);
    (year, (thursday - day_number(year, 1, 1)) / 7 + 1)
}

/// The Julian day: days since 24 November 4714 BC.
pub(crate) fn julian_day(number: i64) -> i64 {
    number + JULIAN_EPOCH
}

/// The day of a Julian day.
pub(crate) fn of_julian_day(julian: i64) -> i64 {
    julian - JULIAN_EPOCH
}
