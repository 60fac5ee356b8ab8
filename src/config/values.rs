//! The types of settings: how their values are read and shown.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::Value;

macro_rules! plain_value {
    ($type:ty, $kind:literal, $wanted:literal, $show:expr) => {
        impl Value for $type {
            const KIND: &'static str = $kind;

            fn read(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| $wanted.to_owned())
            }

            fn show(&self) -> String {
                let show: fn(&Self) -> String = $show;
                show(self)
            }
        }
    };
}

plain_value!(String, "text", "text", |value| value.clone());
plain_value!(PathBuf, "path", "a path", |value| value
    .display()
    .to_string());
plain_value!(
    SocketAddr,
    "address:port",
    "an address and a port such as 127.0.0.1:7432",
    ToString::to_string
);
plain_value!(
    usize,
    "integer",
    "a whole number, 0 or more",
    ToString::to_string
);
plain_value!(
    u64,
    "integer",
    "a whole number, 0 or more",
    ToString::to_string
);

/// Text that is never shown: not by `SHOW`, in no view, message or log.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

/// What is shown of it.
const MASK: &str = "********";

impl Secret {
    /// A secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Value for Secret {
    const KIND: &'static str = "secret";

    fn read(text: &str) -> Result<Self, String> {
        Ok(Self::new(text))
    }

    fn show(&self) -> String {
        if self.is_empty() {
            String::new()
        } else {
            MASK.to_owned()
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.show())
    }
}

/// A number of bytes: `512MB`, `4GB`; units are powers of 1024, as in Postgres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteSize(pub u64);

const UNITS: [(&str, u64); 5] = [
    ("TB", 1 << 40),
    ("GB", 1 << 30),
    ("MB", 1 << 20),
    ("kB", 1 << 10),
    ("B", 1),
];

impl Value for ByteSize {
    const KIND: &'static str = "size";

    fn read(text: &str) -> Result<Self, String> {
        let wanted = || "a size such as 512MB or 4GB".to_owned();
        let digits = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let unit = if unit.trim().is_empty() {
            "B"
        } else {
            unit.trim()
        };
        let (_, factor) = UNITS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(unit))
            .ok_or_else(wanted)?;
        let bytes = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(*factor));
        bytes.map(Self).ok_or_else(wanted)
    }

    fn show(&self) -> String {
        let (name, factor) = UNITS
            .iter()
            .find(|(_, factor)| self.0 >= *factor && self.0.is_multiple_of(*factor))
            .unwrap_or(&("B", 1));
        format!("{}{name}", self.0 / factor)
    }
}

/// A size, or a share of the machine's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryLimit {
    /// So many bytes.
    Bytes(ByteSize),
    /// So many hundredths of the machine's memory.
    Percent(u64),
}

impl Value for MemoryLimit {
    const KIND: &'static str = "size or share";

    fn read(text: &str) -> Result<Self, String> {
        let wanted = || "a size such as 4GB, or a share of the machine such as 50%".to_owned();
        match text.strip_suffix('%') {
            Some(share) => match share.trim().parse() {
                Ok(percent @ 1..=100) => Ok(Self::Percent(percent)),
                _ => Err(wanted()),
            },
            None => match ByteSize::read(text) {
                Ok(size) if size.0 > 0 => Ok(Self::Bytes(size)),
                _ => Err(wanted()),
            },
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Bytes(size) => size.show(),
            Self::Percent(percent) => format!("{percent}%"),
        }
    }
}

impl MemoryLimit {
    /// The limit in bytes, on a machine with so much memory.
    pub fn bytes(self, machine: u64) -> u64 {
        match self {
            Self::Bytes(size) => size.0,
            Self::Percent(percent) => machine / 100 * percent,
        }
    }
}

/// A duration in milliseconds: `250`, `30s`, `5min`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Milliseconds(pub u64);

const DURATIONS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("min", 60_000),
    ("s", 1000),
    ("ms", 1),
];

impl Value for Milliseconds {
    const KIND: &'static str = "duration";

