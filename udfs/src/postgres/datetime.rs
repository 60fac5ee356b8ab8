//! Casts between texts and dates, times, timestamps and intervals.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, PrimitiveArray, StringArray, TimestampMicrosecondArray,
    new_null_array,
};
use arrow::compute::kernels::zip::zip;
use arrow::compute::{CastOptions, cast, cast_with_options, is_not_null, nullif};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, IntervalMonthDayNano, IntervalMonthDayNanoType,
    IntervalUnit, Time64NanosecondType, TimeUnit, TimestampMicrosecondType,
};
use arrow::util::display::FormatOptions;
use datafusion::error::Result;

use super::moment_text::interval::{self, Parts, Unit};
use super::moment_text::{self, Fault, Moment, Reading};
use super::text;
use crate::FunctionError;
use crate::formatting::{DateOrder, SessionTimeZone, Zone};

const MICROS: i64 = 1_000_000;
const DAY: i64 = 86_400 * MICROS;

/// The first day that PostgreSQL has, 4714-11-24 BC.
const FIRST_DAY: i64 = -2_440_588;

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
    let shown =
        texts.map(|(text, offset)| text.map(|text| text::timestamp(text, &offset_text(offset))));
    Ok(Arc::new(shown.collect::<StringArray>()))
}

/// The texts of dates and timestamps, of which `finite` shows those that are not the ends of time.
pub(super) fn shown(
    from: &ArrayRef,
    finite: impl Fn(&ArrayRef) -> Result<ArrayRef>,
) -> Result<ArrayRef> {
    let end = |is_least: bool, is_greatest: bool| match (is_least, is_greatest) {
        (true, _) => Some("-infinity"),
        (_, true) => Some("infinity"),
        _ => None,
    };
    let ends: StringArray = match from.data_type() {
        DataType::Date32 => {
            let days = from.as_primitive::<Date32Type>();
            let ends = days.iter().map(|day| {
                let day = day?;
                end(day == i32::MIN, day == i32::MAX)
            });
            ends.collect()
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let moments = from.as_primitive::<TimestampMicrosecondType>();
            let ends = moments.iter().map(|moment| {
                let moment = moment?;
                end(moment == i64::MIN, moment == i64::MAX)
            });
            ends.collect()
        }
        _ => return finite(from),
    };
    if ends.null_count() == ends.len() {
        return finite(from);
    }
    let is_end = is_not_null(&ends)?;
    let others = finite(&nullif(from.as_ref(), &is_end)?)?;
    Ok(zip(&is_end, &ends, &others)?)
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
    let reading = Reading {
        zone: Zone::Utc,
        order: DateOrder::default(),
        now: chrono::Utc::now().timestamp_micros(),
        is_time: false,
    };
    let moment = moment_text::read(text, reading).ok()?;
    Some((moment.local(Zone::Utc)?, moment.offset()))
}

/// A text as an interval. `range` are the first and last units that its type names.
///
/// # Errors
/// 22007 for a text that is none, 22015 for one that is out of range.
pub fn read_interval(text: &str, range: Option<(Unit, Unit)>) -> Result<Parts, FunctionError> {
    interval::read(text, range).map_err(|fault| fault.error("interval", text))
}

