//! Moments, in microseconds as PostgreSQL keeps them.

use chrono::{DateTime, SubsecRound, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The moment it is, in whole microseconds: what is kept and what is read back are equal.
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// Writes a moment as its microseconds since 1970.
pub fn serialize<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    time.timestamp_micros().serialize(serializer)
}

/// Reads a moment from its microseconds since 1970.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    from_micros(i64::deserialize(deserializer)?)
}

fn from_micros<E: serde::de::Error>(micros: i64) -> Result<DateTime<Utc>, E> {
    Utc.timestamp_micros(micros)
        .single()
        .ok_or_else(|| E::custom(format!("{micros} is out of the range of times")))
}

/// The same for a moment that may be absent.
pub mod optional {
    use super::{DateTime, Deserialize, Deserializer, Serialize, Serializer, Utc, from_micros};

    /// Writes the microseconds since 1970, or null.
    pub fn serialize<S: Serializer>(
        time: &Option<DateTime<Utc>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(|time| time.timestamp_micros())
            .serialize(serializer)
    }

    /// Reads the microseconds since 1970, or null.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<DateTime<Utc>>, D::Error> {
        Option::<i64>::deserialize(deserializer)?
            .map(from_micros)
            .transpose()
    }
}
