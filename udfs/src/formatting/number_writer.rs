//! Writes a number by a template.

use super::moment_writer::ordinal_suffix;
use super::number_template::{Field, NumberTemplate, Part, SignPlace};
use super::number_text::{Digits, Number};
use super::roman::numeral;
use super::template::Ordinal;
use crate::FunctionError;

/// How wide the longest Roman numeral is: MMMDCCCLXXXVIII.
const ROMAN_WIDTH: usize = 15;

/// Appends a number as the template says. One that has too many digits is shown as `#`.
///
/// # Errors
/// 22P02 for `TH` without a digit before it.
pub(super) fn write(
    number: &Number,
    template: &NumberTemplate,
    text: &mut String,
) -> Result<(), FunctionError> {
    if template.has_exponent {
        text.push_str(&number.scientific(template));
        return Ok(());
    }
    if template.is_roman {
        write_roman(number, template, text);
        return Ok(());
    }
    Writer::new(template, number.digits(template)).write(text)
}

fn write_roman(number: &Number, template: &NumberTemplate, text: &mut String) {
    let numeral = number
        .nearest_integer()
        .and_then(numeral)
        .unwrap_or_else(|| "#".repeat(ROMAN_WIDTH));
    for part in &template.parts {
        match part {
            Part::Field(Field::Roman(letters)) => {
                let numeral = letters.of(&numeral);
                match template.is_filled {
                    true => text.push_str(&numeral),
                    false => text.push_str(&format!("{numeral:>ROMAN_WIDTH$}")),
                }
            }
            Part::Field(_) => {}
            Part::Literal(character) => text.push(*character),
        }
    }
}

/// The state of writing, place by place.
struct Writer<'a> {
    template: &'a NumberTemplate,
    digits: Digits,
    /// The next digit, or the point, of the number.
    next: usize,
    /// The place of the template.
    place: usize,
    /// After how many places the sign behind the number comes.
    end: usize,
    /// Whether the sign is written, or none is wanted.
    is_signed: bool,
    /// Whether brackets are wanted.
    has_brackets: bool,
    /// Whether the last place wrote a digit.
    is_within: bool,
    /// The last digit that counts, or the point, where zeros behind it are left out.
    last: Option<usize>,
    /// Where a place found no digit any more: a float has no more of them that can be trusted, and
    /// PostgreSQL ends there.
    end_of_text: Option<usize>,
    text: String,
}

impl<'a> Writer<'a> {
    fn new(template: &'a NumberTemplate, digits: Digits) -> Self {
        let has_own_sign = template.has_plus || template.has_minus;
        let is_positive = !digits.is_negative;
        let is_signed = match has_own_sign {
            // PL writes a plus alone, and leaves the minus to its usual place.
            true => template.has_minus,
            false => is_positive && template.is_filled && template.sign.is_none(),
        };
        let last = match template.is_filled && template.has_point {
            true => last_that_counts(&digits, template),
            false => None,
        };
        let places = template.before + template.shifted + digits.behind;
        let extra = usize::from(!is_signed && digits.blanks == 0)
            + usize::from(digits.blanks > 0)
            + usize::from(template.has_point);
        Self {
            template,
            next: 0,
            place: 0,
            end: (places + extra).saturating_sub(1),
            is_signed,
            has_brackets: template.has_brackets
                && !(is_positive && template.is_filled && !has_own_sign),
            is_within: false,
            last,
            digits,
            end_of_text: None,
            text: String::new(),
        }
    }

    fn write(mut self, text: &mut String) -> Result<(), FunctionError> {
        for part in &self.template.parts {
            match part {
                Part::Field(Field::Ordinal(ordinal)) => self.ordinal(*ordinal)?,
                Part::Field(field) => self.field(*field),
                Part::Literal(character) => self.text.push(*character),
            }
        }
        let end = self.end_of_text.unwrap_or(self.text.len());
        text.push_str(self.text.split_at(end).0);
        Ok(())
    }

    fn ordinal(&mut self, ordinal: Ordinal) -> Result<(), FunctionError> {
        let digits = &self.digits.text;
        if digits.starts_with('#') || self.digits.is_negative || self.template.has_point {
            return Ok(());
        }
        if !digits.ends_with(|last: char| last.is_ascii_digit()) {
            return Err(FunctionError {
                sqlstate: "22P02",
                message: format!("\"{digits}\" is not a number"),
                hint: Some("Put a 9 or a 0 before TH.".to_owned()),
            });
        }
        self.text.push_str(ordinal_suffix(digits, ordinal));
        Ok(())
    }

