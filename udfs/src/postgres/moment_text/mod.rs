//! Dates, times and timestamps out of text, in the forms that PostgreSQL takes: `1999-01-08`,
//! `January 8, 1999`, `08-Jan-99`, `19990108T040506`, `04:05 PM`, `today`, `J2451187`, with eras and
//! time zones (`DecodeDateTime` of its `datetime.c`).

mod fields;
pub(super) mod interval;
mod words;

use fields::{Field, Kind, fields};
use words::{Word, word};

use crate::FunctionError;
use crate::calendar;
use crate::formatting::{DateOrder, Zone};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// The most digits of a fraction that count.
const FRACTION_DIGITS: usize = 6;
/// The most hours that an offset from UTC has.
const MOST_ZONE_HOURS: i64 = 15;

/// Why a text is no date or time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Syntax,
    OutOfRange,
    /// A month or day that may have been meant in another order.
    MonthOrDay,
    Displacement,
    Zone(String),
}

impl Fault {
    pub(super) fn error(self, data_type: &str, text: &str) -> FunctionError {
        let (sqlstate, message) = match &self {
            Self::Syntax => (
                "22007",
                format!("invalid input syntax for type {data_type}: \"{text}\""),
            ),
            Self::OutOfRange if data_type == "interval" => (
                "22015",
                format!("interval field value out of range: \"{text}\""),
            ),
            Self::OutOfRange | Self::MonthOrDay => (
                "22008",
                format!("date/time field value out of range: \"{text}\""),
            ),
            Self::Displacement => (
                "22009",
                format!("time zone displacement out of range: \"{text}\""),
            ),
            Self::Zone(name) => ("22023", format!("time zone \"{name}\" not recognized")),
        };
        let hint = (self == Self::MonthOrDay)
            .then(|| "Perhaps you need a different \"datestyle\" setting.".to_owned());
        FunctionError {
            sqlstate,
            message,
            hint,
        }
    }
}

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

/// The parts of a moment that are known so far.
struct Decoder {
    reading: Reading,
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    /// A whole day.
    number: Option<i64>,
    is_month_a_word: bool,
    has_short_year: bool,
    is_before_christ: Option<bool>,
    time: Option<Clock>,
    is_afternoon: Option<bool>,
    zone: Said,
    /// The zone of a word or a name; `dst` may follow.
    awaits: Option<Word>,
}

#[derive(Clone, Copy, Debug)]
struct Clock {
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
}

impl Decoder {
    fn new(reading: Reading) -> Self {
        Self {
            reading,
            year: None,
            month: None,
            day: None,
            day_of_year: None,
            number: None,
            is_month_a_word: false,
            has_short_year: false,
            is_before_christ: None,
            time: None,
            is_afternoon: None,
            zone: Said::Nothing,
            awaits: None,
        }
    }

    fn has_date(&self) -> bool {
        self.number.is_some()
            || (self.year.is_some() && (self.month.is_some() && self.day.is_some()))
            || self.day_of_year.is_some()
    }

    fn field(&mut self, field: &Field, next: Option<&Field>) -> Result<Option<Moment>, Fault> {
        let text = field.text.as_str();
        if let Some(awaited) = self.awaits.take() {
            match (awaited, field.kind) {
                (Word::JulianDay, Kind::Number) => {
                    self.julian(text)?;
                    return Ok(None);
                }
                (Word::Time, Kind::Number) => {
                    self.run_together(text)?;
                    return Ok(None);
                }
                (Word::Time, Kind::Time | Kind::Date) => {}
                _ => return Err(Fault::Syntax),
            }
        }
        match field.kind {
            Kind::Time => {
                if self.time.is_some() {
                    return Err(Fault::Syntax);
                }
                self.time = Some(clock(text)?);
            }
            Kind::Zone => self.set_zone(Said::Offset(offset(text)?))?,
            Kind::Date if self.has_date() => match text.split_once('-') {
                // A time without colons, and a zone.
                Some((time, zone)) if text.starts_with(|first: char| first.is_ascii_digit()) => {
                    self.run_together(time)?;
                    self.set_zone(Said::Offset(offset(&format!("-{zone}"))?))?;
                }
                _ => self.set_zone(Said::Zone(named(text)?))?,
            },
            Kind::Date => {
                let first = text.split(|mark: char| !mark.is_alphabetic()).next();
                let is_word = first.is_some_and(|first| word(&first.to_lowercase()).is_some());
                let is_place = text.starts_with(char::is_alphabetic) && !is_word;
                match is_place {
                    true => self.set_zone(Said::Zone(named(text)?))?,
                    false => self.date(text)?,
                }
            }
            Kind::Number => self.number(text)?,
            Kind::Word | Kind::Special => {
                let lower = text.to_lowercase();
                match word(&lower) {
                    Some(word) => return self.word(word, next),
                    None => {
                        let zone = named(text).map_err(|_| Fault::Syntax)?;
                        self.set_zone(Said::Zone(zone))?;
                    }
                }
            }
        }
        Ok(None)
    }

