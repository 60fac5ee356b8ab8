//! Which type a column of texts has.
//!
//! A type is taken only where every sampled value fits it and reading loses nothing that a user
//! would miss: numbers with leading zeros or a plus sign (codes, telephone numbers) stay text, and
//! so do integers beyond bigint.

use arrow::datatypes::{DataType, TimeUnit};
use chrono::{DateTime, Utc};
use datafusion::arrow::compute::kernels::cast_utils::{Parser, string_to_datetime};

/// The zone of inferred timestamps that carry an offset.
pub(super) const UTC: &str = "UTC";

/// What the values of a column have been so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Inferred {
    /// Nothing but NULL.
    #[default]
    Null,
    Boolean,
    BigInt,
    Double,
    Date,
    Timestamp,
    TimestampWithZone,
    Text,
}

impl Inferred {
    /// The narrowest type of one value.
    pub fn of(value: &str) -> Self {
        let text = value.trim_ascii();
        let bytes = text.as_bytes();
        match bytes {
            [b't' | b'T' | b'f' | b'F', ..]
                if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") =>
            {
                Self::Boolean
            }
            [b'0'..=b'9' | b'-' | b'.', ..] => Self::of_number(text)
                .or_else(|| Self::of_time(text))
                .unwrap_or(Self::Text),
            _ => Self::Text,
        }
    }

    fn of_number(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
        match digits {
            [b'0', b'0'..=b'9', ..] => return None,
            [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => {}
            _ => return None,
        }
        if digits.iter().all(u8::is_ascii_digit) {
            return text.parse::<i64>().ok().map(|_| Self::BigInt);
        }
        let is_number = digits.contains(&b'.') && text.parse::<f64>().is_ok_and(f64::is_finite);
        is_number.then_some(Self::Double)
    }

    fn of_time(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
            return None;
        }
        if bytes.len() == 10 {
            return arrow::datatypes::Date32Type::parse(text).map(|_| Self::Date);
        }
        if !matches!(bytes.get(10), Some(b'T' | b' ')) || bytes.len() < 16 {
            return None;
        }
        parse_timestamp(text)?;
        let has_zone = bytes
            .get(16..)
            .is_some_and(|rest| rest.iter().any(|b| !matches!(b, b'0'..=b'9' | b':' | b'.')));
        Some(if has_zone {
            Self::TimestampWithZone
        } else {
            Self::Timestamp
        })
    }

    /// The narrowest type that holds both.
    pub fn merge(self, other: Self) -> Self {
        use Inferred::{BigInt, Date, Double, Null, Text, Timestamp, TimestampWithZone};
        match (self, other) {
            (left, right) if left == right => left,
            (Null, only) | (only, Null) => only,
            (BigInt, Double) | (Double, BigInt) => Double,
            (Date, Timestamp) | (Timestamp, Date) => Timestamp,
            (Date | Timestamp, TimestampWithZone) | (TimestampWithZone, Date | Timestamp) => {
                TimestampWithZone
            }
            _ => Text,
        }
    }

    /// As the type of a column.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Null | Self::Text => DataType::Utf8,
            Self::Boolean => DataType::Boolean,
            Self::BigInt => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::TimestampWithZone => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        }
    }
}

/// Reads a date and time; without a zone, UTC is taken. Seconds may be missing, as in Postgres.
pub(super) fn parse_timestamp(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = string_to_datetime(&Utc, text) {
        return Some(time);
    }
    let (minutes, zone) = text.split_at_checked(16)?;
    let is_short = minutes.as_bytes().get(13) == Some(&b':') && !zone.starts_with(':');
    let full = is_short.then(|| format!("{minutes}:00{zone}"))?;
    string_to_datetime(&Utc, &full).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_narrowest_type_that_loses_nothing() {
        use Inferred::*;
        for (value, expected) in [
            ("1", BigInt),
            ("-17", BigInt),
            ("0", BigInt),
            ("9223372036854775807", BigInt),
            ("9223372036854775808", Text),
            ("0123", Text),
            ("-01", Text),
            ("+4930123", Text),
            ("1.5", Double),
            ("0.25", Double),
            (".5", Double),
            ("-1.5e3", Double),
            ("1e5", Text),
            ("00.5", Text),
            ("12,50", Text),
            ("NaN", Text),
            ("-", Text),
            ("", Text),
            ("true", Boolean),
            ("FALSE", Boolean),
            ("t", Text),
            ("2024-02-29", Date),
            ("2023-02-29", Text),
            ("20240229", BigInt),
            ("2024-1-5", Text),
            ("2024-02-29 10:11", Timestamp),
            ("2024-02-29T10:11:12.5", Timestamp),
            ("2024-02-29T10:11:12Z", TimestampWithZone),
            ("2024-02-29 10:11:12+02:00", TimestampWithZone),
            ("2024-02-29 10:11:12é", Text),
            ("2024-02-30 10:11:12", Text),
        ] {
            assert_eq!(Inferred::of(value), expected, "{value}");
        }
    }

    #[test]
    fn merging_is_symmetric_and_never_narrows() {
        use Inferred::*;
        let all = [
            Null,
            Boolean,
            BigInt,
            Double,
            Date,
            Timestamp,
            TimestampWithZone,
            Text,
        ];
        for left in all {
            assert_eq!(left.merge(left), left);
            assert_eq!(left.merge(Text), Text);
            for right in all {
                assert_eq!(left.merge(right), right.merge(left));
                let merged = left.merge(right);
                assert_eq!(merged.merge(left), merged);
            }
        }
    }
}
