//! What the fields of a text say together: which number is the year, and to which day a word points.

use super::clock::{Clock, clock, fraction_of_second, integer};
use super::fields::{Field, Kind};
use super::words::{Word, word};
use super::zone::{named, offset};
use super::{DAY, Fault, Moment, Reading, SECOND, Said};

use crate::calendar;
use crate::formatting::{DateOrder, Zone, posix_offset};

/// The parts of a moment that are known so far.
pub(super) struct Decoder {
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
    /// Whether the zone is one of the database of zones, whose offset a time alone does not tell.
    needs_day: bool,
    /// The zone of a word or a name; `dst` may follow.
    awaits: Option<Word>,
}

impl Decoder {
    pub(super) fn new(reading: Reading) -> Self {
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
            needs_day: false,
            awaits: None,
        }
    }

    fn has_date(&self) -> bool {
        self.number.is_some()
            || (self.year.is_some() && (self.month.is_some() && self.day.is_some()))
            || self.day_of_year.is_some()
    }

    /// Whether what follows with marks in it is no date.
    fn has_month_and_day(&self) -> bool {
        self.has_date() || (self.month.is_some() && self.day.is_some())
    }

    pub(super) fn field(
        &mut self,
        field: &Field,
        next: Option<&Field>,
    ) -> Result<Option<Moment>, Fault> {
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
            Kind::Date if self.has_month_and_day() => match text.split_once('-') {
                // A time without colons, and a zone.
                Some((time, zone)) if text.starts_with(|first: char| first.is_ascii_digit()) => {
                    self.run_together(time)?;
                    self.set_zone(Said::Offset(offset(&format!("-{zone}"))?))?;
                }
                _ => self.set_zone_named(text)?,
            },
            Kind::Date => {
                let first = text.split(|mark: char| !mark.is_alphabetic()).next();
                let is_word = first.is_some_and(|first| {
                    let first = word(&first.to_lowercase());
                    !matches!(first, None | Some(Word::Zone(_) | Word::ZoneOf(_)))
                });
                let is_place = text.starts_with(char::is_alphabetic) && !is_word;
                match is_place && self.reading.is_time {
                    true => self.set_zone_named(text)?,
                    false => self.date(text)?,
                }
            }
            Kind::Number => self.number(text)?,
            Kind::Word | Kind::Special => {
                let lower = text.to_lowercase();
                match word(&lower) {
                    Some(word) => return self.word(word, next),
                    None => self.set_zone_named(text).map_err(|_| Fault::Syntax)?,
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

    fn set_zone_named(&mut self, name: &str) -> Result<(), Fault> {
        let zone = named(name)?;
        self.needs_day |= matches!(zone, Zone::Other(_)) && posix_offset(name).is_none();
        self.set_zone(Said::Zone(zone))
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

    pub(super) fn end(self) -> Result<Moment, Fault> {
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
        if day.is_none() && (time.is_none() || self.needs_day) {
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
