//! Dates, times and timestamps out of text, in the forms that PostgreSQL takes: `1999-01-08`,
//! `January 8, 1999`, `08-Jan-99`, `19990108T040506`, `04:05 PM`, `today`, `J2451187`, with eras and
//! time zones (`DecodeDateTime` of its `datetime.c`).

mod clock;
mod decoder;
mod fault;
mod fields;
pub(super) mod interval;
mod words;
mod zone;

use clock::FRACTION_DIGITS;
use decoder::Decoder;
use fields::fields;
use words::{Word, word};

pub(super) use fault::Fault;
pub(crate) use zone::abbreviation;
pub(super) use zone::offset;

use crate::calendar;
use crate::formatting::{DateOrder, Zone};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// What a session knows that a text may leave open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) zone: Zone,
    pub(super) order: DateOrder,
    /// The moment of `now`, in microseconds.
    pub(super) now: i64,
    /// Whether a time of day is wanted, so that digits are one.
    pub(super) is_time: bool,
}

/// The zone that a text names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Said {
    Nothing,
    /// Seconds east of UTC.
    Offset(i64),
    Zone(Zone),
}

/// What a text says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment {
    Infinity,
    MinusInfinity,
    /// The first second of 1970: of UTC as a moment, of any zone as a local time.
    Epoch,
    /// A moment whatever the zone.
    Instant(i64),
    Local {
        /// None where only a time is said.
        day: Option<i64>,
        /// Microseconds of the day; none where only a day is said.
        time: Option<i64>,
        zone: Said,
    },
}

impl Moment {
    /// The moment in microseconds, of a time in `zone` unless it names one.
    pub(super) fn instant(self, zone: Zone) -> Option<i64> {
        match self {
            Self::Infinity => Some(i64::MAX),
            Self::MinusInfinity => Some(i64::MIN),
            Self::Epoch => Some(0),
            Self::Instant(micros) => Some(micros),
            Self::Local { zone: said, .. } => {
                let local = self.local(zone)?;
                let offset = match said {
                    Said::Nothing => zone.offset_of_local(local),
                    Said::Offset(offset) => offset,
                    Said::Zone(zone) => zone.offset_of_local(local),
                };
                local.checked_sub(offset * SECOND)
            }
        }
    }

    /// The local time in microseconds; the zone that it names is passed over.
    pub(super) fn local(self, zone: Zone) -> Option<i64> {
        match self {
            Self::Infinity => Some(i64::MAX),
            Self::MinusInfinity => Some(i64::MIN),
            Self::Epoch => Some(0),
            Self::Instant(micros) => micros.checked_add(zone.offset_at(micros) * SECOND),
            Self::Local { day, time, .. } => day?.checked_mul(DAY)?.checked_add(time.unwrap_or(0)),
        }
    }

    /// The seconds east of UTC that it names.
    pub(super) fn offset(self) -> Option<i64> {
        match self {
            Self::Local {
                zone: Said::Offset(offset),
                ..
            } => Some(offset),
            Self::Local {
                zone: Said::Zone(zone),
                ..
            } => Some(zone.offset_of_local(self.local(zone)?)),
            _ => None,
        }
    }
}

/// Reads a text.
pub(super) fn read(text: &str, reading: Reading) -> Result<Moment, Fault> {
    if let Some(moment) = plain(text.as_bytes()) {
        return Ok(moment);
    }
    // A zone's name may go on with digits: PST8PDT.
    let stands_alone = |text: &str| {
        word(text).is_some_and(|word| !matches!(word, Word::Zone(_) | Word::ZoneOf(_)))
    };
    let parts = fields(text, stands_alone)?;
    let mut decoder = Decoder::new(reading);
    let mut parts = parts.iter().peekable();
    while let Some(part) = parts.next() {
        if let Some(moment) = decoder.field(part, parts.peek().copied())? {
            return match parts.peek() {
                None => Ok(moment),
                Some(_) => Err(Fault::Syntax),
            };
        }
    }
    decoder.end()
}

/// `2024-02-03 04:05:06.789`, which most texts are, without taking it apart.
fn plain(text: &[u8]) -> Option<Moment> {
    let (seconds, fraction) = text.split_at_checked(19)?;
    let number = |from: usize, to: usize| {
        seconds
            .get(from..to)?
            .iter()
            .try_fold(0_i64, |number, digit| {
                digit
                    .is_ascii_digit()
                    .then(|| number * 10 + i64::from(digit - b'0'))
            })
    };
    let marks = [
        seconds[4],
        seconds[7],
        seconds[10],
        seconds[13],
        seconds[16],
    ];
    if !matches!(marks, [b'-', b'-', b' ' | b'T', b':', b':']) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let micros = match fraction {
        [] => 0,
        [b'.', digits @ ..] if (1..=FRACTION_DIGITS).contains(&digits.len()) => {
            let read = digits.iter().try_fold(0_i64, |number, digit| {
                digit
                    .is_ascii_digit()
                    .then(|| number * 10 + i64::from(digit - b'0'))
            })?;
            (digits.len()..FRACTION_DIGITS).fold(read, |micros, _| micros * 10)
        }
        _ => return None,
    };
    let exists = year > 0
        && (1..=12).contains(&month)
        && (1..=calendar::days_of_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    exists.then(|| Moment::Local {
        day: Some(calendar::day_number(year, month, day)),
        time: Some(((hour * 60 + minute) * 60 + second) * SECOND + micros),
        zone: Said::Nothing,
    })
}