    fn read(text: &str) -> Result<Self, String> {
        let wanted = || "a number of milliseconds, or a duration such as 30s or 5min".to_owned();
        let digits = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let unit = if unit.trim().is_empty() {
            "ms"
        } else {
            unit.trim()
        };
        let (_, factor) = DURATIONS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(wanted)?;
        let value = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(*factor));
        value
            .filter(|value| *value <= i32::MAX as u64)
            .map(Self)
            .ok_or_else(wanted)
    }

    fn show(&self) -> String {
        if self.0 == 0 {
            return "0".to_owned();
        }
        let (name, factor) = DURATIONS
            .iter()
            .find(|(_, factor)| self.0.is_multiple_of(*factor))
            .unwrap_or(&("ms", 1));
        format!("{}{name}", self.0 / factor)
    }
}

/// A list of names, folded to lower case unless quoted, and the text that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(pub Vec<String>, String);

impl Value for Names {
    const KIND: &'static str = "names";

    fn read(text: &str) -> Result<Self, String> {
        // A name in quotes may have a comma.
        let mut is_quoted = false;
        let is_end = |character: char| {
            is_quoted ^= character == '"';
            character == ',' && !is_quoted
        };
        let names = text.split(is_end).map(str::trim);
        let names = names.filter(|name| !name.is_empty());
        Ok(Self(
            names
                .map(|name| {
                    match name
                        .strip_prefix('"')
                        .and_then(|rest| rest.strip_suffix('"'))
                    {
                        Some(quoted) => quoted.replace("\"\"", "\""),
                        None => name.to_lowercase(),
                    }
                })
                .collect(),
            text.to_owned(),
        ))
    }

    fn show(&self) -> String {
        self.1.clone()
    }
}

/// A number from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fraction(pub f64);

impl Value for Fraction {
    const KIND: &'static str = "number";

    fn read(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(number) if (0.0..=1.0).contains(&number) => Ok(Self(number)),
            _ => Err("a number from 0 to 1".to_owned()),
        }
    }

    fn show(&self) -> String {
        self.0.to_string()
    }
}

/// `on` or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch(pub bool);

impl Value for Switch {
    const KIND: &'static str = "boolean";

    fn read(text: &str) -> Result<Self, String> {
        match text.to_lowercase().as_str() {
            "on" | "true" | "yes" | "1" => Ok(Self(true)),
            "off" | "false" | "no" | "0" => Ok(Self(false)),
            _ => Err("on or off".to_owned()),
        }
    }

    fn show(&self) -> String {
        if self.0 {
            "on".to_owned()
        } else {
            "off".to_owned()
        }
    }
}

/// How dates are written, and in which order day, month and year are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateStyle {
    format: &'static str,
    order: &'static str,
}

impl Value for DateStyle {
    const KIND: &'static str = "date style";

    fn read(text: &str) -> Result<Self, String> {
        let first = Self {
            format: "ISO",
            order: "MDY",
        };
        first.changed(text)
    }

    /// What is not said stays.
    fn changed(&self, text: &str) -> Result<Self, String> {
        let wanted = || {
            "ISO, SQL, Postgres or German, with MDY, DMY or YMD for the order that is read"
                .to_owned()
        };
        let (mut format, mut order) = (None, None);
        for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
            let (slot, said) = match word.to_lowercase().as_str() {
                "iso" => (&mut format, "ISO"),
                "sql" => (&mut format, "SQL"),
                "postgres" | "postgresql" => (&mut format, "Postgres"),
                "german" => (&mut format, "German"),
                "mdy" | "us" | "noneuropean" | "noneuro" => (&mut order, "MDY"),
                "dmy" | "european" | "euro" => (&mut order, "DMY"),
                "ymd" => (&mut order, "YMD"),
                "default" => {
                    format.get_or_insert("ISO");
                    order.get_or_insert("MDY");
                    continue;
                }
                _ => return Err(wanted()),
            };
            if slot.replace(said).is_some_and(|before| before != said) {
                return Err(wanted());
            }
        }
        // As in Postgres, Germans write the day first unless they say otherwise.
        let of_format = (format == Some("German")).then_some("DMY");
        Ok(Self {
            format: format.unwrap_or(self.format),
            order: order.or(of_format).unwrap_or(self.order),
        })
    }

    fn show(&self) -> String {
        format!("{}, {}", self.format, self.order)
    }
}

