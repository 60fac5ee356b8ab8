//! Intervals out of text: `1 day 2:03`, `@ 1 year ago`, `1-2`, `P1Y2M3DT4H` (`DecodeInterval` and
//! `DecodeISO8601Interval` of PostgreSQL's `datetime.c`).

use super::clock::fraction_of_second;
use super::fields::{Field, Kind, fields};
use super::{Fault, SECOND};

/// A unit that an interval is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// A millionth of a second.
    Microsecond,
    /// A thousandth of a second.
    Millisecond,
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// Seven days.
    Week,
    /// A month.
    Month,
    /// Twelve months.
    Year,
    /// Ten years.
    Decade,
    /// A hundred years.
    Century,
    /// A thousand years.
    Millennium,
}

const DAYS_OF_MONTH: f64 = 30.0;
const DAY_SECONDS: f64 = 86_400.0;

/// The unit of a name, `None` for one that is none.
pub fn unit(name: &str) -> Option<Unit> {
    // PostgreSQL looks at ten characters.
    Some(match name.get(..10).unwrap_or(name) {
        "us" | "usec" | "usecs" | "usecond" | "useconds" | "microsecon" => Unit::Microsecond,
        "ms" | "msec" | "msecs" | "msecond" | "mseconds" | "millisecon" => Unit::Millisecond,
        "s" | "sec" | "secs" | "second" | "seconds" => Unit::Second,
        "m" | "min" | "mins" | "minute" | "minutes" => Unit::Minute,
        "h" | "hr" | "hrs" | "hour" | "hours" => Unit::Hour,
        "d" | "day" | "days" => Unit::Day,
        "w" | "week" | "weeks" => Unit::Week,
        "mon" | "mons" | "month" | "months" => Unit::Month,
        "y" | "yr" | "yrs" | "year" | "years" => Unit::Year,
        "dec" | "decs" | "decade" | "decades" => Unit::Decade,
        "c" | "cent" | "century" | "centuries" => Unit::Century,
        "mil" | "mils" | "millennia" | "millennium" => Unit::Millennium,
        _ => return None,
    })
}

/// Months, days and microseconds, none of which makes up for another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Months.
    pub months: i64,
    /// Days.
    pub days: i64,
    /// Microseconds.
    pub micros: i64,
}

impl Parts {
    /// So many of a unit; what is behind the point goes to smaller units.
    fn add(&mut self, unit: Unit, whole: i64, fraction: f64) -> Result<(), Fault> {
        let months = |count: i64| whole.checked_mul(count).ok_or(Fault::OutOfRange);
        let seconds = match unit {
            Unit::Microsecond => return self.add_micros(whole, fraction),
            Unit::Millisecond => {
                let micros = whole.checked_mul(1_000).ok_or(Fault::OutOfRange)?;
                return self.add_micros(micros, fraction * 1e3);
            }
            Unit::Second => 1,
            Unit::Minute => 60,
            Unit::Hour => 3600,
            Unit::Day => return self.add_days(whole, fraction),
            Unit::Week => {
                let days = whole.checked_mul(7).ok_or(Fault::OutOfRange)?;
                return self.add_days(days, fraction * 7.0);
            }
            Unit::Month => {
                self.add_months(whole, 0.0)?;
                return self.add_days(0, fraction * DAYS_OF_MONTH);
            }
            Unit::Year => return self.add_months(months(12)?, fraction * 12.0),
            Unit::Decade => return self.add_months(months(120)?, fraction * 120.0),
            Unit::Century => return self.add_months(months(1_200)?, fraction * 1_200.0),
            Unit::Millennium => return self.add_months(months(12_000)?, fraction * 12_000.0),
        };
        let micros = whole
            .checked_mul(seconds * SECOND)
            .ok_or(Fault::OutOfRange)?;
        self.add_micros(micros, fraction * (seconds * SECOND) as f64)
    }

    fn add_micros(&mut self, whole: i64, fraction: f64) -> Result<(), Fault> {
        let more = whole.checked_add(fraction.round() as i64);
        let sum = more.and_then(|more| self.micros.checked_add(more));
        self.micros = sum.ok_or(Fault::OutOfRange)?;
        Ok(())
    }

