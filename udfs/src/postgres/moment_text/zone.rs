//! The time zone in a text: `+02:30`, `PST`, `Europe/Berlin`.

use super::Fault;
use super::clock::integer;
use super::words::{Word, word};

use crate::formatting::{Zone, posix_offset};

/// The most hours that an offset from UTC has.
const MOST_HOURS: i64 = 15;

/// `+02`, `-0230`, `+02:30:15`
pub(in super::super) fn offset(zone: &str) -> Result<i64, Fault> {
    let (is_west, unsigned) = match zone.split_at_checked(1) {
        Some(("-", rest)) => (true, rest),
        Some(("+", rest)) => (false, rest),
        _ => return Err(Fault::Syntax),
    };
    let parts: Vec<&str> = unsigned.split(':').collect();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [all] if all.len() > 2 && all.is_ascii() => {
            let (hours, minutes) = all.split_at(all.len() - 2);
            (hours, minutes, "0")
        }
        [hours] => (*hours, "0", "0"),
        [hours, minutes] => (*hours, *minutes, "0"),
        [hours, minutes, seconds] => (*hours, *minutes, *seconds),
        _ => return Err(Fault::Syntax),
    };
    // What a colon begins may be left out.
    let sixtieth = |digits: &str| match digits {
        "" => Ok(0),
        digits => integer(digits),
    };
    let (hours, minutes, seconds) = (integer(hours)?, sixtieth(minutes)?, sixtieth(seconds)?);
    if hours > MOST_HOURS || minutes > 59 || seconds > 59 {
        return Err(Fault::Displacement);
    }
    let east = (hours * 60 + minutes) * 60 + seconds;
    Ok(if is_west { -east } else { east })
}

/// A zone by its name in the database of zones, in any case, or as POSIX writes it: `GMT+8`, which is
/// west.
pub(super) fn named(name: &str) -> Result<Zone, Fault> {
    Zone::in_any_case(name)
        .or_else(|| Zone::east(posix_offset(name)?))
        .ok_or_else(|| Fault::Zone(name.to_owned()))
}

/// The zone that an abbreviation such as `PST` or `MSK` stands for.
pub(crate) fn abbreviation(name: &str) -> Option<Zone> {
    match word(&name.to_lowercase())? {
        Word::Zone(offset) => Zone::east(i32::try_from(offset).ok()?),
        Word::ZoneOf(place) => named(place).ok(),
        _ => None,
    }
}
