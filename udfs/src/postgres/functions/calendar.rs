//! Functions of dates, times and intervals: `age`, `justify_days`, `make_interval`, fields that
//! `extract` gives, `OVERLAPS`, and what operators between them compute.

use std::cmp::Ordering;

use arrow::datatypes::IntervalMonthDayNano;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::super::moment_text;
use super::super::moment_text::interval::{Unit, unit};
use super::moment::{
    DAY, SECOND, age as age_of, interval, is_infinite, later, micros, out_of_range,
};
use super::moment_fields::{Field, no_numeric};
use super::refused_fields::refusal;
use super::row_function::{Form, Row, Type, form, of_nulls};
use crate::FunctionError;
use crate::calendar;
use crate::formatting::Zone;

use Type::{
    BigInt, Boolean, Date, Days, Float, Interval, Milliseconds, Seconds, Text, Time, Timestamp,
    TimestampTz,
};

pub(super) const AGE: &[Form] = &[
    form(&[Timestamp, Timestamp], Interval, |row| {
        Ok(span_value(age_of(row.integer(0), row.integer(1))?))
    }),
    form(&[TimestampTz, TimestampTz], Interval, |row| {
        let zone = zone(row)?;
        Ok(span_value(age_of(
            local(row.integer(0), zone),
            local(row.integer(1), zone),
        )?))
    }),
    form(&[Timestamp], Interval, |row| {
        Ok(span_value(age_of(today(row)?, row.integer(0))?))
    }),
    form(&[TimestampTz], Interval, |row| {
        Ok(span_value(age_of(
            today(row)?,
            local(row.integer(0), zone(row)?),
        )?))
    }),
];
pub(super) const JUSTIFY_DAYS: &[Form] = &[form(&[Interval], Interval, justify_days)];
pub(super) const JUSTIFY_HOURS: &[Form] = &[form(&[Interval], Interval, justify_hours)];
pub(super) const JUSTIFY_INTERVAL: &[Form] = &[form(&[Interval], Interval, justify_interval)];
pub(super) const ISFINITE: &[Form] = &[
    form(&[Date], Boolean, |row| {
        let day = row.integer(0);
        Ok(truth(
            day != i64::from(i32::MAX) && day != i64::from(i32::MIN),
        ))
    }),
    form(&[Timestamp], Boolean, is_finite),
    form(&[TimestampTz], Boolean, is_finite),
    form(&[Interval], Boolean, |_| Ok(truth(true))),
];
pub(super) const MAKE_TIME: &[Form] = &[form(&[BigInt, BigInt, Float], Time, |row| {
    let micros = time_of_day(row.integer(0), row.integer(1), row.float(2))?;
    Ok(ScalarValue::Time64Nanosecond(micros.checked_mul(1_000)))
})];
pub(super) const MAKE_TIMESTAMP: &[Form] = &[form(
    &[BigInt, BigInt, BigInt, BigInt, BigInt, Float],
    Timestamp,
    |row| Ok(ScalarValue::TimestampMicrosecond(Some(made(row)?), None)),
)];
pub(super) const MAKE_TIMESTAMPTZ: &[Form] = &[
    form(
        &[BigInt, BigInt, BigInt, BigInt, BigInt, Float],
        TimestampTz,
        make_timestamptz,
    ),
    form(
        &[BigInt, BigInt, BigInt, BigInt, BigInt, Float, Text],
        TimestampTz,
        make_timestamptz,
    ),
];
pub(super) const MAKE_INTERVAL: &[Form] = &[
    form(&[], Interval, make_interval),
    form(&[BigInt], Interval, make_interval),
    form(&[BigInt, BigInt], Interval, make_interval),
    form(&[BigInt, BigInt, BigInt], Interval, make_interval),
    form(&[BigInt, BigInt, BigInt, BigInt], Interval, make_interval),
    form(
        &[BigInt, BigInt, BigInt, BigInt, BigInt],
        Interval,
        make_interval,
    ),
    form(
        &[BigInt, BigInt, BigInt, BigInt, BigInt, BigInt],
        Interval,
        make_interval,
    ),
    form(
        &[BigInt, BigInt, BigInt, BigInt, BigInt, BigInt, Float],
        Interval,
        make_interval,
    ),
];
pub(super) const CLOCK_TIMESTAMP: &[Form] = &[form(&[], TimestampTz, |row| Ok(moment_of(row.now)))];
pub(super) const STATEMENT_TIMESTAMP: &[Form] = &[form(&[], TimestampTz, |row| {
    Ok(moment_of(row.zone.statement()))
})];
pub(super) const EXTRACT_WHOLE: &[Form] = &[
    form(&[Text, Timestamp], BigInt, whole_field),
    form(&[Text, TimestampTz], BigInt, whole_field),
    form(&[Text, Date], BigInt, whole_field),
    form(&[Text, Time], BigInt, whole_field),
    form(&[Text, Interval], BigInt, whole_field),
];
pub(super) const EXTRACT_SECONDS: &[Form] = &[
    form(&[Text, Timestamp], Seconds, seconds),
    form(&[Text, TimestampTz], Seconds, seconds),
    form(&[Text, Date], BigInt, |row| {
        match row.text(0).to_lowercase().as_str() {
            "epoch" if is_end(row, 1) => Err(no_numeric().into()),
            "epoch" => Ok(ScalarValue::Int64(Some(
                Field::Epoch.of_day(row.integer(1)),
            ))),
            _ => Err(unknown(row).into()),
        }
    }),
    form(&[Text, Time], Seconds, seconds),
    form(&[Text, Interval], Seconds, seconds),
];
pub(super) const EXTRACT_JULIAN: &[Form] = &[
    form(&[Timestamp], Days, julian),
    form(&[TimestampTz], Days, julian),
    form(&[Date], BigInt, |row| match is_end(row, 0) {
        true => Err(no_numeric().into()),
        false => Ok(ScalarValue::Int64(Some(
            Field::Julian.of_day(row.integer(0)),
        ))),
    }),
    form(&[Time], BigInt, |row| Err(refused(row, "julian", 0).into())),
    form(&[Interval], BigInt, |row| {
        Err(refused(row, "julian", 0).into())
    }),
];
pub(super) const EXTRACT_MILLISECONDS: &[Form] = &[
    form(&[Timestamp], Milliseconds, milliseconds),
    form(&[TimestampTz], Milliseconds, milliseconds),
    form(&[Time], Milliseconds, milliseconds),
    form(&[Interval], Milliseconds, milliseconds),
    form(&[Date], Milliseconds, |row| {
        Err(refused(row, "milliseconds", 0).into())
    }),
];
pub(super) const OVERLAPS: &[Form] = &[
    of_nulls(
        &[Timestamp, Timestamp, Timestamp, Timestamp],
        Boolean,
        overlaps,
    ),
    of_nulls(
        &[Timestamp, Interval, Timestamp, Interval],
        Boolean,
        overlaps,
    ),
    of_nulls(
        &[Timestamp, Interval, Timestamp, Timestamp],
        Boolean,
        overlaps,
    ),
    of_nulls(
        &[Timestamp, Timestamp, Timestamp, Interval],
        Boolean,
        overlaps,
    ),
    of_nulls(
        &[TimestampTz, TimestampTz, TimestampTz, TimestampTz],
        Boolean,
        overlaps,
    ),
    of_nulls(
        &[TimestampTz, Interval, TimestampTz, Interval],
        Boolean,
        overlaps,
    ),
    of_nulls(
        &[TimestampTz, Interval, TimestampTz, TimestampTz],
        Boolean,
        overlaps,
    ),
    of_nulls(
        &[TimestampTz, TimestampTz, TimestampTz, Interval],
        Boolean,
        overlaps,
    ),
    of_nulls(&[Time, Time, Time, Time], Boolean, overlaps),
];
pub(super) const INTERVAL_TIMES: &[Form] = &[form(&[Interval, Float], Interval, |row| {
    Ok(span_value(scaled(row.interval(0), |part| {
        part * row.float(1)
    })?))
})];
pub(super) const INTERVAL_QUOTIENT: &[Form] = &[form(&[Interval, Float], Interval, |row| {
    let divisor = row.float(1);
    if divisor == 0.0 {
        return Err(FunctionError {
            sqlstate: "22012",
            message: "division by zero".to_owned(),
            hint: None,
        }
        .into());
    }
    Ok(span_value(scaled(row.interval(0), |part| part / divisor)?))
})];
pub(super) const TIMESTAMP_DIFFERENCE: &[Form] = &[
    form(&[Timestamp, Timestamp], Interval, difference),
    form(&[TimestampTz, TimestampTz], Interval, difference),
];
pub(super) const TIMESTAMP_PLUS: &[Form] = &[form(&[TimestampTz, Interval], TimestampTz, |row| {
    let moment = later(row.integer(0), row.interval(1), zone(row)?)?;
    Ok(ScalarValue::TimestampMicrosecond(
        Some(moment),
        Some("UTC".into()),
    ))
})];

