//! `date`, `time`, `timestamp` and `timestamptz`.

use arrow::array::timezone::Tz;
use arrow::array::types::{
    Date32Type, Date64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow::array::{Array, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::TimeUnit;
use bytes::{BufMut, BytesMut};
use chrono::{DateTime, Offset, TimeZone};
use tributary_udfs::postgres::DateStyle;
use tributary_udfs::told_moment;

use super::Encode;
use super::calendar::{DAY, Date, SECOND, write_offset, write_time};
use super::json::write_quoted;
use crate::error::{Error, Result, SqlState};

/// Days from 1970-01-01 to 2000-01-01, from which PostgreSQL counts.
const EPOCH_DAYS: i64 = 10_957;

/// Where the hands of the clock are for a timestamp.
#[derive(Clone, Copy)]
pub(super) enum Zone {
    /// `timestamp`: the clock is what it says.
    None,
    /// `timestamptz`, shown in UTC.
    Utc,
    /// `timestamptz`, shown in another zone.
    Named(Tz),
}

/// Dates in days.
pub(super) fn dates<'a>(
    array: &'a PrimitiveArray<Date32Type>,
    style: DateStyle,
) -> Box<dyn Encode + 'a> {
    let days = |row| i64::from(array.value(row));
    Box::new(Dates { days, style })
}

/// Dates in milliseconds.
pub(super) fn millisecond_dates<'a>(
    array: &'a PrimitiveArray<Date64Type>,
    style: DateStyle,
) -> Box<dyn Encode + 'a> {
    let days = |row| array.value(row).div_euclid(86_400_000);
    Box::new(Dates { days, style })
}

/// Times of day, of which `multiply` / `divide` makes microseconds.
pub(super) fn times<'a, T>(
    array: &'a PrimitiveArray<T>,
    multiply: i64,
    divide: i64,
) -> Box<dyn Encode + 'a>
where
    T: ArrowPrimitiveType,
    T::Native: Into<i64>,
{
    Box::new(Times(move |row| {
        let value: i64 = array.value(row).into();
        Some(value)
            .filter(|value| *value >= 0)
            .and_then(|value| value.checked_mul(multiply))
            .map(|value| value / divide)
    }))
}

/// Timestamps of any unit.
pub(super) fn timestamps<'a>(
    array: &'a dyn Array,
    unit: TimeUnit,
    zone: Zone,
    style: DateStyle,
) -> Box<dyn Encode + 'a> {
    match unit {
        TimeUnit::Second => {
            let array = array.as_primitive::<TimestampSecondType>();
            let micros = |row| array.value(row).checked_mul(SECOND);
            Box::new(Timestamps {
                micros,
                zone,
                style,
            })
        }
        TimeUnit::Millisecond => {
            let array = array.as_primitive::<TimestampMillisecondType>();
            let micros = |row| array.value(row).checked_mul(1_000);
            Box::new(Timestamps {
                micros,
                zone,
                style,
            })
        }
        TimeUnit::Microsecond => {
            let array = array.as_primitive::<TimestampMicrosecondType>();
            let micros = |row| Some(array.value(row));
            Box::new(Timestamps {
                micros,
                zone,
                style,
            })
        }
        TimeUnit::Nanosecond => {
            let array = array.as_primitive::<TimestampNanosecondType>();
            let micros = |row| Some(array.value(row).div_euclid(1_000));
            Box::new(Timestamps {
                micros,
                zone,
                style,
            })
        }
    }
}

struct Dates<F> {
    days: F,
    style: DateStyle,
}

impl<F: Fn(usize) -> i64 + Send + Sync> Dates<F> {
    fn write(&self, row: usize, style: DateStyle, out: &mut BytesMut) {
        let days = (self.days)(row);
        if let Some(end) = infinity(days, [i32::MIN.into(), i32::MAX.into()]) {
            out.put_slice(end);
            return;
        }
        if !style.is_iso() {
            out.put_slice(style.date(days).as_bytes());
            return;
        }
        let date = Date::from_days(days);
        date.write(out);
        date.write_era(out);
    }
}

