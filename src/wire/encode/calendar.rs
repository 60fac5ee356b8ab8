//! The proleptic Gregorian calendar without limits on the year, and how PostgreSQL writes it.

use bytes::{BufMut, BytesMut};

use super::integer::{two_digits, write_padded};

/// Microseconds of a second.
pub(super) const SECOND: i64 = 1_000_000;
/// Microseconds of a day.
pub(super) const DAY: i64 = 86_400 * SECOND;

/// A day by its year, month and day of the month. The year before 1 is 0, which is 1 BC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Date {
    year: i64,
    month: u64,
    day: u64,
}

impl Date {
    /// The date so many days after 1970-01-01, by the algorithm `civil_from_days` of Howard
    /// Hinnant's "chrono-Compatible Low-Level Date Algorithms".
    pub(super) fn from_days(days: i64) -> Self {
        let days = days + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: month.unsigned_abs(),
            day: day.unsigned_abs(),
        }
    }

    /// Appends `YYYY-MM-DD`, without the era.
    pub(super) fn write(self, out: &mut BytesMut) {
        let year = if self.year > 0 {
            self.year
        } else {
            1 - self.year
        };
        write_padded(out, year.unsigned_abs(), 4);
        let (month, day) = (two_digits(self.month), two_digits(self.day));
        out.put_slice(&[b'-', month[0], month[1], b'-', day[0], day[1]]);
    }

    /// Appends ` BC` to what was written of a date of that era.
    pub(super) fn write_era(self, out: &mut BytesMut) {
        if self.year <= 0 {
            out.put_slice(b" BC");
        }
    }
}

/// Appends `HH:MM:SS[.ffffff]` for so many microseconds, however many hours they make.
pub(super) fn write_time(out: &mut BytesMut, micros: u64) {
    let second = SECOND.unsigned_abs();
    let seconds = micros / second;
    write_padded(out, seconds / 3_600, 2);
    let (minute, second_of_it) = (two_digits(seconds / 60 % 60), two_digits(seconds % 60));
    let [a, b] = minute;
    let [c, d] = second_of_it;
    out.put_slice(&[b':', a, b, b':', c, d]);
    let fraction = micros % second;
    if fraction != 0 {
        out.put_u8(b'.');
        write_padded(out, fraction, 6);
        let trailing_zeros = out.iter().rev().take_while(|byte| **byte == b'0').count();
        out.truncate(out.len() - trailing_zeros);
    }
}

/// Appends an offset from UTC as PostgreSQL does: `+00`, `+05:30`, `-00:01:15`.
pub(super) fn write_offset(out: &mut BytesMut, seconds: i32) {
    out.put_u8(if seconds < 0 { b'-' } else { b'+' });
    let seconds = u64::from(seconds.unsigned_abs());
    write_padded(out, seconds / 3_600, 2);
    if seconds % 3_600 != 0 {
        out.put_u8(b':');
        write_padded(out, seconds / 60 % 60, 2);
    }
    if seconds % 60 != 0 {
        out.put_u8(b':');
        write_padded(out, seconds % 60, 2);
    }
}