fn span_value(interval: IntervalMonthDayNano) -> ScalarValue {
    ScalarValue::IntervalMonthDayNano(Some(interval))
}

fn moment_of(micros: i64) -> ScalarValue {
    ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()))
}

fn truth(value: bool) -> ScalarValue {
    ScalarValue::Boolean(Some(value))
}

fn zone(row: &Row<'_>) -> Result<Zone, FunctionError> {
    Zone::named(&row.zone.time_zone)
}

fn local(moment: i64, zone: Zone) -> i64 {
    moment.saturating_add(zone.offset_at(moment) * SECOND)
}

/// The midnight that began the session's day.
fn today(row: &Row<'_>) -> Result<i64, FunctionError> {
    let now = local(row.zone.now(), zone(row)?);
    Ok(now.div_euclid(DAY) * DAY)
}

fn is_finite(row: &Row<'_>) -> Result<ScalarValue> {
    let moment = row.integer(0);
    Ok(truth(moment != i64::MAX && moment != i64::MIN))
}

/// The parts of an interval, wide enough to add to.
struct Parts {
    months: i64,
    days: i64,
    time: i64,
}

impl Parts {
    fn of(interval: IntervalMonthDayNano) -> Self {
        Self {
            months: i64::from(interval.months),
            days: i64::from(interval.days),
            time: micros(interval),
        }
    }