    fn set_zone(&mut self, zone: Said) -> Result<(), Fault> {
        match self.zone {
            Said::Nothing => {
                self.zone = zone;
                Ok(())
            }
            _ => Err(Fault::Syntax),
        }
    }

    fn word(&mut self, word: Word, next: Option<&Field>) -> Result<Option<Moment>, Fault> {
        let today = |reading: Reading| {
            let local = reading.now + reading.zone.offset_at(reading.now) * SECOND;
            local.div_euclid(DAY)
        };
        match word {
            Word::Month(month) => {
                // What was taken for the month was the day.
                if !self.is_month_a_word
                    && self.day.is_none()
                    && let Some(number) = self.month
                {
                    self.day = Some(number);
                } else if self.month.is_some() {
                    return Err(Fault::Syntax);
                }
                self.month = Some(month);
                self.is_month_a_word = true;
            }
            Word::Weekday | Word::Ignored => {}
            Word::Morning | Word::Afternoon => self.is_afternoon = Some(word == Word::Afternoon),
            Word::BeforeChrist | Word::AnnoDomini => {
                self.is_before_christ = Some(word == Word::BeforeChrist);
            }
            Word::Time => {
                if !self.has_date() || next.is_none() {
                    return Err(Fault::Syntax);
                }
                self.awaits = Some(word);
            }
            Word::JulianDay => self.awaits = Some(word),
            Word::DaylightSaving => match self.zone {
                Said::Offset(offset) => self.zone = Said::Offset(offset + 3600),
                _ => return Err(Fault::Syntax),
            },
            Word::Zone(offset) => self.set_zone(Said::Offset(offset))?,
            Word::ZoneOf(place) => self.set_zone(Said::Zone(named(place)?))?,
            Word::Now if self.time.is_none() && !self.has_date() => {
                return Ok(Some(Moment::Instant(self.reading.now)));
            }
            Word::Epoch => return Ok(Some(Moment::Epoch)),
            Word::Infinity => return Ok(Some(Moment::Infinity)),
            Word::MinusInfinity => return Ok(Some(Moment::MinusInfinity)),
            Word::Today | Word::Tomorrow | Word::Yesterday if !self.has_date() => {
                let away = match word {
                    Word::Tomorrow => 1,
                    Word::Yesterday => -1,
                    _ => 0,
                };
                self.number = Some(today(self.reading) + away);
            }
            Word::Now | Word::Today | Word::Tomorrow | Word::Yesterday => {
                return Err(Fault::Syntax);
            }
        }
        Ok(None)
    }

    fn julian(&mut self, text: &str) -> Result<(), Fault> {
        let (day, fraction) = text.split_once('.').unwrap_or((text, ""));
        self.number = Some(calendar::of_julian_day(integer(day)?));
        if !fraction.is_empty() {
            let share: f64 = format!("0.{fraction}").parse().map_err(|_| Fault::Syntax)?;
            let micros = (share * DAY as f64) as i64;
            self.time = Some(Clock {
                hour: 0,
                minute: 0,
                second: micros / SECOND,
                micros: micros % SECOND,
            });
        }
        Ok(())
    }

    fn number(&mut self, text: &str) -> Result<(), Fault> {
        if self.reading.is_time && self.year.is_none() && self.month.is_none() {
            return self.run_together(text);
        }
        let whole = text.find('.').unwrap_or(text.len());
        let has_point = whole < text.len();
        if has_point && !self.has_date() && self.year.is_none() && self.month.is_none() {
            return self.date(text);
        }
        let is_long = match has_point {
            true => whole > 2,
            false => text.len() >= 6 && (!self.has_date() || self.time.is_none()),
        };
        match is_long {
            true => self.run_together(text),
            false => self.date_part(text),
        }
    }

