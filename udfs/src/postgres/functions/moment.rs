//! Moments and intervals: sums, differences and lengths, as PostgreSQL's `timestamp.c` has them.

use arrow::datatypes::IntervalMonthDayNano;

use crate::FunctionError;
use crate::calendar;
use crate::formatting::Zone;

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const DAY: i64 = 86_400 * SECOND;
const NANOS: i64 = 1_000;

pub(super) fn out_of_range(what: &str) -> FunctionError {
    FunctionError {
        sqlstate: "22008",
        message: format!("{what} out of range"),
        hint: None,
    }
}

/// Whether a moment is before or after all others.
pub(super) fn is_infinite(moment: i64) -> bool {
    matches!(moment, i64::MIN | i64::MAX)
}

/// How long an interval is in microseconds where a month has 30 days and a day 24 hours.
pub(in crate::postgres) fn span(interval: IntervalMonthDayNano) -> i128 {
    let days = i128::from(interval.months) * 30 + i128::from(interval.days);
    days * i128::from(DAY) + i128::from(interval.nanoseconds / NANOS)
}

/// An interval of months, days and microseconds.
pub(super) fn interval(
    months: i64,
    days: i64,
    micros: i64,
) -> Result<IntervalMonthDayNano, FunctionError> {
    let wide = || out_of_range("interval");
    Ok(IntervalMonthDayNano::new(
        i32::try_from(months).map_err(|_| wide())?,
        i32::try_from(days).map_err(|_| wide())?,
        micros.checked_mul(NANOS).ok_or_else(wide)?,
    ))
}

/// The microseconds of an interval's time.
pub(super) fn micros(interval: IntervalMonthDayNano) -> i64 {
    interval.nanoseconds / NANOS
}

/// A moment and an interval: months and days are those of the zone's clock. The ends of time stay.
pub(super) fn later(
    moment: i64,
    interval: IntervalMonthDayNano,
    zone: Zone,
) -> Result<i64, FunctionError> {
    if is_infinite(moment) {
        return Ok(moment);
    }
    let wide = || out_of_range("timestamp");
    let mut moment = moment;
    if interval.months != 0 || interval.days != 0 {
        let local = moment
            .checked_add(zone.offset_at(moment) * SECOND)
            .ok_or_else(wide)?;
        let (mut day, time) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        if interval.months != 0 {
            let (year, month, day_of_month) = calendar::date(day);
            let months = year * 12 + month - 1 + i64::from(interval.months);
            let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
            let last = calendar::days_of_month(year, month);
            day = calendar::day_number(year, month, day_of_month.min(last));
        }
        day += i64::from(interval.days);
        let local = day
            .checked_mul(DAY)
            .and_then(|local| local.checked_add(time))
            .ok_or_else(wide)?;
        moment = local
            .checked_sub(zone.offset_of_local(local) * SECOND)
            .ok_or_else(wide)?;
    }
    let moment = moment.checked_add(micros(interval));
    moment
        .filter(|moment| !is_infinite(*moment))
        .ok_or_else(wide)
}

/// From one local time to a later one in years, months, days and a time of day (`timestamp_age`).
pub(super) fn age(later: i64, earlier: i64) -> Result<IntervalMonthDayNano, FunctionError> {
    if later < earlier {
        let age = age(earlier, later)?;
        return interval(-i64::from(age.months), -i64::from(age.days), -micros(age));
    }
    let parts = |moment: i64| {
        let (day, time) = (moment.div_euclid(DAY), moment.rem_euclid(DAY));
        (calendar::date(day), time)
    };
    let (((to_year, to_month, to_day), to_time), ((year, month, day), time)) =
        (parts(later), parts(earlier));
    let mut micros = to_time - time;
    let mut days = to_day - day;
    let mut months = (to_year - year) * 12 + to_month - month;
    if micros < 0 {
        micros += DAY;
        days -= 1;
    }
    if days < 0 {
        // The days of the month that the earlier one is in.
        days += calendar::days_of_month(year, month);
        months -= 1;
    }
    interval(months, days, micros)
}