/// Casts texts to dates, times, timestamps or intervals; moments that name no zone are of the
/// session's.
///
/// # Errors
/// 22007 for text that is none, 22008 for one that is out of range.
pub(super) fn from_text(
    from: &ArrayRef,
    to: &DataType,
    session: &SessionTimeZone,
) -> Result<ArrayRef> {
    let zone = Zone::named(&session.time_zone)?;
    let has_zone = matches!(to, DataType::Timestamp(_, Some(_)));
    // What Arrow reads is quick, and the same but for zones: it takes UTC where a text names none,
    // and puts a local time into UTC where one does.
    let read = match to {
        DataType::Date32 => cast_with_options(from, to, &lenient())?,
        _ => new_null_array(to, from.len()),
    };
    if read.null_count() == from.null_count() {
        return Ok(read);
    }
    let texts = cast(from, &DataType::Utf8)?;
    let texts = texts.as_string::<i32>();
    let reading = Reading {
        zone,
        order: session.date_order(),
        now: session.now(),
        is_time: matches!(to, DataType::Time32(_) | DataType::Time64(_)),
    };
    let moment = |text: &str, name: &str| {
        moment_text::read(text, reading).map_err(|fault| fault.error(name, text))
    };
    match to {
        DataType::Date32 => filled::<Date32Type>(&read, texts, |row| {
            let text = texts.value(row);
            let local = moment(text, "date")?;
            match local {
                Moment::Infinity => return Ok(i32::MAX),
                Moment::MinusInfinity => return Ok(i32::MIN),
                Moment::Local { day: None, .. } => {
                    return Err(Fault::Syntax.error("date", text));
                }
                Moment::Local { day: Some(day), .. } => {
                    let day = i32::try_from(day)
                        .ok()
                        .filter(|day| i64::from(*day) >= FIRST_DAY);
                    return day.ok_or_else(|| Fault::OutOfRange.error("date", text));
                }
                Moment::Epoch | Moment::Instant(_) => {}
            }
            let day = local.local(zone).map(|micros| micros.div_euclid(DAY));
            day.and_then(|day| i32::try_from(day).ok())
                .ok_or_else(|| Fault::OutOfRange.error("date", text))
        }),
        DataType::Time32(_) | DataType::Time64(_) => {
            let nanos = DataType::Time64(TimeUnit::Nanosecond);
            let none = new_null_array(&nanos, from.len());
            let times = filled::<Time64NanosecondType>(&none, texts, |row| {
                let text = texts.value(row);
                let local = moment(text, "time")?;
                match local {
                    Moment::Local {
                        time: Some(time), ..
                    } => Ok(time * 1_000),
                    Moment::Instant(_) => local
                        .local(zone)
                        .map(|micros| micros.rem_euclid(DAY) * 1_000)
                        .ok_or_else(|| Fault::OutOfRange.error("time", text)),
                    _ => Err(Fault::Syntax.error("time", text)),
                }
            })?;
            Ok(cast(&times, to)?)
        }
        DataType::Interval(_) => {
            let none = new_null_array(&DataType::Interval(IntervalUnit::MonthDayNano), from.len());
            let intervals = filled::<IntervalMonthDayNanoType>(&none, texts, |row| {
                let text = texts.value(row);
                let parts = read_interval(text, None)?;
                let wide = || Fault::OutOfRange.error("interval", text);
                Ok(IntervalMonthDayNano::new(
                    i32::try_from(parts.months).map_err(|_| wide())?,
                    i32::try_from(parts.days).map_err(|_| wide())?,
                    parts.micros.checked_mul(1_000).ok_or_else(wide)?,
                ))
            })?;
            Ok(cast(&intervals, to)?)
        }
        _ => {
            let name = match has_zone {
                true => "timestamp with time zone",
                false => "timestamp",
            };
            let micros = DataType::Timestamp(TimeUnit::Microsecond, None);
            let none = new_null_array(&micros, from.len());
            let moments = filled::<TimestampMicrosecondType>(&none, texts, |row| {
                let text = texts.value(row);
                let moment = moment(text, name)?;
                if let Moment::Local { day: None, .. } = moment {
                    return Err(Fault::Syntax.error(name, text));
                }
                let micros = match has_zone {
                    true => moment.instant(zone),
                    false => moment.local(zone),
                };
                // The ends of time are no days.
                let is_end = matches!(moment, Moment::Infinity | Moment::MinusInfinity);
                let micros = micros.filter(|micros| is_end || *micros >= FIRST_DAY * DAY);
                micros.ok_or_else(|| Fault::OutOfRange.error(name, text))
            })?;
            // The values are those of UTC already.
            let moments = moments.as_primitive::<TimestampMicrosecondType>().clone();
            let zoned: ArrayRef = Arc::new(moments.with_timezone_opt(zone_of(to)));
            Ok(cast(&zoned, to)?)
        }
    }
}

fn lenient() -> CastOptions<'static> {
    CastOptions {
        safe: true,
        format_options: FormatOptions::default(),
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