    /// `19990108`, `990108`, `040506`, `0405`
    fn run_together(&mut self, text: &str) -> Result<(), Fault> {
        let (digits, fraction) = text.split_once('.').unwrap_or((text, ""));
        if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(Fault::Syntax);
        }
        let pair = |from: usize| {
            digits
                .get(from..from + 2)
                .map_or(Err(Fault::Syntax), integer)
        };
        let may_be_date = !self.reading.is_time && !self.has_date() && !text.contains('.');
        if may_be_date && digits.len() >= 6 {
            let end = digits.len();
            self.day = Some(pair(end - 2)?);
            self.month = Some(pair(end - 4)?);
            self.year = Some(integer(digits.get(..end - 4).unwrap_or_default())?);
            self.has_short_year = end == 6;
            return Ok(());
        }
        if self.time.is_some() {
            return Err(Fault::Syntax);
        }
        let second = match digits.len() {
            4 if fraction.is_empty() => 0,
            6 => pair(4)?,
            _ => return Err(Fault::Syntax),
        };
        self.time = Some(Clock {
            hour: pair(0)?,
            minute: pair(2)?,
            second,
            micros: fraction_of_second(fraction)?,
        });
        Ok(())
    }

    /// A date whose parts marks separate.
    fn date(&mut self, text: &str) -> Result<(), Fault> {
        let parts: Vec<&str> = text
            .split(|mark: char| !mark.is_alphanumeric())
            .flat_map(letters_apart)
            .filter(|part| !part.is_empty())
            .collect();
        for part in &parts {
            if part.starts_with(char::is_alphabetic) {
                match word(&part.to_lowercase()) {
                    Some(Word::Month(month)) if self.month.is_none() => {
                        self.month = Some(month);
                        self.is_month_a_word = true;
                    }
                    Some(Word::Weekday) => {}
                    _ => return Err(Fault::Syntax),
                }
            }
        }
        for part in parts {
            if !part.starts_with(char::is_alphabetic) {
                self.date_part(part)?;
            }
        }
        match self.has_date() {
            true => Ok(()),
            false => Err(Fault::Syntax),
        }
    }

    /// One number of a date, which is which by what is known and by the order that the session has.
    fn date_part(&mut self, text: &str) -> Result<(), Fault> {
        if self.has_date() {
            return self.run_together(text);
        }
        let value = integer(text)?;
        let is_year = text.len() >= 3 || self.reading.order == DateOrder::YearMonthDay;
        let set_year = |decoder: &mut Self| {
            decoder.year = Some(value);
            decoder.has_short_year = text.len() <= 2;
        };
        match (self.year, self.month, self.day) {
            (Some(_), None, None) if text.len() == 3 && (1..=366).contains(&value) => {
                self.day_of_year = Some(value);
            }
            (None, None, None) if is_year => set_year(self),
            (None, None, None) if self.reading.order == DateOrder::DayMonthYear => {
                self.day = Some(value);
            }
            (None, None, None) | (Some(_), None, None) | (None, None, Some(_)) => {
                self.month = Some(value);
            }
            (None, Some(_), None) if self.is_month_a_word && is_year => set_year(self),
            (None, Some(_), None) => self.day = Some(value),
            (Some(short), Some(_), None)
                if self.is_month_a_word && text.len() >= 3 && self.has_short_year =>
            {
                self.day = Some(short);
                self.year = Some(value);
                self.has_short_year = false;
            }
            (Some(_), Some(_), None) => self.day = Some(value),
            (None, Some(_), Some(_)) => set_year(self),
            (Some(_), None, Some(_)) => self.month = Some(value),
            (Some(_), Some(_), Some(_)) => return Err(Fault::Syntax),
        }
        Ok(())
    }

    fn end(self) -> Result<Moment, Fault> {
        if self.awaits.is_some() {
            return Err(Fault::Syntax);
        }
        let time = match self.time {
            None if self.is_afternoon.is_some() => return Err(Fault::Syntax),
            None => None,
            Some(clock) => Some(self.micros(clock)?),
        };
        let day = match self.number {
            Some(number) => Some(number),
            None if self.year.is_none() && self.month.is_none() && self.day.is_none() => None,
            None => Some(self.day_number()?),
        };
        if day.is_none() && time.is_none() {
            return Err(Fault::Syntax);
        }
        Ok(Moment::Local {
            day,
            time,
            zone: self.zone,
        })
    }

    fn micros(&self, clock: Clock) -> Result<i64, Fault> {
        let hour = match self.is_afternoon {
            Some(_) if clock.hour > 12 => return Err(Fault::OutOfRange),
            Some(true) if clock.hour != 12 => clock.hour + 12,
            Some(false) if clock.hour == 12 => 0,
            _ => clock.hour,
        };
        let seconds = (hour * 60 + clock.minute) * 60 + clock.second;
        let micros = seconds * SECOND + clock.micros;
        // 24:00:00 ends a day, and a minute may be said to have 60 seconds.
        match clock.minute < 60 && clock.second <= 60 && micros <= DAY
            || self.number.is_some() && clock.hour == 0
        {
            true => Ok(micros),
            false => Err(Fault::OutOfRange),
        }
    }

    fn day_number(&self) -> Result<i64, Fault> {
        let year = self.year.ok_or(Fault::Syntax)?;
        let year = match self.is_before_christ {
            Some(true) if year > 0 => 1 - year,
            Some(true) => return Err(Fault::OutOfRange),
            _ if self.has_short_year && year < 70 => year + 2000,
            _ if self.has_short_year && year < 100 => year + 1900,
            _ if year <= 0 => return Err(Fault::OutOfRange),
            _ => year,
        };
        if let Some(day) = self.day_of_year {
            return match day <= 365 || calendar::days_of_month(year, 2) == 29 {
                true => Ok(calendar::day_number(year, 1, 1) + day - 1),
                false => Err(Fault::OutOfRange),
            };
        }
        let (Some(month), Some(day)) = (self.month, self.day) else {
            return Err(Fault::Syntax);
        };
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return Err(Fault::MonthOrDay);
        }
        if day > calendar::days_of_month(year, month) {
            return Err(Fault::OutOfRange);
        }
        // From 4714-11-24 BC to 5874897-12-31 AD, as PostgreSQL's dates go.
        match (-4713..=5_874_897).contains(&year) {
            true => Ok(calendar::day_number(year, month, day)),
            false => Err(Fault::OutOfRange),
        }
    }
}

