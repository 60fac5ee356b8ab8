//! `interval`, from intervals and durations of every unit.

use arrow::array::types::{
    DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType,
    IntervalDayTimeType, IntervalMonthDayNanoType, IntervalYearMonthType,
};
use arrow::array::{ArrowPrimitiveType, PrimitiveArray};
use bytes::{BufMut, BytesMut};
use tributary_udfs::postgres::{IntervalStyle, interval_text};

use super::Encode;
use super::calendar::{SECOND, write_time};
use super::integer::write_integer;
use crate::error::{Error, Result, SqlState};

/// An interval as PostgreSQL has it: three parts, none of which makes up for another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    months: i32,
    days: i32,
    micros: i64,
}

/// Arrow types that are intervals.
pub(super) trait IntervalType: ArrowPrimitiveType {
    /// The three parts; `None` where they do not fit.
    fn parts(value: Self::Native) -> Option<Parts>;
}

/// Intervals of one Arrow type.
pub(super) struct Intervals<'a, T: IntervalType> {
    pub(super) array: &'a PrimitiveArray<T>,
    pub(super) style: IntervalStyle,
}

impl<T: IntervalType + Send + Sync> Intervals<'_, T> {
    fn parts(&self, row: usize) -> Result<Parts> {
        T::parts(self.array.value(row))
            .ok_or_else(|| Error::new(SqlState::DATETIME_FIELD_OVERFLOW, "interval out of range"))
    }
}

impl<T: IntervalType + Send + Sync> Encode for Intervals<'_, T> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let parts = self.parts(row)?;
        match self.style {
            IntervalStyle::Postgres => write_interval(out, parts),
            style => {
                let text = interval_text(parts.months, parts.days, parts.micros, style);
                out.put_slice(text.as_bytes());
            }
        }
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let parts = self.parts(row)?;
        out.put_i64(parts.micros);
        out.put_i32(parts.days);
        out.put_i32(parts.months);
        Ok(())
    }
}

macro_rules! duration {
    ($type:ty, $value:ident => $micros:expr) => {
        impl IntervalType for $type {
            fn parts($value: i64) -> Option<Parts> {
                $micros.map(|micros| Parts {
                    micros,
                    ..Parts::default()
                })
            }
        }
    };
}

duration!(DurationSecondType, value => value.checked_mul(SECOND));
duration!(DurationMillisecondType, value => value.checked_mul(1_000));
duration!(DurationMicrosecondType, value => Some(value));
duration!(DurationNanosecondType, value => Some(value / 1_000));

impl IntervalType for IntervalYearMonthType {
    fn parts(months: i32) -> Option<Parts> {
        Some(Parts {
            months,
            ..Parts::default()
        })
    }
}

impl IntervalType for IntervalDayTimeType {
    fn parts(value: Self::Native) -> Option<Parts> {
        Some(Parts {
            months: 0,
            days: value.days,
            micros: i64::from(value.milliseconds) * 1_000,
        })
    }
}

impl IntervalType for IntervalMonthDayNanoType {
    fn parts(value: Self::Native) -> Option<Parts> {
        Some(Parts {
            months: value.months,
            days: value.days,
            micros: value.nanoseconds / 1_000,
        })
    }
}

/// Appends the interval in IntervalStyle `postgres`: `1 year 2 mons -3 days +04:05:06.7`.
fn write_interval(out: &mut BytesMut, parts: Parts) {
    let start = out.len();
    let mut before_is_negative = false;
    let named = [
        (parts.months / 12, "year"),
        (parts.months % 12, "mon"),
        (parts.days, "day"),
    ];
    for (value, unit) in named.into_iter().filter(|(value, _)| *value != 0) {
        if out.len() > start {
            out.put_u8(b' ');
        }
        if before_is_negative && value > 0 {
            out.put_u8(b'+');
        }
        write_integer(out, i64::from(value));
        out.put_u8(b' ');
        out.put_slice(unit.as_bytes());
        if value != 1 {
            out.put_u8(b's');
        }
        before_is_negative = value < 0;
    }
    let is_empty = out.len() == start;
    if is_empty || parts.micros != 0 {
        if !is_empty {
            out.put_u8(b' ');
        }
        if parts.micros < 0 {
            out.put_u8(b'-');
        } else if before_is_negative {
            out.put_u8(b'+');
        }
        write_time(out, parts.micros.unsigned_abs());
    }
}