    fn hours_to_days(&mut self) {
        self.days += self.time / DAY;
        self.time %= DAY;
    }

    fn days_to_months(&mut self) {
        self.months += self.days / 30;
        self.days %= 30;
    }

    fn one_sign_of_days(&mut self) {
        if self.days > 0 && self.time < 0 {
            self.time += DAY;
            self.days -= 1;
        } else if self.days < 0 && self.time > 0 {
            self.time -= DAY;
            self.days += 1;
        }
    }

    fn answer(self) -> Result<ScalarValue> {
        Ok(span_value(interval(self.months, self.days, self.time)?))
    }
}

fn justify_hours(row: &Row<'_>) -> Result<ScalarValue> {
    let mut parts = Parts::of(row.interval(0));
    parts.hours_to_days();
    parts.one_sign_of_days();
    parts.answer()
}

fn justify_days(row: &Row<'_>) -> Result<ScalarValue> {
    let mut parts = Parts::of(row.interval(0));
    parts.days_to_months();
    if parts.months > 0 && parts.days < 0 {
        parts.days += 30;
        parts.months -= 1;
    } else if parts.months < 0 && parts.days > 0 {
        parts.days -= 30;
        parts.months += 1;
    }
    parts.answer()
}

fn justify_interval(row: &Row<'_>) -> Result<ScalarValue> {
    let mut parts = Parts::of(row.interval(0));
    parts.hours_to_days();
    parts.days_to_months();
    let is_less = parts.days < 0 || parts.days == 0 && parts.time < 0;
    let is_more = parts.days > 0 || parts.days == 0 && parts.time > 0;
    if parts.months > 0 && is_less {
        parts.days += 30;
        parts.months -= 1;
    } else if parts.months < 0 && is_more {
        parts.days -= 30;
        parts.months += 1;
    }
    parts.one_sign_of_days();
    parts.answer()
}