/// `08Jan99` as its numbers and letters.
fn letters_apart(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_letter = first.is_alphabetic();
        let end = rest
            .find(|next: char| next.is_alphabetic() != is_letter)
            .unwrap_or(rest.len());
        let (part, behind) = rest.split_at(end);
        parts.push(part);
        rest = behind;
    }
    parts
}

fn integer(digits: &str) -> Result<i64, Fault> {
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
fn clock(text: &str) -> Result<Clock, Fault> {
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
fn fraction_of_second(digits: &str) -> Result<i64, Fault> {
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Fault::Syntax);
    }
    let padded = format!("{digits:0<width$}", width = FRACTION_DIGITS + 1);
    let (kept, rest) = padded.split_at(FRACTION_DIGITS);
    let micros: i64 = kept.parse().map_err(|_| Fault::Syntax)?;
    Ok(micros + i64::from(rest.as_bytes().first().is_some_and(|next| *next >= b'5')))
}

/// `+02`, `-0230`, `+02:30:15`
fn offset(zone: &str) -> Result<i64, Fault> {
    let (is_west, unsigned) = match zone.split_at_checked(1) {
        Some(("-", rest)) => (true, rest),
        Some(("+", rest)) => (false, rest),
        _ => return Err(Fault::Syntax),
    };
    let parts: Vec<&str> = unsigned.split(':').collect();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [all] if all.len() > 2 && all.is_ascii() => {
            let (hours, minutes) = all.split_at(all.len() - 2);
            (hours, minutes, "0")
        }
        [hours] => (*hours, "0", "0"),
        [hours, minutes] => (*hours, *minutes, "0"),
        [hours, minutes, seconds] => (*hours, *minutes, *seconds),
        _ => return Err(Fault::Syntax),
    };
    let (hours, minutes, seconds) = (integer(hours)?, integer(minutes)?, integer(seconds)?);
    if hours > MOST_ZONE_HOURS || minutes > 59 || seconds > 59 {
        return Err(Fault::Displacement);
    }
    let east = (hours * 60 + minutes) * 60 + seconds;
    Ok(if is_west { -east } else { east })
}

/// A zone by its name in the database of zones, in any case.
fn named(name: &str) -> Result<Zone, Fault> {
    Zone::in_any_case(name).ok_or_else(|| Fault::Zone(name.to_owned()))
}

/// The zone that an abbreviation such as `PST` or `MSK` stands for.
pub(crate) fn abbreviation(name: &str) -> Option<Zone> {
    match word(&name.to_lowercase())? {
        Word::Zone(offset) => Zone::east(i32::try_from(offset).ok()?),
        Word::ZoneOf(place) => named(place).ok(),
        _ => None,
    }
}
