//! The fields that a text gave, put together to a day and a time.

use super::moment_reader::invalid;
use crate::FunctionError;
use crate::calendar;

const MICROS: i64 = 1_000_000;
/// The most hours that an offset from UTC has.
const MAX_ZONE_HOURS: i64 = 15;

/// The two ways to name a day by year and week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Convention {
    Gregorian,
    IsoWeek,
}

/// What a text gave, by field; 0 stands for what was not given, as in PostgreSQL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) hour: i64,
    pub(super) is_twelve_hour: bool,
    pub(super) afternoon: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) second_of_day: i64,
    pub(super) milliseconds: i64,
    pub(super) microseconds: i64,
    pub(super) year: i64,
    /// How many digits the pattern of the year has.
    pub(super) year_digits: usize,
    pub(super) before_christ: i64,
    pub(super) century: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) day_of_year: i64,
    /// Sunday is 1.
    pub(super) weekday: i64,
    pub(super) week: i64,
    pub(super) week_of_month: i64,
    pub(super) julian_day: i64,
    pub(super) zone_sign: i64,
    pub(super) zone_hours: i64,
    pub(super) zone_minutes: i64,
    convention: Option<Convention>,
}

/// A day, a time of it, and seconds east of UTC where they were said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parsed {
    pub(super) day: i64,
    pub(super) micros: i64,
    pub(super) offset: Option<i64>,
}

/// The day in the making.
struct Date {
    year: i64,
    month: i64,
    day: i64,
    has_month: bool,
    has_day: bool,
    has_year: bool,
}

impl Date {
    fn set(&mut self, number: i64) {
        (self.year, self.month, self.day) = calendar::date(number);
        (self.has_year, self.has_month, self.has_day) = (true, true, true);
    }

    fn is_valid(&self) -> bool {
        let month_fits = !self.has_month || (1..=12).contains(&self.month);
        let day_fits = !self.has_day || (1..=31).contains(&self.day);
        let whole = self.has_year && self.has_month && self.has_day;
        month_fits
            && day_fits
            && (!whole || self.day <= calendar::days_of_month(self.year, self.month))
    }
}

