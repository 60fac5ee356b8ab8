//! Time zones as POSIX writes them: `<+03>-03`, `EST5`, `-05:30`. Their offsets count west of
//! Greenwich, other than those that moments are written with.

use arrow::array::timezone::Tz;

/// The most hours that a zone may be from Greenwich: Arrow's zones are less than a day away.
const MOST_HOURS: i32 = 23;

/// The time zone of this name: one of the IANA database, or one without summer time as POSIX
/// writes it.
pub fn time_zone(name: &str) -> Option<Tz> {
    match posix_offset(name) {
        Some(east) => fixed(east),
        // Arrow reads these as counting east.
        None if name.starts_with(['+', '-']) => None,
        None => name.parse().ok(),
    }
}

/// The zone so many seconds east of Greenwich, as POSIX and PostgreSQL write it: `<+05:30>-05:30`.
pub fn posix_zone(east: i32) -> Option<String> {
    fixed(east)?;
    let (name, offset) = if east < 0 { ('-', '+') } else { ('+', '-') };
    let minutes = east.abs() / 60;
    let time = match (minutes / 60, minutes % 60) {
        (hours, 0) => format!("{hours:02}"),
        (hours, minutes) => format!("{hours:02}:{minutes:02}"),
    };
    Some(format!("<{name}{time}>{offset}{time}"))
}

/// The seconds east of Greenwich of a zone without summer time as POSIX writes it.
pub fn posix_offset(zone: &str) -> Option<i32> {
    let offset = match zone.strip_prefix('<') {
        Some(rest) => rest.split_once('>')?.1,
        None => zone.trim_start_matches(|letter: char| letter.is_ascii_alphabetic()),
    };
    let (sign, time) = match offset.strip_prefix('-') {
        Some(time) => (1, time),
        None => (-1, offset.strip_prefix('+').unwrap_or(offset)),
    };
    let mut parts = time.split(':');
    let hours = number(parts.next()?, MOST_HOURS)?;
    let mut sixtieth = || parts.next().map_or(Some(0), |part| number(part, 59));
    let (minutes, seconds) = (sixtieth()?, sixtieth()?);
    match parts.next() {
        None => Some(sign * ((hours * 60 + minutes) * 60 + seconds)),
        Some(_) => None,
    }
}

/// The zone so many seconds east of Greenwich; Arrow has only those of whole minutes.
pub(super) fn fixed(east: i32) -> Option<Tz> {
    let (sign, minutes) = (if east < 0 { '-' } else { '+' }, east.abs() / 60);
    if east % 60 != 0 || minutes / 60 > MOST_HOURS {
        return None;
    }
    let (hours, minutes) = (minutes / 60, minutes % 60);
    format!("{sign}{hours:02}:{minutes:02}").parse().ok()
}

fn number(digits: &str, most: i32) -> Option<i32> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse::<i32>().ok().filter(|_| is_number)?;
    (number <= most).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_west() {
        for (zone, east) in [
            ("-05:30", 19_800),
            ("+3", -10_800),
            ("<+03>-03", 10_800),
            ("EST5", -18_000),
            ("FOO-5:45", 20_700),
            ("0", 0),
        ] {
            assert_eq!(posix_offset(zone), Some(east), "{zone}");
        }
        for zone in [
            "",
            "z",
            "UTC",
            "EST5EDT",
            "Etc/GMT+5",
            "<+03",
            "+24",
            "+5:60",
            "5.5",
            "+-5",
        ] {
            assert_eq!(posix_offset(zone), None, "{zone}");
        }
    }

    #[test]
    fn zones_are_written_as_they_are_read() {
        for (east, zone) in [
            (19_800, "<+05:30>-05:30"),
            (-10_800, "<-03>+03"),
            (0, "<+00>-00"),
            (-1800, "<-00:30>+00:30"),
        ] {
            assert_eq!(posix_zone(east).as_deref(), Some(zone));
            assert_eq!(posix_offset(zone), Some(east));
        }
        assert_eq!(posix_zone(86_400), None);
        assert_eq!(posix_zone(15), None);
    }

    #[test]
    fn zones_have_names_too() {
        assert!(time_zone("Europe/Berlin").is_some());
        assert!(time_zone("EST5EDT").is_some());
        assert!(time_zone("+0530").is_none());
        assert!(time_zone("+05:30:15").is_none());
    }
}
