//! Dates and moments as text, in the styles of PostgreSQL's `DateStyle` (`EncodeDateOnly` and
//! `EncodeDateTime` of its `datetime.c`).

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, TimeUnit, TimestampMicrosecondType};
use chrono::{DateTime, TimeZone};
use chrono_tz::{OffsetName, Tz};
use datafusion::error::Result;

use crate::calendar;
use crate::formatting::{SessionTimeZone, Zone, told_moment};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// How dates are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Format {
    /// `2026-11-27 10:30:00+01`
    #[default]
    Iso,
    /// `11/27/2026 10:30:00 CET`
    Sql,
    /// `Fri Nov 27 10:30:00 2026 CET`
    Postgres,
    /// `27.11.2026 10:30:00 CET`
    German,
}

/// How dates and moments are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct DateStyle {
    format: Format,
    day_first: bool,
    /// Where the names of zones are of; of another zone, offsets are written.
    zone: Option<Tz>,
}

impl DateStyle {
    /// The style of a value of `DateStyle`, such as `SQL, DMY`, with the names of this time zone.
    pub fn new(setting: &str, time_zone: &str) -> Self {
        let mut words = setting.split([',', ' ']);
        Self {
            format: match words.next().unwrap_or_default() {
                "SQL" => Format::Sql,
                "Postgres" => Format::Postgres,
                "German" => Format::German,
                _ => Format::Iso,
            },
            day_first: words.any(|word| word == "DMY"),
            zone: time_zone.parse().ok(),
        }
    }

    /// Whether it is that of ISO 8601.
    pub fn is_iso(self) -> bool {
        self.format == Format::Iso
    }

    /// A date, by its day since 1970-01-01.
    pub fn date(self, days: i64) -> String {
        let (year, month, day) = calendar::date(days);
        let (shown, era) = match year > 0 {
            true => (year, ""),
            false => (1 - year, " BC"),
        };
        let date = match (self.format, self.day_first) {
            (Format::Iso, _) => format!("{shown:04}-{month:02}-{day:02}"),
            (Format::German, _) => format!("{day:02}.{month:02}.{shown:04}"),
            (Format::Sql, true) => format!("{day:02}/{month:02}/{shown:04}"),
            (Format::Sql, false) => format!("{month:02}/{day:02}/{shown:04}"),
            (Format::Postgres, true) => format!("{day:02}-{month:02}-{shown:04}"),
            (Format::Postgres, false) => format!("{month:02}-{day:02}-{shown:04}"),
        };
        date + era
    }

    /// A local time in microseconds since 1970, with the offset of its zone where it has one.
    pub fn moment(self, local: i64, offset: Option<i64>) -> String {
        let days = local.div_euclid(DAY);
        let time = time(local.rem_euclid(DAY));
        let zone = offset.map(|offset| self.zone_text(local, offset));
        let zone = zone.unwrap_or_default();
        if self.format != Format::Postgres {
            let date = self.date(days);
            let (date, era) = match date.strip_suffix(" BC") {
                Some(date) => (date, " BC"),
                None => (date.as_str(), ""),
            };
            return format!("{date} {time}{zone}{era}");
        }
        let (year, month, day) = calendar::date(days);
        let name = |names: &[&'static str], number: i64| {
            let index = usize::try_from(number - 1).unwrap_or_default();
            names.get(index).copied().unwrap_or_default()
        };
        let weekday = name(&WEEKDAYS, calendar::weekday(days));
        let month = name(&MONTHS, month);
        let day = match self.day_first {
            true => format!("{day:02} {month}"),
            false => format!("{month} {day:02}"),
        };
        let (year, era) = match year > 0 {
            true => (year, ""),
            false => (1 - year, " BC"),
        };
        format!("{weekday} {day} {time} {year:04}{zone}{era}")
    }

    /// The name of the zone at a local time, or its offset.
    fn zone_text(self, local: i64, offset: i64) -> String {
        let moment = DateTime::from_timestamp_micros(told_moment(local - offset * SECOND));
        let name = self.zone.zip(moment).and_then(|(zone, moment)| {
            let of_zone = zone.offset_from_utc_datetime(&moment.naive_utc());
            of_zone.abbreviation().map(str::to_owned)
        });
        if let Some(name) = name {
            return format!(" {name}");
        }
        let sign = if offset < 0 { '-' } else { '+' };
        let (hours, minutes, seconds) = (
            offset.abs() / 3600,
            offset.abs() / 60 % 60,
            offset.abs() % 60,
        );
        let blank = match self.format {
            Format::Postgres => " ",
            _ => "",
        };
        match (minutes, seconds) {
            (0, 0) => format!("{blank}{sign}{hours:02}"),
            (_, 0) => format!("{blank}{sign}{hours:02}:{minutes:02}"),
            _ => format!("{blank}{sign}{hours:02}:{minutes:02}:{seconds:02}"),
        }
    }
}

