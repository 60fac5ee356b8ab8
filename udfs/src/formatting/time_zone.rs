//! The time zone of a session, and the order in which it reads the parts of dates.

use arrow::array::timezone::Tz;
use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use datafusion::common::config::ConfigOptions;
use datafusion::common::extensions_options;
use datafusion::config::ConfigExtension;

use super::posix_zone::{fixed, posix_offset};
use super::told_moment::told_moment;
use crate::FunctionError;
use crate::postgres::{DateStyle, abbreviation};

extensions_options! {
    /// The time zone that templates show and read moments in: give it to a `SessionConfig` with
    /// `with_option_extension`. Where a session does not have one, UTC holds.
    pub struct SessionTimeZone {
        /// A name of the IANA database, or an offset as POSIX writes it, such as `<+02>-02`.
        pub time_zone: String, default = "UTC".to_string()

        /// How dates are written, `ISO`, `SQL`, `Postgres` or `German`, and the order of a date's parts
        /// where its text leaves it open, `MDY`, `DMY` or `YMD`: PostgreSQL's `DateStyle`.
        pub date_style: String, default = "ISO, MDY".to_string()

        /// How intervals are written, as PostgreSQL's `IntervalStyle`.
        pub interval_style: String, default = "postgres".to_string()

        /// How bytes are written, as PostgreSQL's `bytea_output`.
        pub bytea_output: String, default = "hex".to_string()

        /// How many digits floats are written with, as PostgreSQL's `extra_float_digits`.
        pub extra_float_digits: String, default = "1".to_string()

        /// When the transaction began, in microseconds since 1970: what `'now'` stands for. Where
        /// nothing is said, it stands for the moment at which it is read.
        pub transaction_began: Option<u64>, default = None

        /// When the statement began, as `statement_timestamp()` tells.
        pub statement_began: Option<u64>, default = None
    }
}

impl ConfigExtension for SessionTimeZone {
    const PREFIX: &'static str = "session";
}

impl SessionTimeZone {
    /// That of a session with this configuration.
    pub(crate) fn of(options: &ConfigOptions) -> Self {
        options
            .extensions
            .get::<Self>()
            .cloned()
            .unwrap_or_default()
    }

    /// Whether it is UTC, as which moments are kept.
    pub(crate) fn is_utc(&self) -> bool {
        self.time_zone.eq_ignore_ascii_case("utc")
    }

    /// The time zone of this name.
    pub fn new(time_zone: impl Into<String>) -> Self {
        Self {
            time_zone: time_zone.into(),
            ..Self::default()
        }
    }

    /// With another `DateStyle`.
    #[must_use]
    pub fn with_date_style(mut self, date_style: impl Into<String>) -> Self {
        self.date_style = date_style.into();
        self
    }

    /// With another `IntervalStyle`.
    #[must_use]
    pub fn with_interval_style(mut self, interval_style: impl Into<String>) -> Self {
        self.interval_style = interval_style.into();
        self
    }

    /// With another `bytea_output`.
    #[must_use]
    pub fn with_bytea_output(mut self, bytea_output: impl Into<String>) -> Self {
        self.bytea_output = bytea_output.into();
        self
    }

    /// With another `extra_float_digits`.
    #[must_use]
    pub fn with_extra_float_digits(mut self, extra_float_digits: impl Into<String>) -> Self {
        self.extra_float_digits = extra_float_digits.into();
        self
    }

    /// With the moments at which the transaction and the statement began, in microseconds since 1970.
    #[must_use]
    pub fn with_beginnings(mut self, transaction: i64, statement: i64) -> Self {
        self.transaction_began = u64::try_from(transaction).ok();
        self.statement_began = u64::try_from(statement).ok();
        self
    }

    /// What `'now'` stands for, in microseconds.
    pub(crate) fn now(&self) -> i64 {
        known_or_now(self.transaction_began)
    }

