//! Fields that values of a type do not have: `extract(hour FROM date)`.

use arrow::datatypes::{DataType, TimeUnit};

use super::super::moment_text::interval::{Unit, unit};
use crate::FunctionError;

/// The error of a field, named in lower case, that is none of values of this type; nothing of one that is,
/// or of another type.
pub(super) fn refusal(name: &str, of: &DataType) -> Option<FunctionError> {
    let kind = match of {
        DataType::Date32 => Kind::Date,
        DataType::Time64(_) => Kind::Time,
        DataType::Interval(_) => Kind::Interval,
        DataType::Timestamp(TimeUnit::Microsecond, zone) => Kind::Timestamp {
            has_zone: zone.is_some(),
        },
        _ => return None,
    };
    let is_supported = match (unit(name), name) {
        (
            Some(Unit::Microsecond | Unit::Millisecond | Unit::Second | Unit::Minute | Unit::Hour),
            _,
        ) => kind != Kind::Date,
        (Some(Unit::Week), _)
        | (None, "dow" | "isodow" | "doy" | "isoyear" | "julian" | "jd" | "j") => {
            !matches!(kind, Kind::Time | Kind::Interval)
        }
        (Some(_), _) | (None, "quarter" | "qtr") => kind != Kind::Time,
        (None, "timezone" | "timezone_h" | "timezone_hour" | "timezone_m" | "timezone_minute") => {
            kind == Kind::Timestamp { has_zone: true }
        }
        (None, "epoch") => true,
        (None, _) => {
            let message = format!("unit \"{name}\" not recognized for type {}", kind.name());
            return Some(FunctionError::invalid_argument(message));
        }
    };
    let message = || format!("unit \"{name}\" not supported for type {}", kind.name());
    (!is_supported).then(|| FunctionError::unsupported(message()))
}

/// What has fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Date,
    Time,
    Interval,
    Timestamp { has_zone: bool },
}

impl Kind {
    /// The name of the type.
    fn name(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Time => "time without time zone",
            Self::Interval => "interval",
            Self::Timestamp { has_zone: true } => "timestamp with time zone",
            Self::Timestamp { has_zone: false } => "timestamp without time zone",
        }
    }
}