fn time_of_day(hour: i64, minute: i64, second: f64) -> Result<i64, FunctionError> {
    let micros = (second * SECOND as f64).round();
    let exists = (0..=24).contains(&hour)
        && (0..60).contains(&minute)
        && (0.0..=60_000_000.0).contains(&micros);
    let all = (hour * 60 + minute) * 60 * SECOND + micros as i64;
    match exists && all <= DAY {
        true => Ok(all),
        false => Err(FunctionError {
            sqlstate: "22008",
            message: format!("time field value out of range: {hour}:{minute:02}:{second:02}"),
            hint: None,
        }),
    }
}

fn made(row: &Row<'_>) -> Result<i64, FunctionError> {
    let (year, month, day) = (row.integer(0), row.integer(1), row.integer(2));
    // Years before Christ are negative, and there is no year 0.
    let astronomical = if year < 0 { year + 1 } else { year };
    let exists = year != 0
        && (-4713..=294_276).contains(&astronomical)
        && (1..=12).contains(&month)
        && (1..=calendar::days_of_month(astronomical, month)).contains(&day);
    if !exists {
        return Err(FunctionError {
            sqlstate: "22008",
            message: format!("date field value out of range: {year}-{month:02}-{day:02}"),
            hint: None,
        });
    }
    let time = time_of_day(row.integer(3), row.integer(4), row.float(5))?;
    Ok(calendar::day_number(astronomical, month, day) * DAY + time)
}

/// Seconds east of UTC at a local time in a zone as moments are written with, whose offsets count east,
/// other than those of zones elsewhere.
fn offset_as_in_moments(name: &str, local: i64) -> Result<i64, FunctionError> {
    if name.starts_with(['+', '-']) {
        return moment_text::offset(name).map_err(|_| {
            FunctionError::invalid_argument(format!("numeric time zone \"{name}\" out of range"))
        });
    }
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(FunctionError::invalid_argument(format!(
            "invalid input syntax for type numeric time zone: \"{name}\""
        ))
        .with_hint("Numeric time zones must have \"-\" or \"+\" as first character."));
    }
    Ok(Zone::named(name)?.offset_of_local(local))
}

fn make_timestamptz(row: &Row<'_>) -> Result<ScalarValue> {
    let local = made(row)?;
    let offset = match row.optional_text(6) {
        Some(name) => offset_as_in_moments(name, local)?,
        None => zone(row)?.offset_of_local(local),
    };
    let moment = local - offset * SECOND;
    Ok(ScalarValue::TimestampMicrosecond(
        Some(moment),
        Some("UTC".into()),
    ))
}

/// Years, months, weeks, days, hours, minutes and seconds.
fn make_interval(row: &Row<'_>) -> Result<ScalarValue> {
    let part = |index: usize| i128::from(row.integer(index));
    let wide = || out_of_range("interval");
    let narrow = |value: i128| i64::try_from(value).map_err(|_| wide());
    let seconds = row.float(6);
    if !seconds.is_finite() {
        return Err(wide().into());
    }
    let months = narrow(part(0) * 12 + part(1))?;
    let days = narrow(part(2) * 7 + part(3))?;
    let whole = (part(4) * 60 + part(5)) * 60 * i128::from(SECOND);
    let micros = narrow(whole + (seconds * SECOND as f64).round() as i128)?;
    Ok(span_value(interval(months, days, micros)?))
}

/// A local time whose fields are asked for, and seconds east of UTC.
fn local_of(row: &Row<'_>, index: usize) -> Result<(i64, i64), FunctionError> {
    if row.has_zone(index) {
        let zone = zone(row)?;
        let offset = zone.offset_at(row.integer(index));
        return Ok((local(row.integer(index), zone), offset));
    }
    let value = row.integer(index);
    Ok((
        if row.is_date(index) {
            value.saturating_mul(DAY)
        } else {
            value
        },
        0,
    ))
}

/// The error of a field that an argument does not have.
fn refused(row: &Row<'_>, name: &str, index: usize) -> FunctionError {
    let unknown = || FunctionError::invalid_argument(format!("unit \"{name}\" not recognized"));
    refusal(name, &row.data_type(index)).unwrap_or_else(unknown)
}

fn unknown(row: &Row<'_>) -> FunctionError {
    refused(row, &row.text(0).to_lowercase(), 1)
}

