//! Numbers out of text, as PostgreSQL reads them by a template (`NUM_processor` of its `formatting.c`).

use super::number_template::{Field, NumberTemplate, Part};
use crate::FunctionError;

/// What a text was read as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NumberRead {
    pub(super) is_negative: bool,
    /// The digits, without the point.
    pub(super) digits: String,
    /// How many of the digits stand behind the point.
    pub(super) behind: usize,
}

/// Reads a number.
///
/// # Errors
/// 0A000 for patterns that are written only, 22P02 for a text without digits.
pub(super) fn read(text: &str, template: &NumberTemplate) -> Result<NumberRead, FunctionError> {
    for (is_there, name) in [(template.has_exponent, "EEEE"), (template.is_roman, "RN")] {
        if is_there {
            return Err(FunctionError::unsupported(format!(
                "\"{name}\" not supported for input"
            )));
        }
    }
    let mut reader = Reader {
        rest: text,
        template,
        sign: None,
        has_point: false,
        read: NumberRead::default(),
    };
    for part in &template.parts {
        if reader.rest.is_empty() {
            break;
        }
        reader.part(*part);
    }
    let mut read = reader.read;
    if read.digits.is_empty() {
        return Err(FunctionError {
            message: "invalid input syntax for type numeric: \" \"".to_owned(),
            ..FunctionError::invalid_text("numeric")
        });
    }
    read.is_negative = reader.sign == Some('-');
    read.behind += template.shifted;
    Ok(read)
}

struct Reader<'a> {
    rest: &'a str,
    template: &'a NumberTemplate,
    sign: Option<char>,
    has_point: bool,
    read: NumberRead,
}

impl Reader<'_> {
    fn next(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn skip(&mut self) {
        let mut rest = self.rest.chars();
        rest.next();
        self.rest = rest.as_str();
    }

    /// Skips up to so many characters that are no part of a number.
    fn skip_others(&mut self, count: usize) {
        for _ in 0..count {
            match self.next() {
                Some(next) if !"0123456789.,+-".contains(next) => self.skip(),
                _ => return,
            }
        }
    }

    fn part(&mut self, part: Part) {
        let field = match part {
            // One character of the text for one of the template, whatever they are.
            Part::Literal(_) => return self.skip(),
            Part::Field(field) => field,
        };
        match field {
            Field::Digit | Field::Zero | Field::Point | Field::LocalPoint => {
                self.number(matches!(field, Field::Digit | Field::Zero));
                self.skip();
            }
            Field::Comma => {
                if !self.template.is_filled && self.next() == Some(',') {
                    self.skip();
                }
            }
            Field::Currency => self.skip_others(1),
            Field::Ordinal(_) => {
                if self.sign != Some('-') && !self.template.has_point {
                    self.skip_others(2);
                }
            }
            Field::Minus => self.sign_among("-"),
            Field::Plus => self.sign_among("+"),
            Field::PlusOrMinus => self.sign_among("+-"),
            Field::Blank
            | Field::Spelled
            | Field::Sign
            | Field::Brackets
            | Field::Shift
            | Field::Roman(_)
            | Field::Exponent
            | Field::Filled => {}
        }
    }

    fn sign_among(&mut self, signs: &str) {
        match self.next().filter(|next| signs.contains(*next)) {
            Some(sign) => {
                self.sign = Some(sign);
                self.skip();
            }
            None => self.skip_others(1),
        }
    }

    fn has_digits(&self) -> bool {
        !self.read.digits.is_empty()
    }

    /// A digit or the point, with a sign before or behind it. The character at the end is left for
    /// the caller to skip, be it read or not.
    fn number(&mut self, is_digit: bool) {
        if self.next() == Some(' ') {
            self.skip();
        }
        if self.sign.is_none() && is_digit && !self.has_digits() {
            self.sign_before();
        }
        let Some(next) = self.next() else { return };
        let mut is_read = false;
        if next.is_ascii_digit() {
            if self.has_point && self.read.behind == self.template.behind {
                return;
            }
            self.read.digits.push(next);
            self.read.behind += usize::from(self.has_point);
            is_read = true;
        } else if next == '.' && self.template.has_point && !self.has_point {
            self.has_point = true;
            is_read = true;
        }
        if self.sign.is_none() && self.has_digits() {
            self.sign_behind(is_read);
        }
    }

    fn sign_before(&mut self) {
        match self.next() {
            Some('<') if self.template.has_brackets => self.sign = Some('-'),
            Some(sign @ ('-' | '+')) => self.sign = Some(sign),
            _ => return,
        }
        self.skip();
    }

    fn sign_behind(&mut self, is_read: bool) {
        let template = self.template;
        if template.sign.is_some() {
            let mut ahead = self.rest.chars();
            ahead.next();
            if is_read && let Some(sign @ ('-' | '+')) = ahead.next() {
                self.sign = Some(sign);
                self.skip();
            }
        } else if !is_read && (template.has_plus || template.has_minus) {
            // It comes before its place where there are fewer digits than in the template.
            self.sign = self.next().filter(|next| "+-".contains(*next));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str, template: &str) -> String {
        let template = NumberTemplate::parse(template).unwrap();
        let read = read(text, &template).unwrap();
        let sign = if read.is_negative { "-" } else { "" };
        format!("{sign}{}e-{}", read.digits, read.behind)
    }

    /// What PostgreSQL 15 says of these.
    #[test]
    fn numbers_are_read_by_their_template() {
        assert_eq!(number("-34,338,492", "99G999G999"), "-34338492e-0");
        assert_eq!(
            number("-34,338,492.654,878", "99G999G999D999G999"),
            "-34338492654878e-6"
        );
        assert_eq!(
            number("<564646.654564>", "999999.999999PR"),
            "-564646654564e-6"
        );
        assert_eq!(number("0.00001-", "9.999999S"), "-000001e-5");
        assert_eq!(number("5.01-", "FM9.999999S"), "-501e-2");
        assert_eq!(number("5.01-", "FM9.999999MI"), "-501e-2");
        assert_eq!(
            number("5 4 4 4 4 8 . 7 8", "9 9 9 9 9 9 . 9 9"),
            "54444878e-2"
        );
        assert_eq!(number(".01", "FM9.99"), "01e-2");
        assert_eq!(number(".0", "99999999.99999999"), "0e-1");
        assert_eq!(number("0", "99.99"), "0e-0");
        assert_eq!(number(".-01", "S99.99"), "-01e-2");
        assert_eq!(number(" . 0 1-", " 9 9 . 9 9 S"), "-01e-2");
        assert_eq!(number("34,50", "999,99"), "3450e-0");
        assert_eq!(number("123,000", "999G"), "123e-0");
        assert_eq!(number("123456", "999G999"), "123456e-0");
        assert_eq!(number("$1234.56", "L9,999.99"), "123456e-2");
        assert_eq!(number("1234.56", "L9,999.99"), "123456e-2");
        assert_eq!(number("$1,234.56", "L9,999.99"), "123456e-2");
        assert_eq!(number("42nd", "99th"), "42e-0");
        assert_eq!(number("12345", "99V999"), "12345e-3");
        assert_eq!(number("5-", "99MI"), "-5e-0");
        assert_eq!(number("5-", "99PL"), "-5e-0");
        assert_eq!(number("5-", "99SG"), "-5e-0");
        assert_eq!(number("5-", "99"), "5e-0");
    }
}
