//! Reads text by a template into the fields that it names.
//!
//! As in PostgreSQL, blanks and punctuation of text and template need not be the same unless the
//! template says `FX`; what follows the last pattern is not looked at.

use super::fields::{Convention, Fields};
use super::moment_writer::{MONTHS, WEEKDAYS};
use super::roman::MONTHS as ROMAN_MONTHS;
use super::template::{Field, Part, Pattern, is_separator, is_space};
use crate::FunctionError;

const MERIDIEMS: [&str; 2] = ["am", "pm"];
const DOTTED_MERIDIEMS: [&str; 2] = ["a.m.", "p.m."];
const ERAS: [&str; 2] = ["ad", "bc"];
const DOTTED_ERAS: [&str; 2] = ["a.d.", "b.c."];
/// How many letters names are abbreviated to.
const ABBREVIATED: usize = 3;

/// Reads a text.
///
/// # Errors
/// 22007 for text that a pattern does not take, 22008 for a number too large, 0A000 for a pattern
/// that is only for writing.
pub(super) fn read(text: &str, template: &[Part]) -> Result<Fields, FunctionError> {
    let mut reader = Reader {
        rest: text,
        before: None,
        skipped: 0,
        is_exact: false,
        fields: Fields::default(),
    };
    for (position, part) in template.iter().enumerate() {
        if reader.rest.is_empty() {
            break;
        }
        let is_pattern = matches!(part, Part::Pattern(_));
        let begins_exactness =
            matches!(part, Part::Pattern(pattern) if pattern.field == Field::Exactly);
        if !reader.is_exact && !begins_exactness && (is_pattern || position == 0) {
            reader.skip_blanks();
        }
        match part {
            Part::Separator(_) | Part::Space(_) => reader.separator(),
            Part::Literal(_) => reader.literal(),
            Part::Pattern(pattern) => {
                let slurps = pattern.is_filled
                    || pattern.ordinal.is_some()
                    || ends_number(template.get(position + 1));
                reader.pattern(pattern, slurps)?;
                if !reader.is_exact {
                    reader.skipped = 0;
                    reader.skip_blanks();
                }
            }
        }
    }
    Ok(reader.fields)
}