    fn field(&mut self, field: Field) {
        let is_filled = self.template.is_filled;
        match field {
            Field::Digit | Field::Zero | Field::Point | Field::LocalPoint => self.position(field),
            Field::Comma if self.is_within => self.text.push(','),
            Field::Comma if !is_filled => self.text.push(' '),
            Field::Currency => self.text.push(' '),
            Field::Minus if self.digits.is_negative => self.text.push('-'),
            Field::Plus if !self.digits.is_negative => self.text.push('+'),
            Field::Minus | Field::Plus if !is_filled => self.text.push(' '),
            Field::PlusOrMinus => self.text.push(self.sign()),
            _ => {}
        }
    }

    fn sign(&self) -> char {
        if self.digits.is_negative { '-' } else { '+' }
    }

    /// A digit, or the point.
    fn position(&mut self, field: Field) {
        self.is_within = false;
        self.sign_before();
        let is_in_front = self.place < self.digits.blanks;
        match self.template.first_zero {
            Some(first) if is_in_front && first <= self.place => {
                self.text.push('0');
                self.is_within = true;
            }
            _ if is_in_front => {
                if !self.template.is_filled {
                    self.text.push(' ');
                }
            }
            _ => self.digit(field),
        }
        self.sign_behind();
        self.place += 1;
    }

    /// Whether the number is at its only zero, which is not shown before a point: `.5`.
    fn is_at_lone_zero(&self) -> bool {
        self.template.first_zero.is_none()
            && self.next == 0
            && self.digits.text.starts_with('0')
            && self.digits.behind != 0
    }

    fn is_whole(&self) -> bool {
        self.last
            .is_some_and(|last| self.digits.text.as_bytes().get(last) == Some(&b'.'))
    }

    fn sign_before(&mut self) {
        let begins =
            self.place >= self.digits.blanks || self.template.first_zero == Some(self.place);
        if self.is_signed || !begins || self.is_at_lone_zero() && !self.is_whole() {
            return;
        }
        match self.template.sign {
            Some(SignPlace::Before) => self.text.push(self.sign()),
            // It comes behind the number.
            Some(SignPlace::Behind) => return,
            None if self.has_brackets => {
                self.text
                    .push(if self.digits.is_negative { '<' } else { ' ' });
            }
            None if self.digits.is_negative => self.text.push('-'),
            None if !self.template.is_filled => self.text.push(' '),
            None => {}
        }
        self.is_signed = true;
    }

    fn sign_behind(&mut self) {
        let end = match self.last {
            Some(last) if last == self.next => self.place,
            _ => self.end,
        };
        if self.place + 1 != end {
            return;
        }
        if self.is_signed && self.has_brackets {
            self.text
                .push(if self.digits.is_negative { '>' } else { ' ' });
        } else if self.template.sign == Some(SignPlace::Behind) {
            self.text.push(self.sign());
        }
    }

    fn digit(&mut self, field: Field) {
        let next = self.digits.text.as_bytes().get(self.next).copied();
        match next {
            Some(b'.') => {
                if !self.is_whole() || self.template.is_filled {
                    self.text.push('.');
                }
            }
            _ if self.last.is_some_and(|last| self.next > last) && field != Field::Zero => {}
            _ if self.is_at_lone_zero() => {
                if !self.template.is_filled {
                    self.text.push(' ');
                } else if self.is_whole() {
                    self.text.push('0');
                }
            }
            Some(digit) => {
                self.text.push(char::from(digit));
                self.is_within = true;
            }
            None => {
                self.end_of_text.get_or_insert(self.text.len());
                self.is_within = true;
            }
        }
        if next.is_some() {
            self.next += 1;
        }
    }
}

/// The last digit behind the point that is not zero or that a `0` of the template wants; the point
/// where there is none.
fn last_that_counts(digits: &Digits, template: &NumberTemplate) -> Option<usize> {
    let point = digits.text.find('.')?;
    let last = digits.text.trim_end_matches('0').len() - 1;
    let wanted = template.last_zero.saturating_sub(digits.blanks);
    let wanted = wanted.min(digits.text.len() - 1);
    Some(last.max(point).max(wanted))
}
