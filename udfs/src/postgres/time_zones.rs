//! The time zones that there are, as they are at a moment.

use chrono::{DateTime, Offset as _, TimeZone as _, Utc};
use chrono_tz::{OffsetComponents as _, OffsetName as _, TZ_VARIANTS};

/// A time zone at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneAt {
    /// Its name.
    pub name: &'static str,
    /// What its time is called then: `CEST`, `+04`.
    pub abbreviation: String,
    /// The seconds that it is ahead of UTC.
    pub offset: i32,
    /// Whether that is its summer time.
    pub is_summer_time: bool,
}

/// The name of the IANA database that this is in any case: `Europe/Berlin` for `europe/berlin`.
pub fn time_zone_name(name: &str) -> Option<&'static str> {
    let mut names = TZ_VARIANTS.iter().map(|zone| zone.name());
    names.find(|known| known.eq_ignore_ascii_case(name))
}

/// All time zones, by name.
pub fn time_zones(at: DateTime<Utc>) -> impl Iterator<Item = ZoneAt> {
    TZ_VARIANTS.iter().map(move |zone| {
        let offset = zone.offset_from_utc_datetime(&at.naive_utc());
        let seconds = offset.fix().local_minus_utc();
        let abbreviation = offset.abbreviation().map(str::to_owned);
        ZoneAt {
            name: zone.name(),
            abbreviation: abbreviation.unwrap_or_else(|| offset_name(seconds.into())),
            offset: seconds,
            is_summer_time: !offset.dst_offset().is_zero(),
        }
    })
}

/// The name of a time that has no other: `+04`, `-0330`.
pub(crate) fn offset_name(seconds: i64) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    match minutes % 60 {
        0 => format!("{sign}{:02}", minutes / 60),
        rest => format!("{sign}{:02}{rest:02}", minutes / 60),
    }
}