    fn add_days(&mut self, whole: i64, fraction: f64) -> Result<(), Fault> {
        let days = fraction.trunc();
        self.days = whole
            .checked_add(days as i64)
            .and_then(|days| self.days.checked_add(days))
            .ok_or(Fault::OutOfRange)?;
        self.add_micros(0, (fraction - days) * DAY_SECONDS * SECOND as f64)
    }

    /// Fractions of a month that come of larger units are months, rounded.
    fn add_months(&mut self, whole: i64, fraction: f64) -> Result<(), Fault> {
        self.months = whole
            .checked_add(fraction.round() as i64)
            .and_then(|months| self.months.checked_add(months))
            .ok_or(Fault::OutOfRange)?;
        Ok(())
    }

    fn negated(self) -> Result<Self, Fault> {
        let negative = |value: i64| value.checked_neg().ok_or(Fault::OutOfRange);
        Ok(Self {
            months: negative(self.months)?,
            days: negative(self.days)?,
            micros: negative(self.micros)?,
        })
    }

    /// Months and days fit into 32 bits, times of nanoseconds into 64.
    fn checked(self) -> Result<Self, Fault> {
        let fits = |number: i64| i32::try_from(number).is_ok();
        if !fits(self.months / 12) || !fits(self.days) {
            return Err(Fault::OutOfRange);
        }
        match fits(self.months) && self.micros.checked_mul(1_000).is_some() {
            true => Ok(self),
            false => Err(Fault::TooLong),
        }
    }

    /// Without what is smaller than a unit.
    fn cut(mut self, last: Unit) -> Self {
        let to = |value: i64, unit: i64| value / unit * unit;
        match last {
            Unit::Year => {
                self.months = to(self.months, 12);
                (self.days, self.micros) = (0, 0);
            }
            Unit::Month => (self.days, self.micros) = (0, 0),
            Unit::Day => self.micros = 0,
            Unit::Hour => self.micros = to(self.micros, 3600 * SECOND),
            Unit::Minute => self.micros = to(self.micros, 60 * SECOND),
            _ => {}
        }
        self
    }
}

/// Reads an interval. `range` are the units that a type names, `interval day to second`: a number
/// without unit is of the last, and what is smaller is cut off.
pub(in crate::postgres) fn read(text: &str, range: Option<(Unit, Unit)>) -> Result<Parts, Fault> {
    let trimmed = text.trim();
    let parts = match trimmed.strip_prefix('P') {
        Some(rest) => iso_8601(rest)?,
        None => {
            let parts = fields(trimmed, |text| unit(text).is_some() || text == "ago")?;
            written(&parts, range)?
        }
    };
    let parts = match range {
        Some((_, last)) => parts.cut(last),
        None => parts,
    };
    parts.checked()
}

/// What a time of day says of an interval.
const TIME_UNITS: [Unit; 5] = [
    Unit::Hour,
    Unit::Minute,
    Unit::Second,
    Unit::Millisecond,
    Unit::Microsecond,
];
/// What a number of seconds with a fraction says.
const SECOND_UNITS: [Unit; 3] = [Unit::Second, Unit::Millisecond, Unit::Microsecond];

/// `1-2`
fn is_years_and_months(text: &str) -> bool {
    text.get(1..).is_some_and(|rest| rest.contains('-'))
}

