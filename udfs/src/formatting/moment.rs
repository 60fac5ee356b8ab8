//! A moment, a date or an interval, in the parts that templates name.

use super::time_zone::Zone;
use crate::calendar;

const MICROS: i64 = 1_000_000;
const DAY: i64 = 86_400 * MICROS;

/// How a moment is shown as far as its time zone goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offset {
    /// A timestamp without time zone has none.
    None,
    /// UTC itself, which has a name.
    Utc,
    /// Seconds east of UTC.
    Seconds(i64),
}

/// A moment, a date or an interval, in the parts that templates name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// The year 0 is 1 BC.
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) micros: i64,
    pub(super) day_of_year: i64,
    /// The day's number; none for an interval.
    pub(super) number: Option<i64>,
    pub(super) offset: Offset,
}

impl Moment {
    /// A timestamp without time zone, in microseconds since 1970.
    pub(super) fn of_timestamp(micros: i64) -> Self {
        Self::of_local(micros, Offset::None)
    }

    /// A timestamp with time zone, in microseconds since 1970.
    pub(super) fn of_instant(micros: i64, zone: Zone) -> Self {
        match zone {
            Zone::Utc => Self::of_local(micros, Offset::Utc),
            zone => {
                let seconds = zone.offset_at(micros);
                let local = micros.saturating_add(seconds * MICROS);
                Self::of_local(local, Offset::Seconds(seconds))
            }
        }
    }

    /// The beginning of a day, which is a timestamp with time zone to a template.
    pub(super) fn of_date(days: i32, zone: Zone) -> Self {
        let local = i64::from(days) * 86_400;
        let offset = match zone {
            Zone::Utc => Offset::Utc,
            zone => Offset::Seconds(zone.offset_of_local(local.saturating_mul(MICROS))),
        };
        Self::of_parts(i64::from(days), 0, offset)
    }

    fn of_local(micros: i64, offset: Offset) -> Self {
        Self::of_parts(micros.div_euclid(DAY), micros.rem_euclid(DAY), offset)
    }

    fn of_parts(number: i64, time: i64, offset: Offset) -> Self {
        let (year, month, day) = calendar::date(number);
        Self {
            year,
            month,
            day,
            hour: time / (3600 * MICROS),
            minute: time / (60 * MICROS) % 60,
            second: time / MICROS % 60,
            micros: time % MICROS,
            day_of_year: number - calendar::day_number(year, 1, 1) + 1,
            number: Some(number),
            offset,
        }
    }

    /// An interval; the hours of one may be more than a day's.
    pub(super) fn of_interval(months: i64, days: i64, micros: i64) -> Self {
        let (year, month) = (months / 12, months % 12);
        Self {
            year,
            month,
            day: days,
            hour: micros / (3600 * MICROS),
            minute: micros / (60 * MICROS) % 60,
            second: micros / MICROS % 60,
            micros: micros % MICROS,
            // A month of an interval has 30 days.
            day_of_year: (year * 12 + month) * 30 + days,
            number: None,
            offset: Offset::None,
        }
    }
}