/// A time zone of the IANA database, or an offset from UTC as POSIX writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZone(pub String);

impl Value for TimeZone {
    const KIND: &'static str = "time zone";

    fn read(text: &str) -> Result<Self, String> {
        let is_utc = ["utc", "gmt"]
            .iter()
            .any(|name| text.eq_ignore_ascii_case(name));
        // As in Postgres, a bare number counts hours east, and all other offsets count west.
        let zone = match text.parse::<f64>() {
            _ if is_utc => Some("UTC".to_owned()),
            Ok(hours) => east(hours).and_then(tributary_udfs::posix_zone),
            Err(_) => match tributary_udfs::posix_offset(text) {
                Some(_) => tributary_udfs::time_zone(text).map(|_| text.to_ascii_uppercase()),
                None => tributary_udfs::postgres::time_zone_name(text).map(str::to_owned),
            },
        };
        zone.map(Self).ok_or_else(|| {
            "a time zone such as Europe/Berlin, or hours east of UTC such as 2 or -3.5".to_owned()
        })
    }

    fn show(&self) -> String {
        self.0.clone()
    }
}

/// Hours as seconds.
fn east(hours: f64) -> Option<i32> {
    let seconds = (hours * 3600.0).round();
    (seconds.abs() < 86_400.0).then_some(seconds as i32)
}

/// How many digits a float is written with, as in Postgres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtraFloatDigits(pub i32);

impl Value for ExtraFloatDigits {
    const KIND: &'static str = "integer";

    fn read(text: &str) -> Result<Self, String> {
        text.parse()
            .ok()
            .filter(|digits| (-15..=3).contains(digits))
            .map(Self)
            .ok_or_else(|| "a number from -15 to 3".to_owned())
    }

    fn show(&self) -> String {
        self.0.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_round_trip() {
        for text in ["512MB", "4GB", "7B", "0B", "100kB"] {
            assert_eq!(ByteSize::read(text).unwrap().show(), text);
        }
        for (text, shown) in [
            ("0", "0"),
            ("250", "250ms"),
            ("30s", "30s"),
            ("60000", "1min"),
            ("2h", "2h"),
        ] {
            assert_eq!(Milliseconds::read(text).unwrap().show(), shown);
        }
        assert!(ByteSize::read("99999999999TB").is_err());
        assert!(Milliseconds::read("5 parsecs").is_err());
        assert_eq!(MemoryLimit::read("50%").unwrap().bytes(1000), 500);
        assert!(MemoryLimit::read("0").is_err());
    }

    #[test]
    fn secrets_are_shown_to_no_one() {
        let secret = Secret::read("pencil").unwrap();
        assert_eq!(secret.show(), "********");
        assert_eq!(format!("{secret:?}"), "********");
        assert_eq!(secret.reveal(), "pencil");
        assert_eq!(Secret::default().show(), "");
    }

    #[test]
    fn names_fold_unless_quoted() {
        let names = Names::read("Public,\"Mixed Case\",  \"$user\"").unwrap();
        assert_eq!(names.0, ["public", "Mixed Case", "$user"]);
        assert_eq!(names.show(), "Public,\"Mixed Case\",  \"$user\"");
    }

    #[test]
    fn time_zones_are_checked() {
        assert_eq!(
            TimeZone::read("Europe/Berlin").unwrap().show(),
            "Europe/Berlin"
        );
        for (text, shown) in [
            ("3", "<+03>-03"),
            ("+03", "<+03>-03"),
            ("-3.5", "<-03:30>+03:30"),
            ("0", "<+00>-00"),
            ("-05:30", "-05:30"),
            ("foo5", "FOO5"),
            ("<+03>-03", "<+03>-03"),
            ("utc", "UTC"),
        ] {
            assert_eq!(TimeZone::read(text).unwrap().show(), shown, "{text}");
        }
        for text in [
            "Mars/Olympus",
            "200",
            "+0530",
            "+05:30:15",
            "nan",
            "PDT",
            "",
        ] {
            assert!(TimeZone::read(text).is_err(), "{text}");
        }
    }
}