/// From the last field on, since a unit stands behind its number.
fn written(fields: &[Field], range: Option<(Unit, Unit)>) -> Result<Parts, Fault> {
    let mut parts = Parts::default();
    let mut current: Option<Unit> = None;
    let mut is_ago = false;
    let mut has_number = false;
    // Each unit may be there once.
    let mut seen = 0_u16;
    let mut see = |units: &[Unit]| {
        let mask = units.iter().fold(0, |mask, unit| mask | 1 << *unit as u16);
        let is_new = seen & mask == 0;
        seen |= mask;
        if is_new { Ok(()) } else { Err(Fault::Syntax) }
    };
    for (place, field) in fields.iter().enumerate().rev() {
        let text = field.text.as_str();
        match field.kind {
            Kind::Time => {
                see(&TIME_UNITS)?;
                parts.add_micros(time(text, range)?, 0.0)?;
                current = Some(Unit::Day);
                has_number = true;
            }
            Kind::Zone if text.contains(':') => {
                see(&TIME_UNITS)?;
                let micros = time(text.get(1..).unwrap_or_default(), range)?;
                let sign = if text.starts_with('-') { -1 } else { 1 };
                parts.add_micros(sign * micros, 0.0)?;
                current = Some(Unit::Day);
                has_number = true;
            }
            Kind::Zone | Kind::Date | Kind::Number => {
                let own = match (current, range) {
                    (Some(unit), _) => unit,
                    (None, Some((_, last))) => last,
                    (None, None) => Unit::Second,
                };
                match own {
                    Unit::Second if text.contains('.') => see(&SECOND_UNITS)?,
                    _ if is_years_and_months(text) => see(&[Unit::Month])?,
                    own => see(&[own])?,
                }
                number(&mut parts, text, own)?;
                has_number = true;
                // Before hours stand days.
                current = (own == Unit::Hour && range.is_some()).then_some(Unit::Day);
            }
            Kind::Word | Kind::Special => {
                let lower = text.to_lowercase();
                if lower == "ago" {
                    if place + 1 != fields.len() {
                        return Err(Fault::Syntax);
                    }
                    is_ago = true;
                } else {
                    current = Some(unit(&lower).ok_or(Fault::Syntax)?);
                }
            }
        }
    }
    match (has_number, is_ago) {
        (false, _) => Err(Fault::Syntax),
        (true, true) => parts.negated(),
        (true, false) => Ok(parts),
    }
}

/// A number, or the years and months of standard SQL, `1-2`.
fn number(parts: &mut Parts, text: &str, unit: Unit) -> Result<(), Fault> {
    let (is_negative, digits) = match text.split_at_checked(1) {
        Some(("-", rest)) => (true, rest),
        Some(("+", rest)) => (false, rest),
        _ => (false, text),
    };
    let sign = if is_negative { -1 } else { 1 };
    let whole = |digits: &str| match digits.bytes().all(|digit| digit.is_ascii_digit()) {
        true => digits.parse::<i64>().map_err(|_| Fault::OutOfRange),
        false => Err(Fault::Syntax),
    };
    if let Some((years, months)) = digits.split_once('-') {
        let (years, months) = (whole(years)?, whole(months)?);
        if months >= 12 {
            return Err(Fault::OutOfRange);
        }
        let all = years
            .checked_mul(12)
            .and_then(|all| all.checked_add(months));
        return parts.add_months(sign * all.ok_or(Fault::OutOfRange)?, 0.0);
    }
    let (before, behind) = digits.split_once('.').unwrap_or((digits, ""));
    if before.is_empty() && behind.is_empty() {
        return Err(Fault::Syntax);
    }
    let before = if before.is_empty() { 0 } else { whole(before)? };
    if !behind.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Fault::Syntax);
    }
    if unit == Unit::Second {
        parts.add(unit, sign * before, 0.0)?;
        return parts.add_micros(sign * fraction_of_second(behind)?, 0.0);
    }
    let fraction: f64 = format!("0.{behind}0").parse().map_err(|_| Fault::Syntax)?;
    parts.add(unit, sign * before, f64::from(sign as i32) * fraction)
}