impl<F: Fn(usize) -> i64 + Send + Sync> Encode for Dates<F> {
    fn is_plain(&self) -> bool {
        self.style.is_iso()
    }

    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.write(row, self.style, out);
        Ok(())
    }

    fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        write_quoted(out, |out| {
            self.write(row, DateStyle::default(), out);
            Ok(())
        })
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let days = (self.days)(row);
        let counted = match infinity(days, [i32::MIN.into(), i32::MAX.into()]) {
            Some(_) => days,
            None => days - EPOCH_DAYS,
        };
        out.put_i32(i32::try_from(counted).map_err(|_| out_of_range("date"))?);
        Ok(())
    }
}

/// The name of the end of time that a value stands for; the least and the greatest do.
fn infinity(value: i64, [least, greatest]: [i64; 2]) -> Option<&'static [u8]> {
    match value {
        value if value == greatest => Some(b"infinity"),
        value if value == least => Some(b"-infinity"),
        _ => None,
    }
}

struct Times<F>(F);

impl<F: Fn(usize) -> Option<i64> + Send + Sync> Encode for Times<F> {
    fn is_plain(&self) -> bool {
        true
    }

    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let micros = (self.0)(row).ok_or_else(|| out_of_range("time"))?;
        write_time(out, micros.unsigned_abs());
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_i64((self.0)(row).ok_or_else(|| out_of_range("time"))?);
        Ok(())
    }
}

struct Timestamps<F> {
    micros: F,
    zone: Zone,
    style: DateStyle,
}

impl<F: Fn(usize) -> Option<i64> + Send + Sync> Timestamps<F> {
    fn write(&self, row: usize, style: DateStyle, out: &mut BytesMut) -> Result<()> {
        let micros = (self.micros)(row).ok_or_else(|| out_of_range("timestamp"))?;
        if let Some(end) = infinity(micros, [i64::MIN, i64::MAX]) {
            out.put_slice(end);
            return Ok(());
        }
        let offset = match self.zone {
            Zone::None => None,
            Zone::Utc => Some(0),
            Zone::Named(zone) => Some(offset_seconds(zone, micros)),
        };
        let local = micros
            .checked_add(i64::from(offset.unwrap_or(0)) * SECOND)
            .ok_or_else(|| out_of_range("timestamp"))?;
        if !style.is_iso() {
            let text = style.moment(local, offset.map(i64::from));
            out.put_slice(text.as_bytes());
            return Ok(());
        }
        let date = Date::from_days(local.div_euclid(DAY));
        date.write(out);
        out.put_u8(b' ');
        write_time(out, local.rem_euclid(DAY).unsigned_abs());
        if let Some(offset) = offset {
            write_offset(out, offset);
        }
        date.write_era(out);
        Ok(())
    }
}

impl<F: Fn(usize) -> Option<i64> + Send + Sync> Encode for Timestamps<F> {
    fn is_plain(&self) -> bool {
        self.style.is_iso()
    }

    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.write(row, self.style, out)
    }

    fn json(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        write_quoted(out, |out| self.write(row, DateStyle::default(), out))
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let micros = (self.micros)(row).ok_or_else(|| out_of_range("timestamp"))?;
        let counted = match infinity(micros, [i64::MIN, i64::MAX]) {
            Some(_) => Some(micros),
            None => micros.checked_sub(EPOCH_DAYS * DAY),
        };
        out.put_i64(counted.ok_or_else(|| out_of_range("timestamp"))?);
        Ok(())
    }
}

/// How far the zone's clocks were from UTC at that moment.
fn offset_seconds(zone: Tz, micros: i64) -> i32 {
    DateTime::from_timestamp_micros(told_moment(micros)).map_or(0, |moment| {
        zone.offset_from_utc_datetime(&moment.naive_utc())
            .fix()
            .local_minus_utc()
    })
}

fn out_of_range(what: &str) -> Error {
    Error::new(
        SqlState::DATETIME_FIELD_OVERFLOW,
        format!("{what} out of range"),
    )
}
