//! Dates and timestamps out of text: ISO 8601 as PostgreSQL takes it.
//!
//! Arrow reads the full form alone, `2024-02-03 04:05:06`. Without seconds, with parts of one digit
//! or with a zone of two, text is a moment too; and what is none is told as PostgreSQL tells it.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, PrimitiveArray, StringArray, TimestampMicrosecondArray,
    new_null_array,
};
use arrow::compute::{cast, cast_with_options};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, TimeUnit, TimestampMicrosecondType,
};
use arrow::util::display::FormatOptions;
use datafusion::error::Result;

use super::text;
use crate::FunctionError;
use crate::calendar;
use crate::formatting::Zone;

const MICROS: i64 = 1_000_000;
/// The most digits of a fraction that count.
const FRACTION_DIGITS: usize = 6;

/// The texts of moments, in a time zone.
pub(super) fn to_text(from: &ArrayRef, zone: Zone) -> Result<ArrayRef> {
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let moments = cast(from, &utc)?;
    let moments = moments.as_primitive::<TimestampMicrosecondType>();
    let offsets: Vec<i64> = moments
        .iter()
        .map(|moment| moment.map_or(0, |moment| zone.offset_at(moment)))
        .collect();
    let local: TimestampMicrosecondArray = moments
        .iter()
        .zip(&offsets)
        .map(|(moment, offset)| moment.map(|moment| moment.saturating_add(offset * MICROS)))
        .collect();
    let local: ArrayRef = Arc::new(local);
    let texts = cast(&local, &DataType::Utf8)?;
    let texts = texts.as_string::<i32>().iter().zip(offsets);
    let shown = texts.map(|(text, offset)| {
        text.map(|text| format!("{}{}", text::timestamp(text), offset_text(offset)))
    });
    Ok(Arc::new(shown.collect::<StringArray>()))
}

/// `+02`, `-03:30`
fn offset_text(seconds: i64) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.abs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (minutes, rest) {
        (0, 0) => format!("{sign}{hours:02}"),
        (minutes, 0) => format!("{sign}{hours:02}:{minutes:02}"),
        (minutes, rest) => format!("{sign}{hours:02}:{minutes:02}:{rest:02}"),
    }
}

/// A text as a timestamp without time zone, and the seconds east of UTC that it names.
pub fn read_timestamp(text: &str) -> Option<(i64, Option<i64>)> {
    let moment = Moment::read(text).ok()?;
    Some((moment.micros(0)?, moment.offset))
}

/// Casts texts to dates or timestamps; with time zone, those that name none are of `zone`.
///
/// # Errors
/// 22007 for text that is none, 22008 for one that is out of range.
pub(super) fn from_text(from: &ArrayRef, to: &DataType, zone: Zone) -> Result<ArrayRef> {
    let lenient = arrow::compute::CastOptions {
        safe: true,
        format_options: FormatOptions::default(),
    };
    let has_zone = matches!(to, DataType::Timestamp(_, Some(_)));
    // Arrow takes UTC where a text names no zone.
    let read = match has_zone && !matches!(zone, Zone::Utc) {
        true => new_null_array(to, from.len()),
        false => cast_with_options(from, to, &lenient)?,
    };
    if read.null_count() == from.null_count() {
        return Ok(read);
    }
    let texts = cast(from, &DataType::Utf8)?;
    let texts = texts.as_string::<i32>();
    match to {
        DataType::Date32 => {
            let days = filled::<Date32Type>(&read, texts, |row| {
                let text = texts.value(row);
                let moment = Moment::read(text).map_err(|fault| fault.error("date", text))?;
                i32::try_from(moment.day).map_err(|_| Fault::OutOfRange.error("date", text))
            })?;
            Ok(days)
        }
        _ => {
            let name = match has_zone {
                true => "timestamp with time zone",
                false => "timestamp",
            };
            let micros = DataType::Timestamp(TimeUnit::Microsecond, zone_of(to));
            let wide = cast(&read, &micros)?;
            let moments = filled::<TimestampMicrosecondType>(&wide, texts, |row| {
                let text = texts.value(row);
                let moment = Moment::read(text).map_err(|fault| fault.error(name, text))?;
                let micros = match (has_zone, moment.offset) {
                    (false, _) => moment.micros(0),
                    (true, Some(offset)) => moment.micros(offset),
                    (true, None) => moment
                        .micros(0)
                        .and_then(|local| moment.micros(zone.offset_of_local(local))),
                };
                micros.ok_or_else(|| Fault::OutOfRange.error(name, text))
            })?;
            // The values are those of UTC already.
            let zoned = DataType::Timestamp(TimeUnit::Microsecond, has_zone.then(|| "UTC".into()));
            Ok(cast(&cast(&moments, &zoned)?, to)?)
        }
    }
}

fn zone_of(to: &DataType) -> Option<Arc<str>> {
    match to {
        DataType::Timestamp(_, zone) => zone.clone(),
        _ => None,
    }
}

/// The values that were read, and for texts without one what `read` makes of them.
fn filled<T: ArrowPrimitiveType>(
    values: &ArrayRef,
    texts: &StringArray,
    read: impl Fn(usize) -> Result<T::Native, FunctionError>,
) -> Result<ArrayRef> {
    let values = values.as_primitive::<T>();
    let mut answer = Vec::with_capacity(values.len());
    for row in 0..values.len() {
        answer.push(match (values.is_valid(row), texts.is_valid(row)) {
            (true, _) => Some(values.value(row)),
            (false, true) => Some(read(row)?),
            (false, false) => None,
        });
    }
    Ok(Arc::new(PrimitiveArray::<T>::from_iter(answer)))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Syntax,
    OutOfRange,
}