/// A field that is a whole number.
fn whole_field(row: &Row<'_>) -> Result<ScalarValue> {
    let name = row.text(0).to_lowercase();
    if row.is_interval(1) {
        let years = i64::from(row.interval(1).months / 12);
        let value = match unit(&name) {
            Some(Unit::Decade) => years / 10,
            Some(Unit::Century) => years / 100,
            Some(Unit::Millennium) => years / 1000,
            _ => return Err(unknown(row).into()),
        };
        return Ok(ScalarValue::Int64(Some(value)));
    }
    if row.is_time(1) {
        return Err(unknown(row).into());
    }
    let (moment, offset) = local_of(row, 1)?;
    let is_end = is_end(row, 1);
    let value = match (name.as_str(), Field::named(&name)) {
        (_, Some(_)) if is_end => return Err(no_numeric().into()),
        (_, Some(field)) => field.of_day(moment.div_euclid(DAY)),
        (name, _) if is_end && row.has_zone(1) && name.starts_with("timezone") => {
            return Ok(ScalarValue::Int64(None));
        }
        ("timezone", _) if row.has_zone(1) => offset,
        ("timezone_hour" | "timezone_h", _) if row.has_zone(1) => offset / 3600,
        ("timezone_minute" | "timezone_m", _) if row.has_zone(1) => offset / 60 % 60,
        _ => return Err(unknown(row).into()),
    };
    Ok(ScalarValue::Int64(Some(value)))
}

/// Whether an argument is a date or a timestamp at an end of time.
fn is_end(row: &Row<'_>, index: usize) -> bool {
    let value = row.integer(index);
    match (row.is_date(index), row.is_timestamp(index)) {
        (true, _) => value == i64::from(i32::MIN) || value == i64::from(i32::MAX),
        (_, true) => is_infinite(value),
        _ => false,
    }
}

/// The digits behind the point of a Julian day.
const JULIAN_DIGITS: u32 = 20;

/// The Julian day of a moment with the part of it that has passed.
fn julian(row: &Row<'_>) -> Result<ScalarValue> {
    if is_end(row, 0) {
        return Err(no_numeric().into());
    }
    let moment = local_of(row, 0)?.0;
    let unit = 10_i128.pow(JULIAN_DIGITS);
    let day = i128::from(Field::Julian.of_day(moment.div_euclid(DAY)));
    let length = i128::from(DAY);
    let passed = (i128::from(moment.rem_euclid(DAY)) * unit + length / 2) / length;
    Ok(ScalarValue::Decimal128(Some(day * unit + passed), 38, 20))
}

/// Microseconds as a numeric of six digits behind the point.
fn six_digits(micros: i128) -> ScalarValue {
    ScalarValue::Decimal128(Some(micros), 38, 6)
}

/// Seconds with their fraction: of a minute, or since 1970.
fn seconds(row: &Row<'_>) -> Result<ScalarValue> {
    let name = row.text(0).to_lowercase();
    let is_epoch = name == "epoch";
    if !is_epoch && unit(&name) != Some(Unit::Second) {
        return Err(unknown(row).into());
    }
    let minute = 60 * SECOND;
    if row.is_interval(1) {
        let value = row.interval(1);
        if !is_epoch {
            return Ok(six_digits(i128::from(micros(value) % minute)));
        }
        // A year has 365.25 days there, a month 30.
        let quarters_of_days = i128::from(value.months / 12) * 1461
            + i128::from(value.months % 12) * 120
            + i128::from(value.days) * 4;
        return Ok(six_digits(
            quarters_of_days * i128::from(DAY / 4) + i128::from(micros(value)),
        ));
    }
    if row.is_time(1) {
        let time = row.integer(1) / 1_000;
        return Ok(six_digits(i128::from(if is_epoch {
            time
        } else {
            time % minute
        })));
    }
    if is_end(row, 1) {
        return match is_epoch {
            true => Err(no_numeric().into()),
            false => Ok(ScalarValue::Null),
        };
    }
    let moment = match is_epoch && row.has_zone(1) {
        true => row.integer(1),
        false => local_of(row, 1)?.0,
    };
    Ok(six_digits(i128::from(match is_epoch {
        true => moment,
        false => moment.rem_euclid(minute),
    })))
}

