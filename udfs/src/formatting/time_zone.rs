//! The time zone of a session.

use arrow::array::timezone::Tz;
use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone};
use datafusion::common::config::ConfigOptions;
use datafusion::common::extensions_options;
use datafusion::config::ConfigExtension;

use crate::FunctionError;

extensions_options! {
    /// The time zone that templates show and read moments in: give it to a `SessionConfig` with
    /// `with_option_extension`. Where a session does not have one, UTC holds.
    pub struct SessionTimeZone {
        /// A name of the IANA database, or an offset from UTC such as `+02:00`.
        pub time_zone: String, default = "UTC".to_string()
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
        }
    }
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
        name.parse().map(Self::Other).map_err(|_| {
            FunctionError::invalid_argument(format!("time zone \"{name}\" not recognized"))
        })
    }

    /// Seconds east of UTC at a moment, which is given in microseconds since 1970.
    pub(crate) fn offset_at(self, micros: i64) -> i64 {
        match (self, DateTime::from_timestamp_micros(micros)) {
            (Self::Other(zone), Some(moment)) => {
                let offset = zone.offset_from_utc_datetime(&moment.naive_utc()).fix();
                i64::from(offset.local_minus_utc())
            }
            _ => 0,
        }
    }

    /// Seconds east of UTC at a local time. One that a clock skips is read with the offset before,
    /// one that it shows twice with the offset after, as in PostgreSQL.
    pub(crate) fn offset_of_local(self, micros: i64) -> i64 {
        let (Self::Other(zone), Some(local)) = (self, DateTime::from_timestamp_micros(micros))
        else {
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