impl Fault {
    fn error(self, data_type: &str, text: &str) -> FunctionError {
        let (sqlstate, message) = match self {
            Self::Syntax => (
                "22007",
                format!("invalid input syntax for type {data_type}: \"{text}\""),
            ),
            Self::OutOfRange => (
                "22008",
                format!("date/time field value out of range: \"{text}\""),
            ),
        };
        FunctionError {
            sqlstate,
            message,
            hint: None,
        }
    }
}

/// What a text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Moment {
    day: i64,
    /// Of the day.
    micros: i64,
    /// Seconds east of UTC.
    offset: Option<i64>,
}

impl Moment {
    /// Microseconds since 1970 in UTC, of a local time so many seconds east of it.
    fn micros(self, offset: i64) -> Option<i64> {
        self.day
            .checked_mul(86_400 * MICROS)?
            .checked_add(self.micros)?
            .checked_sub(offset * MICROS)
    }

    /// `2024-2-3`, `2024-02-03 4:05`, `20240203T040506.7+02`
    fn read(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        let (date, rest) = match text.find([' ', 'T', 't']) {
            Some(end) => (text.split_at(end).0, text.split_at(end + 1).1.trim_start()),
            None => (text, ""),
        };
        let day = day(date)?;
        if rest.is_empty() {
            return Ok(Self {
                day,
                micros: 0,
                offset: None,
            });
        }
        let end = rest.find(['Z', 'z', '+', '-', ' ']).unwrap_or(rest.len());
        let (time, zone) = rest.split_at(end);
        Ok(Self {
            day,
            micros: time_of_day(time)?,
            offset: offset(zone.trim_start())?,
        })
    }
}

fn day(date: &str) -> Result<i64, Fault> {
    let parts: Vec<&str> = date.split('-').collect();
    let (year, month, day) = match parts.as_slice() {
        [year, month, day] if year.len() >= 3 => (*year, *month, *day),
        [all] if all.len() == 8 && all.is_ascii() => {
            let (year, rest) = all.split_at(4);
            let (month, day) = rest.split_at(2);
            (year, month, day)
        }
        _ => return Err(Fault::Syntax),
    };
    let (year, month, day) = (number(year, 6)?, number(month, 2)?, number(day, 2)?);
    let exists = year > 0
        && (1..=12).contains(&month)
        && (1..=calendar::days_of_month(year, month)).contains(&day);
    match exists {
        true => Ok(calendar::day_number(year, month, day)),
        false => Err(Fault::OutOfRange),
    }
}

fn time_of_day(time: &str) -> Result<i64, Fault> {
    let (whole, fraction) = time.split_once('.').unwrap_or((time, ""));
    let parts: Vec<&str> = whole.split(':').collect();
    let (hour, minute, second) = match parts.as_slice() {
        [hour, minute] if fraction.is_empty() => (*hour, *minute, "0"),
        [hour, minute, second] => (*hour, *minute, *second),
        [all] if (all.len() == 4 || all.len() == 6) && all.is_ascii() => {
            let (hour, rest) = all.split_at(2);
            let (minute, second) = rest.split_at(2);
            (hour, minute, if second.is_empty() { "0" } else { second })
        }
        _ => return Err(Fault::Syntax),
    };
    let (hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    let micros = fraction_of_second(fraction)?;
    let seconds = (hour * 60 + minute) * 60 + second;
    // 24:00:00 ends a day, and a minute may be said to have 60 seconds.
    let exists = minute < 60 && second <= 60 && seconds * MICROS + micros <= 86_400 * MICROS;
    match exists {
        true => Ok(seconds * MICROS + micros),
        false => Err(Fault::OutOfRange),
    }
}

/// Digits behind a point, in microseconds, rounded.
fn fraction_of_second(digits: &str) -> Result<i64, Fault> {
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Fault::Syntax);
    }
    let padded = format!("{digits:0<width$}", width = FRACTION_DIGITS + 1);
    let (kept, rest) = padded.split_at(FRACTION_DIGITS);
    let micros: i64 = kept.parse().map_err(|_| Fault::Syntax)?;
    Ok(micros + i64::from(rest.as_bytes().first().is_some_and(|next| *next >= b'5')))
}

/// `Z`, `UTC`, `+02`, `-0230`, `+02:30`
fn offset(zone: &str) -> Result<Option<i64>, Fault> {
    let unsigned = match zone.chars().next() {
        None => return Ok(None),
        Some('+' | '-') => zone.split_at(1).1,
        Some(_) if zone.eq_ignore_ascii_case("z") || zone.eq_ignore_ascii_case("utc") => {
            return Ok(Some(0));
        }
        Some(_) => return Err(Fault::Syntax),
    };
    let (hours, minutes) = match unsigned.split_once(':') {
        Some(parts) => parts,
        None if unsigned.len() == 4 && unsigned.is_ascii() => unsigned.split_at(2),
        None => (unsigned, "0"),
    };
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    if hours > 15 || minutes > 59 {
        return Err(Fault::OutOfRange);
    }
    let seconds = (hours * 60 + minutes) * 60;
    Ok(Some(if zone.starts_with('-') {
        -seconds
    } else {
        seconds
    }))
}

fn number(digits: &str, most: usize) -> Result<i64, Fault> {
    let fits =
        (1..=most).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    match fits {
        true => digits.parse().map_err(|_| Fault::Syntax),
        false => Err(Fault::Syntax),
    }
}