fn milliseconds(row: &Row<'_>) -> Result<ScalarValue> {
    if is_end(row, 0) {
        return Ok(ScalarValue::Null);
    }
    let minute = 60 * SECOND;
    let micros = if row.is_interval(0) {
        micros(row.interval(0)) % minute
    } else if row.is_time(0) {
        row.integer(0) / 1_000 % minute
    } else {
        local_of(row, 0)?.0.rem_euclid(minute)
    };
    Ok(ScalarValue::Decimal128(Some(i128::from(micros)), 38, 3))
}

/// Whether two spans, each from a moment to another one or for so long, have a moment in common
/// (`overlaps_timestamp`): the end of a span does not belong to it.
fn overlaps(row: &Row<'_>) -> Result<ScalarValue> {
    let zone = zone(row)?;
    let end = |start: Option<i64>, index: usize| -> Result<Option<i64>> {
        match (row.optional_interval(index), start) {
            (Some(length), Some(start)) => Ok(Some(later(start, length, zone)?)),
            _ => Ok(row.optional_integer(index)),
        }
    };
    let span = |first: usize| -> Result<(Option<i64>, Option<i64>)> {
        let start = row.optional_integer(first);
        Ok(match (start, end(start, first + 1)?) {
            (Some(start), Some(end)) => (Some(start.min(end)), Some(start.max(end))),
            // What is known is the start.
            (None, end) => (end, None),
            (start, None) => (start, None),
        })
    };
    let ((start, end), (other_start, other_end)) = (span(0)?, span(2)?);
    let (Some(start), Some(other_start)) = (start, other_start) else {
        return Ok(ScalarValue::Boolean(None));
    };
    let later_end = |later: i64, end: Option<i64>, own: Option<i64>| match end {
        None => None,
        Some(end) if later < end => Some(true),
        Some(_) if own.is_none() => None,
        Some(_) => Some(false),
    };
    Ok(ScalarValue::Boolean(match start.cmp(&other_start) {
        Ordering::Equal => (end.is_some() && other_end.is_some()).then_some(true),
        Ordering::Greater => later_end(start, other_end, end),
        Ordering::Less => later_end(other_start, end, other_end),
    }))
}

/// Each part of an interval times a factor; what is behind the point goes to the smaller parts
/// (`interval_mul`).
fn scaled(
    value: IntervalMonthDayNano,
    scale: impl Fn(f64) -> f64,
) -> Result<IntervalMonthDayNano, FunctionError> {
    let (months, days) = (f64::from(value.months), f64::from(value.days));
    interval_of_parts(scale(months), scale(days), scale(micros(value) as f64))
}

/// An interval of months, days and microseconds with digits behind the point.
pub(super) fn interval_of_parts(
    months: f64,
    days: f64,
    micros: f64,
) -> Result<IntervalMonthDayNano, FunctionError> {
    let wide = || out_of_range("interval");
    let round = |part: f64| (part * 1e6).round_ties_even() / 1e6;
    let whole = |part: f64| match part.is_finite() && part.abs() < 9.2e18 {
        true => Ok(part.trunc() as i64),
        false => Err(wide()),
    };
    let month_days = round((months - months.trunc()) * 30.0);
    let day_seconds = round((days - days.trunc() + month_days - month_days.trunc()) * 86_400.0);
    let mut all_days = whole(days)? + whole(month_days)?;
    let mut seconds = day_seconds;
    if seconds.abs() >= 86_400.0 {
        all_days += (seconds / 86_400.0).trunc() as i64;
        seconds -= (seconds / 86_400.0).trunc() * 86_400.0;
    }
    let micros = (micros + seconds * 1e6).round_ties_even();
    interval(whole(months)?, all_days, whole(micros)?)
}

/// From one moment to another in days of 24 hours and the rest.
fn difference(row: &Row<'_>) -> Result<ScalarValue> {
    if is_end(row, 0) || is_end(row, 1) {
        return Err(FunctionError {
            sqlstate: "22008",
            message: "cannot subtract infinite timestamps".to_owned(),
            hint: None,
        }
        .into());
    }
    let wide = || out_of_range("interval");
    let micros = row
        .integer(0)
        .checked_sub(row.integer(1))
        .ok_or_else(wide)?;
    Ok(span_value(interval(0, micros / DAY, micros % DAY)?))
}
