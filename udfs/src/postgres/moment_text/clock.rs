//! The time of day in a text: `04:05:06.789`.

use super::Fault;

/// The most digits of a fraction that count.
pub(super) const FRACTION_DIGITS: usize = 6;

#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) micros: i64,
}

pub(super) fn integer(digits: &str) -> Result<i64, Fault> {
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Fault::Syntax);
    }
    let value: i64 = digits.parse().map_err(|_| Fault::OutOfRange)?;
    match i32::try_from(value) {
        Ok(_) => Ok(value),
        Err(_) => Err(Fault::OutOfRange),
    }
}

/// `04:05`, `04:05:06.7`
pub(super) fn clock(text: &str) -> Result<Clock, Fault> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let parts: Vec<&str> = whole.split(':').collect();
    let (hour, minute, second) = match parts.as_slice() {
        // Minutes and seconds, as there is a fraction.
        [minute, second] if text.contains('.') => ("0", *minute, *second),
        [hour, minute] => (*hour, *minute, "0"),
        [hour, minute, second] => (*hour, *minute, *second),
        _ => return Err(Fault::Syntax),
    };
    Ok(Clock {
        hour: integer(hour)?,
        minute: integer(minute)?,
        second: integer(second)?,
        micros: fraction_of_second(fraction)?,
    })
}

/// Digits behind a point, in microseconds, rounded.
pub(super) fn fraction_of_second(digits: &str) -> Result<i64, Fault> {
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Fault::Syntax);
    }
    let padded = format!("{digits:0<width$}", width = FRACTION_DIGITS + 1);
    let (kept, rest) = padded.split_at(FRACTION_DIGITS);
    let micros: i64 = kept.parse().map_err(|_| Fault::Syntax)?;
    Ok(micros + i64::from(rest.as_bytes().first().is_some_and(|next| *next >= b'5')))
}