/// Hours, minutes and seconds; two of them are minutes and seconds where there is a fraction, or
/// where the type says so.
fn time(text: &str, range: Option<(Unit, Unit)>) -> Result<i64, Fault> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction_of_second(fraction)?;
    let number = |digits: &str| match digits.bytes().all(|digit| digit.is_ascii_digit()) {
        true if digits.is_empty() => Err(Fault::Syntax),
        true => digits.parse::<i64>().map_err(|_| Fault::OutOfRange),
        false => Err(Fault::Syntax),
    };
    let are_minutes = text.contains('.') || range == Some((Unit::Minute, Unit::Second));
    let parts: Vec<&str> = whole.split(':').collect();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [minutes, seconds] if are_minutes => (0, number(minutes)?, number(seconds)?),
        [hours, minutes] => (number(hours)?, number(minutes)?, 0),
        [hours, minutes, seconds] => (number(hours)?, number(minutes)?, number(seconds)?),
        _ => return Err(Fault::Syntax),
    };
    if minutes > 59 || seconds > 60 {
        return Err(Fault::OutOfRange);
    }
    hours
        .checked_mul(3600)
        .and_then(|all| all.checked_add(minutes * 60 + seconds))
        .and_then(|all| all.checked_mul(SECOND))
        .and_then(|all| all.checked_add(fraction))
        .ok_or(Fault::OutOfRange)
}

/// `1Y2M3DT4H5M6S`, `0001-02-03T04:05:06`, behind the `P`.
fn iso_8601(text: &str) -> Result<Parts, Fault> {
    let mut parts = Parts::default();
    let (date, time) = match text.split_once('T') {
        Some((_, "")) => return Err(Fault::Syntax),
        Some((date, time)) => (date, time),
        None => (text, ""),
    };
    if date.is_empty() && time.is_empty() {
        return Err(Fault::Syntax);
    }
    designated(
        &mut parts,
        date,
        &[
            ('Y', Unit::Year),
            ('M', Unit::Month),
            ('W', Unit::Week),
            ('D', Unit::Day),
        ],
        ['-', '-'],
        &[Unit::Year, Unit::Month, Unit::Day],
    )?;
    designated(
        &mut parts,
        time,
        &[('H', Unit::Hour), ('M', Unit::Minute), ('S', Unit::Second)],
        [':', ':'],
        &[Unit::Hour, Unit::Minute, Unit::Second],
    )?;
    Ok(parts)
}

/// Numbers each with the letter of its unit, or all of them apart by marks.
fn designated(
    parts: &mut Parts,
    text: &str,
    letters: &[(char, Unit)],
    marks: [char; 2],
    units: &[Unit],
) -> Result<(), Fault> {
    let mut rest = text;
    let mut alternative = units.iter();
    if let Some(numbers) = run_together(text, units) {
        for (digits, unit) in numbers.iter().zip(units) {
            number(parts, digits, *unit)?;
        }
        return Ok(());
    }
    while !rest.is_empty() {
        let end = rest
            .char_indices()
            .find(|(place, next)| {
                !(next.is_ascii_digit() || *next == '.' || *place == 0 && matches!(next, '-' | '+'))
            })
            .map_or(rest.len(), |(place, _)| place);
        let (digits, behind) = rest.split_at(end);
        if !digits.bytes().any(|digit| digit.is_ascii_digit()) {
            return Err(Fault::Syntax);
        }
        let mut behind = behind.chars();
        match behind.next() {
            Some(letter) if letters.iter().any(|(known, _)| *known == letter) => {
                let unit = letters.iter().find(|(known, _)| *known == letter);
                number(parts, digits, unit.map_or(Unit::Second, |(_, unit)| *unit))?;
            }
            mark => {
                if mark.is_some_and(|mark| !marks.contains(&mark)) {
                    return Err(Fault::Syntax);
                }
                number(parts, digits, *alternative.next().ok_or(Fault::Syntax)?)?;
            }
        }
        rest = behind.as_str();
    }
    Ok(())
}

/// `00010203` as years, months and days, `040506` as hours, minutes and seconds.
fn run_together<'t>(text: &'t str, units: &[Unit]) -> Option<[&'t str; 3]> {
    let first = match units.first() {
        Some(Unit::Year) => 4,
        _ => 2,
    };
    let (digits, fraction) = text.split_at_checked(first + 4)?;
    let are_digits = digits.bytes().all(|digit| digit.is_ascii_digit());
    let is_fraction = fraction.is_empty() || fraction.starts_with('.');
    if !are_digits || !is_fraction {
        return None;
    }
    let (one, rest) = text.split_at_checked(first)?;
    let (two, three) = rest.split_at_checked(2)?;
    Some([one, two, three])
}
