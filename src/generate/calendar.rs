//! Days and moments, and how each system writes them.

use std::fmt;

/// A day, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i64);

/// A second, counted from 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

/// The last day that the data knows.
pub const LAST_DAY: Day = Day::new(2026, 10, 31);

/// Seconds of a day.
pub const DAY: i64 = 86_400;

impl Day {
    /// A day of the Gregorian calendar (Hinnant: "chrono-compatible low-level date algorithms").
    pub const fn new(year: i64, month: i64, day: i64) -> Self {
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Self(era * 146_097 + day_of_era - 719_468)
    }

    /// Year, month and day.
    pub const fn civil(self) -> (i64, i64, i64) {
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        (year, month, day)
    }

    /// `seconds` after its midnight.
    pub const fn at(self, seconds: i64) -> Moment {
        Moment(self.0 * DAY + seconds)
    }

    /// The year.
    pub const fn year(self) -> i64 {
        self.civil().0
    }
}

impl Moment {
    /// Its day.
    pub const fn day(self) -> Day {
        Day(self.0.div_euclid(DAY))
    }

    /// Hour, minute and second.
    const fn clock(self) -> (i64, i64, i64) {
        let seconds = self.0.rem_euclid(DAY);
        (seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

/// `2026-10-31`.
pub struct Iso<T>(pub T);

/// `10/31/2026`.
pub struct American<T>(pub T);

/// `31.10.2026`.
pub struct German<T>(pub T);

impl fmt::Display for Iso<Day> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Display for American<Day> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.civil();
        write!(f, "{month:02}/{day:02}/{year:04}")
    }
}

impl fmt::Display for German<Day> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.civil();
        write!(f, "{day:02}.{month:02}.{year:04}")
    }
}

impl fmt::Display for Iso<Moment> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = self.0.clock();
        write!(
            f,
            "{}T{hour:02}:{minute:02}:{second:02}Z",
            Iso(self.0.day())
        )
    }
}

impl fmt::Display for German<Moment> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, _) = self.0.clock();
        write!(f, "{} {hour:02}:{minute:02}", German(self.0.day()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_agree_with_the_calendar() {
        for days in (-40_000..40_000).step_by(13) {
            let day = Day(days);
            let (year, month, date) = day.civil();
            assert_eq!(Day::new(year, month, date), day);
            let oracle = chrono::NaiveDate::from_ymd_opt(year as i32, month as u32, date as u32);
            let epoch = chrono::NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
            assert_eq!((oracle.unwrap() - epoch).num_days(), days);
        }
    }

    #[test]
    fn moments_are_written_as_each_system_does() {
        let moment = LAST_DAY.at(3 * 3600 + 4 * 60 + 5);
        assert_eq!(Iso(moment).to_string(), "2026-10-31T03:04:05Z");
        assert_eq!(German(moment).to_string(), "31.10.2026 03:04");
        assert_eq!(American(LAST_DAY).to_string(), "10/31/2026");
    }
}