/// Hours, minutes and seconds of so many microseconds.
pub(super) fn time(micros: i64) -> String {
    let seconds = micros / SECOND;
    let (hours, minutes, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let whole = format!("{hours:02}:{minutes:02}:{second:02}");
    match micros % SECOND {
        0 => whole,
        fraction => {
            let digits = format!("{fraction:06}");
            format!("{whole}.{}", digits.trim_end_matches('0'))
        }
    }
}

/// Finite dates or moments as texts.
pub(super) fn texts(from: &ArrayRef, zone: &SessionTimeZone) -> Result<ArrayRef> {
    let style = zone.dates();
    let texts: StringArray = match from.data_type() {
        DataType::Date32 | DataType::Date64 => {
            let dates = cast(from, &DataType::Date32)?;
            let dates = dates.as_primitive::<Date32Type>().iter();
            dates
                .map(|date| Some(style.date(i64::from(date?))))
                .collect()
        }
        given => {
            let zoned = match given {
                DataType::Timestamp(_, Some(_)) => Some(Zone::named(&zone.time_zone)?),
                _ => None,
            };
            let of_unit = match given {
                DataType::Timestamp(_, zone) => {
                    DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
                }
                other => other.clone(),
            };
            let moments = cast(from, &of_unit)?;
            let moments = moments.as_primitive::<TimestampMicrosecondType>().iter();
            let text = |micros: i64| {
                let offset = zoned.map(|zone| zone.offset_at(micros));
                let local = micros.saturating_add(offset.unwrap_or(0) * SECOND);
                style.moment(local, offset)
            };
            moments.map(|moment| moment.map(text)).collect()
        }
    };
    Ok(Arc::new(texts))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-07-04 09:08:07.5
    const LOCAL: i64 = (20_638 * 86_400 + 9 * 3600 + 8 * 60 + 7) * SECOND + 500_000;

    fn shown(setting: &str) -> [String; 3] {
        let style = DateStyle::new(setting, "Europe/Berlin");
        [
            style.date(20_638),
            style.moment(LOCAL, None),
            style.moment(LOCAL, Some(7200)),
        ]
    }

    #[test]
    fn styles_are_those_of_postgresql() {
        assert_eq!(
            shown("SQL, MDY"),
            [
                "07/04/2026",
                "07/04/2026 09:08:07.5",
                "07/04/2026 09:08:07.5 CEST"
            ]
        );
        assert_eq!(
            shown("SQL, DMY"),
            [
                "04/07/2026",
                "04/07/2026 09:08:07.5",
                "04/07/2026 09:08:07.5 CEST"
            ]
        );
        assert_eq!(
            shown("Postgres, MDY"),
            [
                "07-04-2026",
                "Sat Jul 04 09:08:07.5 2026",
                "Sat Jul 04 09:08:07.5 2026 CEST"
            ]
        );
        assert_eq!(
            shown("Postgres, DMY"),
            [
                "04-07-2026",
                "Sat 04 Jul 09:08:07.5 2026",
                "Sat 04 Jul 09:08:07.5 2026 CEST"
            ]
        );
        assert_eq!(
            shown("German, DMY"),
            [
                "04.07.2026",
                "04.07.2026 09:08:07.5",
                "04.07.2026 09:08:07.5 CEST"
            ]
        );
    }

    #[test]
    fn years_before_the_first_have_an_era() {
        let style = DateStyle::new("SQL, MDY", "UTC");
        let day = calendar::day_number(0, 3, 15);
        assert_eq!(style.date(day), "03/15/0001 BC");
        assert_eq!(
            style.moment(day * DAY, Some(0)),
            "03/15/0001 00:00:00 UTC BC"
        );
        let style = DateStyle::new("Postgres, MDY", "+05:30");
        assert_eq!(
            style.moment(day * DAY, Some(19_800)),
            "Wed Mar 15 00:00:00 0001 +05:30 BC"
        );
    }
}
