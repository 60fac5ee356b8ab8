//! What `.datetime()` reads: dates and times of ISO 8601.

use std::cmp::Ordering;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};

use crate::FunctionError;
use crate::formatting::read_by_template;

/// A date, a time or both, with an offset from UTC in seconds or without.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Moment {
    date: Option<NaiveDate>,
    time: Option<NaiveTime>,
    offset: Option<i32>,
}

/// Two moments that only a time zone makes comparable.
#[derive(Debug)]
pub(super) struct NeedsZone {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
}

impl Moment {
    /// Reads a moment as one of the forms that PostgreSQL tries.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (date, rest) = match text.as_bytes().get(4) {
            Some(b'-') => {
                let length = text.find([' ', 'T']).unwrap_or(text.len());
                let date = NaiveDate::parse_from_str(text.get(..length)?, "%Y-%m-%d").ok()?;
                (Some(date), text.get(length..)?)
            }
            _ => (None, text),
        };
        if rest.is_empty() {
            return Some(Self {
                date,
                time: None,
                offset: None,
            });
        }
        let rest = match date {
            Some(_) => rest.get(1..)?,
            None => rest,
        };
        let zone = rest.find(['+', '-', 'Z']).unwrap_or(rest.len());
        let clock = rest.get(..zone)?.trim_end_matches(' ');
        let time = NaiveTime::parse_from_str(clock, "%H:%M:%S%.f").ok()?;
        if clock.len() < 8 || clock.ends_with('.') {
            return None;
        }
        let zone = rest.get(zone..)?;
        let offset = match zone {
            "" => None,
            "Z" => Some(0),
            zone => Some(offset(zone)?),
        };
        Some(Self {
            date,
            time: Some(time),
            offset,
        })
    }

    /// Reads a moment as a template says.
    ///
    /// # Errors
    /// 22007 and 22008 for a text that is none.
    pub(super) fn by_template(text: &str, template: &str) -> Result<Self, FunctionError> {
        let read = read_by_template(text, template)?;
        let date = read.day.and_then(|day| {
            let day = i32::try_from(day).ok()?;
            NaiveDate::default().checked_add_signed(TimeDelta::days(i64::from(day)))
        });
        let time = read.micros.and_then(|micros| {
            let seconds = u32::try_from(micros / 1_000_000).ok()?;
            let nanos = u32::try_from(micros % 1_000_000).ok()? * 1000;
            NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos)
        });
        if date.is_none() && time.is_none() {
            return Err(FunctionError {
                sqlstate: "22007",
                message: format!("datetime format \"{template}\" has no date and no time"),
                hint: None,
            });
        }
        Ok(Self {
            date,
            time,
            offset: read.offset.and_then(|offset| i32::try_from(offset).ok()),
        })
    }

    /// What `.type()` says of it.
    pub(super) fn type_name(&self) -> &'static str {
        match (self.date, self.time, self.offset) {
            (Some(_), None, _) => "date",
            (Some(_), Some(_), None) => "timestamp without time zone",
            (Some(_), Some(_), Some(_)) => "timestamp with time zone",
            (None, _, None) => "time without time zone",
            (None, _, Some(_)) => "time with time zone",
        }
    }

    fn short_name(&self) -> &'static str {
        match (self.date, self.time, self.offset) {
            (Some(_), None, _) => "date",
            (Some(_), Some(_), None) => "timestamp",
            (Some(_), Some(_), Some(_)) => "timestamptz",
            (None, _, None) => "time",
            (None, _, Some(_)) => "timetz",
        }
    }

    /// Its text as a string of JSON.
    pub(super) fn to_text(self) -> String {
        let mut text = String::new();
        if let Some(date) = self.date {
            text.push_str(&date.format("%Y-%m-%d").to_string());
        }
        if let Some(time) = self.time {
            if self.date.is_some() {
                text.push('T');
            }
            text.push_str(&time.format("%H:%M:%S").to_string());
            let micros = time.nanosecond() / 1000;
            if micros > 0 {
                let fraction = format!(".{micros:06}");
                text.push_str(fraction.trim_end_matches('0'));
            }
        }
        if let Some(offset) = self.offset {
            let sign = if offset < 0 { '-' } else { '+' };
            let minutes = offset.abs() / 60;
            text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
        }
        text
    }

    /// How two moments compare; none where they are of kinds that do not. Without `zones`, those
    /// that have an offset are not compared with those that have none.
    pub(super) fn compare(&self, other: &Self, zones: bool) -> Result<Option<Ordering>, NeedsZone> {
        if self.date.is_some() != other.date.is_some() {
            return Ok(None);
        }
        if self.offset.is_some() != other.offset.is_some() && !zones {
            let (from, to) = match self.offset {
                None => (self, other),
                Some(_) => (other, self),
            };
            return Err(NeedsZone {
                from: from.short_name(),
                to: to.short_name(),
            });
        }
        let own = self.instant();
        let others = other.instant();
        let zone = match self.date {
            // Of times of day that are the same one in UTC, that further west is later.
            None => {
                let offset = |moment: &Self| moment.offset.unwrap_or_default();
                offset(other).cmp(&offset(self))
            }
            Some(_) => Ordering::Equal,
        };
        Ok(Some(own.cmp(&others).then(zone)))
    }

    fn instant(&self) -> NaiveDateTime {
        let date = self.date.unwrap_or_default();
        let time = self.time.unwrap_or_default();
        let offset = TimeDelta::seconds(i64::from(self.offset.unwrap_or_default()));
        date.and_time(time) - offset
    }
}

/// `+03`, `-03:30`
fn offset(text: &str) -> Option<i32> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = match text.split_once(':') {
        Some((hours, minutes)) => (hours, minutes.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let hours: i32 = hours.parse().ok()?;
    (hours <= 15 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}