/// Whether a number before this part ends where its digits do, rather than after as many of them as
/// the pattern has.
fn ends_number(next: Option<&Part>) -> bool {
    match next {
        None => true,
        Some(Part::Pattern(pattern)) => !pattern.field.is_digits(),
        Some(Part::Separator(character) | Part::Space(character) | Part::Literal(character)) => {
            !character.is_ascii_digit()
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
    /// The character before the rest.
    before: Option<char>,
    /// How many blanks and separators were passed over that the template did not ask for.
    skipped: i64,
    is_exact: bool,
    fields: Fields,
}

impl<'a> Reader<'a> {
    fn skip(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let character = characters.next()?;
        self.rest = characters.as_str();
        self.before = Some(character);
        Some(character)
    }

    fn skip_bytes(&mut self, bytes: usize) -> &'a str {
        let (passed, rest) = self.rest.split_at(bytes);
        if let Some(last) = passed.chars().next_back() {
            self.before = Some(last);
        }
        self.rest = rest;
        passed
    }

    fn skip_blanks(&mut self) {
        while self.rest.starts_with(is_space) {
            self.skip();
            self.skipped += 1;
        }
    }

    fn separator(&mut self) {
        if self.is_exact {
            self.skip();
            return;
        }
        self.skipped -= 1;
        if self
            .rest
            .starts_with(|next| is_space(next) || is_separator(next))
        {
            self.skip();
            self.skipped += 1;
        }
    }

    fn literal(&mut self) {
        if !self.is_exact && self.skipped > 0 {
            self.skipped -= 1;
        } else {
            self.skip();
        }
    }

    fn pattern(&mut self, pattern: &Pattern, slurps: bool) -> Result<(), FunctionError> {
        if let Some(convention) = convention(pattern.field) {
            self.fields.follow(convention)?;
        }
        match pattern.field {
            Field::Exactly => self.is_exact = true,
            Field::Meridiem { dotted, .. } => {
                let names = if dotted { DOTTED_MERIDIEMS } else { MERIDIEMS };
                let index = self.name(&names, usize::MAX, pattern)?;
                set(&mut self.fields.afternoon, index, pattern)?;
                self.fields.is_twelve_hour = true;
            }
            Field::Era { dotted, .. } => {
                let names = if dotted { DOTTED_ERAS } else { ERAS };
                let index = self.name(&names, usize::MAX, pattern)?;
                set(&mut self.fields.before_christ, index, pattern)?;
            }
            Field::MonthName(_) => {
                let index = self.name(&MONTHS, usize::MAX, pattern)?;
                set(&mut self.fields.month, index + 1, pattern)?;
            }
            Field::ShortMonth(_) => {
                let index = self.name(&MONTHS, ABBREVIATED, pattern)?;
                set(&mut self.fields.month, index + 1, pattern)?;
            }
            Field::RomanMonth(_) => {
                let index = self.roman(pattern)?;
                set(&mut self.fields.month, index + 1, pattern)?;
            }
            Field::Weekday(_) => {
                let index = self.name(&WEEKDAYS, usize::MAX, pattern)?;
                set(&mut self.fields.weekday, index, pattern)?;
                self.fields.weekday += 1;
            }
            Field::ShortWeekday(_) => {
                let index = self.name(&WEEKDAYS, ABBREVIATED, pattern)?;
                set(&mut self.fields.weekday, index, pattern)?;
                self.fields.weekday += 1;
            }
            Field::ZoneOffset | Field::ZoneName(_) => {
                return Err(FunctionError {
                    sqlstate: "0A000",
                    message: format!(
                        "formatting field \"{}\" is only supported in to_char",
                        pattern.name
                    ),
                    hint: None,
                });
            }
            Field::YearWithComma => self.year_with_comma(pattern)?,
            _ => self.number_field(pattern, slurps)?,
        }
        Ok(())
    }

    fn number_field(&mut self, pattern: &Pattern, slurps: bool) -> Result<(), FunctionError> {
        if pattern.field == Field::ZoneHours {
            self.zone_sign();
        }
        let digits = digits(pattern);
        let (value, length) = self.number(digits, pattern, slurps)?;
        let fields = &mut self.fields;
        match pattern.field {
            Field::Hour12 => {
                set(&mut fields.hour, value, pattern)?;
                fields.is_twelve_hour = true;
            }
            Field::Hour24 => set(&mut fields.hour, value, pattern)?,
            Field::Minute => set(&mut fields.minute, value, pattern)?,
            Field::Second => set(&mut fields.second, value, pattern)?,
            Field::SecondOfDay => set(&mut fields.second_of_day, value, pattern)?,
            Field::Milliseconds => {
                set(&mut fields.milliseconds, value, pattern)?;
                fields.milliseconds *= power_of_ten(3, length);
            }
            Field::Microseconds | Field::Fraction(_) => {
                set(&mut fields.microseconds, value, pattern)?;
                fields.microseconds *= power_of_ten(6, length);
            }
            Field::ZoneHours => set(&mut fields.zone_hours, value, pattern)?,
            Field::ZoneMinutes => {
                if fields.zone_sign == 0 {
                    fields.zone_sign = 1;
                }
                set(&mut fields.zone_minutes, value, pattern)?;
            }
            Field::Month => set(&mut fields.month, value, pattern)?,
            Field::DayOfMonth => set(&mut fields.day, value, pattern)?,
            Field::DayOfYear | Field::IsoDayOfYear => {
                set(&mut fields.day_of_year, value, pattern)?;
            }
            Field::DayOfWeek => set(&mut fields.weekday, value, pattern)?,
            Field::IsoDayOfWeek => {
                set(&mut fields.weekday, value, pattern)?;
                // Sunday is the first day to the other patterns.
                fields.weekday = if value >= 7 { 1 } else { value + 1 };
            }
            Field::Week | Field::IsoWeek => set(&mut fields.week, value, pattern)?,
            Field::WeekOfMonth => set(&mut fields.week_of_month, value, pattern)?,
            Field::Century => set(&mut fields.century, value, pattern)?,
            Field::JulianDay => set(&mut fields.julian_day, value, pattern)?,
            Field::Year(width) | Field::IsoYear(width) => {
                set(&mut fields.year, value, pattern)?;
                if width < 4 && length < 4 {
                    fields.year = nearest_to_2020(value);
                }
                fields.year_digits = width;
            }
            // Which day of a quarter is meant nobody can know.
            _ => {}
        }
        if pattern.ordinal.is_some() {
            self.skip();
            self.skip();
        }
        Ok(())
    }

    /// The sign of a zone's hours; a minus that was passed over as a separator is one.
    fn zone_sign(&mut self) {
        self.fields.zone_sign = match self.rest.chars().next() {
            Some(sign @ ('+' | '-' | ' ')) => {
                self.skip();
                if sign == '-' { -1 } else { 1 }
            }
            _ if self.skipped > 0 && self.before == Some('-') => -1,
            _ => 1,
        };
    }

    /// `1,234`
    fn year_with_comma(&mut self, pattern: &Pattern) -> Result<(), FunctionError> {
        let invalid = || invalid("invalid input string for \"Y,YYY\"".to_owned(), None);
        let (thousands, rest) = integer(self.rest).ok_or_else(invalid)?;
        let rest = rest.strip_prefix(',').ok_or_else(invalid)?;
        let width = rest.len().min(3);
        let last = rest.get(..width).unwrap_or(rest);
        let (years, behind) = integer(last).ok_or_else(invalid)?;
        let year = thousands
            .checked_mul(1000)
            .and_then(|thousands| thousands.checked_add(years))
            .filter(|year| i32::try_from(*year).is_ok())
            .ok_or_else(|| out_of_range(pattern))?;
        let used = self.rest.len() - rest.len() + (last.len() - behind.len());
        self.skip_bytes(used);
        set(&mut self.fields.year, year, pattern)?;
        self.fields.year_digits = 4;
        if pattern.ordinal.is_some() {
            self.skip();
            self.skip();
        }
        Ok(())
    }

    /// A number, and how many bytes it took; `digits` of them where the next pattern's digits
    /// follow at once.
    fn number(
        &mut self,
        digits: usize,
        pattern: &Pattern,
        slurps: bool,
    ) -> Result<(i64, usize), FunctionError> {
        let all = self.rest.len();
        let trimmed = self.rest.trim_start_matches(is_space);
        let value;
        if slurps {
            let (number, rest) = integer(trimmed).ok_or_else(|| self.no_number(pattern))?;
            value = number;
            self.skip_bytes(all - rest.len());
        } else {
            let end = trimmed.char_indices().nth(digits).map(|(end, _)| end);
            let exactly = trimmed
                .get(..end.unwrap_or(trimmed.len()))
                .unwrap_or(trimmed);
            if exactly.chars().count() < digits {
                return Err(invalid(
                    format!(
                        "source string too short for \"{}\" formatting field",
                        pattern.name
                    ),
                    Some(
                        "If your source string is not fixed-width, try using the \"FM\" modifier.",
                    ),
                ));
            }
            let (number, rest) = integer(exactly).ok_or_else(|| self.no_number(pattern))?;
            if !rest.is_empty() {
                return Err(invalid(
                    format!("invalid value \"{exactly}\" for \"{}\"", pattern.name),
                    Some(
                        "If your source string is not fixed-width, try using the \"FM\" modifier.",
                    ),
                ));
            }
            value = number;
            self.skip_bytes(all - trimmed.len() + exactly.len());
        }
        if i32::try_from(value).is_err() {
            return Err(out_of_range(pattern));
        }
        Ok((value, all - self.rest.len()))
    }

    fn no_number(&self, pattern: &Pattern) -> FunctionError {
        let shown: String = self.rest.chars().take(digits(pattern)).collect();
        invalid(
            format!("invalid value \"{shown}\" for \"{}\"", pattern.name),
            Some("The value must be an integer."),
        )
    }

    /// The place of the first name that the rest begins with, in any case.
    fn name(
        &mut self,
        names: &[&str],
        letters: usize,
        pattern: &Pattern,
    ) -> Result<i64, FunctionError> {
        let found = names.iter().enumerate().find_map(|(index, name)| {
            let name = name.get(..letters.min(name.len())).unwrap_or(name);
            self.begins_with(name).then_some((index, name.len()))
        });
        self.take_name(found, pattern)
    }

    fn roman(&mut self, pattern: &Pattern) -> Result<i64, FunctionError> {
        // The longest first: VIII begins as V does.
        let longest = ROMAN_MONTHS
            .iter()
            .enumerate()
            .filter(|(_, name)| self.begins_with(name))
            .max_by_key(|(_, name)| name.len());
        self.take_name(longest.map(|(index, name)| (index, name.len())), pattern)
    }

    fn begins_with(&self, name: &str) -> bool {
        self.rest
            .get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    }

    fn take_name(
        &mut self,
        found: Option<(usize, usize)>,
        pattern: &Pattern,
    ) -> Result<i64, FunctionError> {
        let Some((index, length)) = found else {
            let word = self.rest.split(is_space).next().unwrap_or_default();
            return Err(invalid(
                format!("invalid value \"{word}\" for \"{}\"", pattern.name),
                Some("The value must be one of those of the field."),
            ));
        };
        self.skip_bytes(length);
        Ok(i64::try_from(index).unwrap_or_default())
    }
}

/// How many digits a pattern takes where the next pattern's follow at once.
fn digits(pattern: &Pattern) -> usize {
    match pattern.field {
        Field::Hour24 | Field::Hour12 | Field::ZoneHours | Field::ZoneMinutes => 2,
        Field::Milliseconds | Field::IsoDayOfYear => 3,
        Field::Microseconds => 6,
        Field::Fraction(digits) => digits,
        Field::IsoDayOfWeek => 1,
        _ => pattern.name.len(),
    }
}

fn convention(field: Field) -> Option<Convention> {
    match field {
        Field::DayOfYear
        | Field::DayOfMonth
        | Field::DayOfWeek
        | Field::Month
        | Field::MonthName(_)
        | Field::ShortMonth(_)
        | Field::RomanMonth(_)
        | Field::Week
        | Field::WeekOfMonth
        | Field::Year(_)
        | Field::YearWithComma => Some(Convention::Gregorian),
        Field::IsoDayOfYear | Field::IsoDayOfWeek | Field::IsoWeek | Field::IsoYear(_) => {
            Some(Convention::IsoWeek)
        }
        _ => None,
    }
}

/// Gives a field its value; 0 is that of one that was not given.
fn set(field: &mut i64, value: i64, pattern: &Pattern) -> Result<(), FunctionError> {
    if *field != 0 && *field != value {
        return Err(invalid(
            format!(
                "conflicting values for \"{}\" field in formatting string",
                pattern.name
            ),
            Some("This value contradicts a previous setting for the same field type."),
        ));
    }
    *field = value;
    Ok(())
}

/// A signed number in front of a text, and what follows it.
fn integer(text: &str) -> Option<(i64, &str)> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = unsigned
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(unsigned.len());
    if digits == 0 {
        return None;
    }
    let end = text.len() - unsigned.len() + digits;
    let (number, rest) = text.split_at(end);
    // What is too long for 64 bits is out of range too.
    Some((number.parse().unwrap_or(i64::MAX), rest))
}

/// What digits behind a point are worth: 5 of milliseconds is 500 of them.
fn power_of_ten(places: usize, length: usize) -> i64 {
    (length..places).fold(1, |power, _| power * 10)
}

/// A year of fewer than four digits is that nearest to 2020, as in PostgreSQL.
fn nearest_to_2020(year: i64) -> i64 {
    match year {
        i64::MIN..70 => year + 2000,
        70..100 => year + 1900,
        100..520 => year + 2000,
        520..1000 => year + 1000,
        _ => year,
    }
}

fn out_of_range(pattern: &Pattern) -> FunctionError {
    FunctionError {
        sqlstate: "22008",
        message: format!(
            "value for \"{}\" in source string is out of range",
            pattern.name
        ),
        hint: None,
    }
}

/// The error of text that is not as the template says (22007).
pub(super) fn invalid(message: String, hint: Option<&str>) -> FunctionError {
    FunctionError {
        sqlstate: "22007",
        message,
        hint: hint.map(str::to_owned),
    }
}