impl Fields {
    /// Says which convention a pattern is of.
    ///
    /// # Errors
    /// 22007 where patterns before it were of the other one.
    pub(super) fn follow(&mut self, convention: Convention) -> Result<(), FunctionError> {
        match self.convention.replace(convention) {
            Some(before) if before != convention => Err(invalid(
                "invalid combination of date conventions".to_owned(),
                Some(
                    "Do not mix Gregorian and ISO week date conventions in a formatting template.",
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Puts the fields of this text together.
    ///
    /// # Errors
    /// 22007 for fields that do not go together, 22008 for a day or a time that does not exist.
    pub(super) fn assemble(mut self, text: &str) -> Result<Parsed, FunctionError> {
        let date = self.date()?;
        let micros = self.time()?;
        let overflow = || FunctionError {
            sqlstate: "22008",
            message: format!("date/time field value out of range: \"{text}\""),
            hint: None,
        };
        let micros = micros.filter(|_| date.is_valid()).ok_or_else(overflow)?;
        let offset = match self.zone_sign {
            0 => None,
            sign => {
                let fits = (0..=MAX_ZONE_HOURS).contains(&self.zone_hours)
                    && (0..60).contains(&self.zone_minutes);
                if !fits {
                    return Err(FunctionError {
                        sqlstate: "22009",
                        message: format!("time zone displacement out of range: \"{text}\""),
                        hint: None,
                    });
                }
                Some(sign * (self.zone_hours * 3600 + self.zone_minutes * 60))
            }
        };
        Ok(Parsed {
            day: calendar::day_number(date.year, date.month, date.day),
            micros,
            offset,
        })
    }

    /// Microseconds of the day; none where a part is out of its range.
    fn time(&self) -> Result<Option<i64>, FunctionError> {
        let given = |field: i64, otherwise: i64| if field == 0 { otherwise } else { field };
        let mut hour = given(self.hour, self.second_of_day / 3600);
        let minute = given(self.minute, self.second_of_day / 60 % 60);
        let second = given(self.second, self.second_of_day % 60);
        if self.is_twelve_hour {
            if !(1..=12).contains(&hour) {
                return Err(invalid(
                    format!("hour \"{hour}\" is invalid for the 12-hour clock"),
                    Some("Use the 24-hour clock, or give an hour between 1 and 12."),
                ));
            }
            hour = hour % 12 + 12 * i64::from(self.afternoon != 0);
        }
        let micros = self.milliseconds * 1000 + self.microseconds;
        let fits = (0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..60).contains(&second)
            && (0..MICROS).contains(&micros);
        Ok(fits.then(|| ((hour * 60 + minute) * 60 + second) * MICROS + micros))
    }

    fn date(&mut self) -> Result<Date, FunctionError> {
        let year = self.full_year();
        let mut date = Date {
            year: year.unwrap_or(0),
            month: 1,
            day: 1,
            has_month: false,
            has_day: false,
            has_year: year.is_some(),
        };
        let is_iso = self.convention == Some(Convention::IsoWeek);
        if self.julian_day != 0 {
            date.set(calendar::of_julian_day(self.julian_day));
        }
        if self.week != 0 {
            if is_iso {
                let monday = calendar::first_monday(date.year) + (self.week - 1) * 7;
                let days = match self.weekday {
                    0 => 0,
                    // Sunday ends an ISO week.
                    1 => 6,
                    weekday => weekday - 2,
                };
                date.set(monday + days);
            } else {
                self.day_of_year = (self.week - 1) * 7 + 1;
            }
        }
        if self.week_of_month != 0 {
            self.day = (self.week_of_month - 1) * 7 + 1;
        }
        if self.day != 0 {
            (date.day, date.has_day) = (self.day, true);
        }
        if self.month != 0 {
            (date.month, date.has_month) = (self.month, true);
        }
        if self.day_of_year != 0 && (date.month <= 1 || date.day <= 1) {
            self.place_in_year(&mut date, is_iso)?;
        }
        Ok(date)
    }

    /// Takes from the day of the year what month and day do not say.
    fn place_in_year(&self, date: &mut Date, is_iso: bool) -> Result<(), FunctionError> {
        if date.year == 0 && self.before_christ == 0 {
            return Err(invalid(
                "cannot calculate day of year without year information".to_owned(),
                None,
            ));
        }
        if is_iso {
            date.set(calendar::first_monday(date.year) + self.day_of_year - 1);
            return Ok(());
        }
        let mut month = 1;
        let mut day = self.day_of_year;
        while month <= 12 && day > calendar::days_of_month(date.year, month) {
            day -= calendar::days_of_month(date.year, month);
            month += 1;
        }
        if date.month <= 1 {
            date.month = month;
        }
        if date.day <= 1 {
            date.day = day;
        }
        (date.has_month, date.has_day) = (true, true);
        Ok(())
    }

    /// The year from year, century and era; the year 0 is 1 BC.
    fn full_year(&self) -> Option<i64> {
        let is_before_christ = self.before_christ != 0;
        let century = match is_before_christ {
            true => -self.century,
            false => self.century,
        };
        if self.year == 0 {
            return match self.century {
                0 => None,
                _ if century >= 0 => Some((century - 1) * 100 + 1),
                _ => Some(century * 100 + 1),
            };
        }
        if self.century != 0 && self.year_digits <= 2 {
            // A century ends with its year 00.
            return Some(match (self.year % 100, century >= 0) {
                (0, true) => century * 100,
                (0, false) => century * 100 + 1,
                (year, true) => (century - 1) * 100 + year,
                (year, false) => (century + 1) * 100 - year + 1,
            });
        }
        let year = match is_before_christ {
            true => -self.year,
            false => self.year,
        };
        Some(if year < 0 { year + 1 } else { year })
    }
}