    /// When the statement began, in microseconds.
    pub(crate) fn statement(&self) -> i64 {
        known_or_now(self.statement_began)
    }

    /// How dates and moments are written.
    pub(crate) fn dates(&self) -> DateStyle {
        DateStyle::new(&self.date_style, &self.time_zone)
    }

    /// The order of a date's parts.
    pub(crate) fn date_order(&self) -> DateOrder {
        match self.date_style.rsplit([',', ' ']).next() {
            Some("DMY") => DateOrder::DayMonthYear,
            Some("YMD") => DateOrder::YearMonthDay,
            _ => DateOrder::MonthDayYear,
        }
    }
}

fn known_or_now(moment: Option<u64>) -> i64 {
    let known = moment.and_then(|moment| i64::try_from(moment).ok());
    known.unwrap_or_else(|| Utc::now().timestamp_micros())
}

/// Which part of a date comes first where its text leaves it open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum DateOrder {
    #[default]
    MonthDayYear,
    DayMonthYear,
    YearMonthDay,
}

/// A time zone, ready to use.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Zone {
    Utc,
    Other(Tz),
}

impl Zone {
    pub(crate) fn named(name: &str) -> Result<Self, FunctionError> {
        if name.eq_ignore_ascii_case("utc") {
            return Ok(Self::Utc);
        }
        let known = match posix_offset(name) {
            Some(east) => Self::east(east),
            None => Self::in_any_case(name).or_else(|| abbreviation(name)),
        };
        known.ok_or_else(|| {
            FunctionError::invalid_argument(format!("time zone \"{name}\" not recognized"))
        })
    }

    /// The zone so many seconds east of Greenwich.
    pub(crate) fn east(seconds: i32) -> Option<Self> {
        fixed(seconds).map(Self::Other)
    }

    /// A zone of the IANA database by its name in any case.
    pub(crate) fn in_any_case(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("utc") {
            return Some(Self::Utc);
        }
        // No name, and Arrow would read an offset as one that counts east.
        if name.starts_with(['+', '-']) {
            return None;
        }
        let mut is_start = true;
        let in_title_case = name.chars().map(|letter| {
            let cased = match is_start {
                true => letter.to_ascii_uppercase(),
                false => letter.to_ascii_lowercase(),
            };
            is_start = !letter.is_ascii_alphanumeric();
            cased
        });
        let in_title_case: String = in_title_case.collect();
        [name, &name.to_ascii_uppercase(), &in_title_case]
            .iter()
            .find_map(|name| name.parse().ok())
            .map(Self::Other)
    }

    /// Seconds east of UTC at a moment, which is given in microseconds since 1970.
    pub(crate) fn offset_at(self, micros: i64) -> i64 {
        match (self, DateTime::from_timestamp_micros(told_moment(micros))) {
            (Self::Other(zone), Some(moment)) if micros != i64::MAX => {
                let offset = zone.offset_from_utc_datetime(&moment.naive_utc()).fix();
                i64::from(offset.local_minus_utc())
            }
            _ => 0,
        }
    }

    /// Seconds east of UTC at a local time. One that a clock skips is read with the offset before,
    /// one that it shows twice with the offset after, as in PostgreSQL.
    pub(crate) fn offset_of_local(self, micros: i64) -> i64 {
        let told = DateTime::from_timestamp_micros(told_moment(micros));
        let (Self::Other(zone), Some(local)) = (self, told.filter(|_| micros != i64::MAX)) else {
            return 0;
        };
        let local = local.naive_utc();
        let offset = match zone.offset_from_local_datetime(&local) {
            LocalResult::Single(offset) | LocalResult::Ambiguous(_, offset) => offset,
            LocalResult::None => zone.offset_from_utc_datetime(&day_before(local)),
        };
        i64::from(offset.fix().local_minus_utc())
    }
}

fn day_before(local: NaiveDateTime) -> NaiveDateTime {
    local
        .checked_sub_signed(TimeDelta::days(1))
        .unwrap_or(local)
}
