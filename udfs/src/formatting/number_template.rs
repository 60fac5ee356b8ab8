//! Templates of numbers, read into their patterns.

use super::roman::Letters;
use super::template::Ordinal;
use crate::FunctionError;

/// What a pattern of a number stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// `9`: a digit, blank where it would be a zero in front.
    Digit,
    /// `0`: a digit, zeros in front too.
    Zero,
    /// `.`
    Point,
    /// `D`
    LocalPoint,
    /// `,` and `G`
    Comma,
    /// `B`, which PostgreSQL takes and does nothing about.
    Blank,
    /// `L`, which is blank in the C locale.
    Currency,
    /// `SP`, which PostgreSQL takes and does nothing about.
    Spelled,
    /// `S`: a sign next to the number.
    Sign,
    /// `MI`
    Minus,
    /// `PL`
    Plus,
    /// `SG`
    PlusOrMinus,
    /// `PR`: angle brackets around what is negative.
    Brackets,
    /// `V`: the digits behind it shift the point.
    Shift,
    Roman(Letters),
    Ordinal(Ordinal),
    Exponent,
    Filled,
}

const KEYWORDS: &[(&str, Field)] = &[
    (",", Field::Comma),
    (".", Field::Point),
    ("0", Field::Zero),
    ("9", Field::Digit),
    ("B", Field::Blank),
    ("D", Field::LocalPoint),
    ("EEEE", Field::Exponent),
    ("FM", Field::Filled),
    ("G", Field::Comma),
    ("L", Field::Currency),
    ("MI", Field::Minus),
    ("PL", Field::Plus),
    ("PR", Field::Brackets),
    ("RN", Field::Roman(Letters::Upper)),
    ("SG", Field::PlusOrMinus),
    ("SP", Field::Spelled),
    ("S", Field::Sign),
    ("TH", Field::Ordinal(Ordinal::Upper)),
    ("V", Field::Shift),
    ("b", Field::Blank),
    ("d", Field::LocalPoint),
    ("eeee", Field::Exponent),
    ("fm", Field::Filled),
    ("g", Field::Comma),
    ("l", Field::Currency),
    ("mi", Field::Minus),
    ("pl", Field::Plus),
    ("pr", Field::Brackets),
    ("rn", Field::Roman(Letters::Lower)),
    ("sg", Field::PlusOrMinus),
    ("sp", Field::Spelled),
    ("s", Field::Sign),
    ("th", Field::Ordinal(Ordinal::Lower)),
    ("v", Field::Shift),
];

/// A part of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Field(Field),
    Literal(char),
}

/// Where `S` puts the sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignPlace {
    Before,
    Behind,
}

/// A template, and what it says of the number as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NumberTemplate {
    pub(super) parts: Vec<Part>,
    /// How many digits stand before the point.
    pub(super) before: usize,
    /// How many digits stand behind the point.
    pub(super) behind: usize,
    /// How many digits stand behind `V`.
    pub(super) shifted: usize,
    /// Before which digit the first `0` stands, counted from 0, where it stands before the point.
    pub(super) first_zero: Option<usize>,
    /// Behind which digit the last `0` stands; 0 where there is none.
    pub(super) last_zero: usize,
    /// Where `S` puts the sign.
    pub(super) sign: Option<SignPlace>,
    pub(super) has_point: bool,
    pub(super) has_shift: bool,
    pub(super) has_plus: bool,
    pub(super) has_minus: bool,
    pub(super) has_brackets: bool,
    pub(super) has_exponent: bool,
    pub(super) is_filled: bool,
    pub(super) is_roman: bool,
    has_blank: bool,
}

impl NumberTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// 42601 for patterns that exclude each other.
    pub(super) fn parse(text: &str) -> Result<Self, FunctionError> {
        let mut template = Self::default();
        // Before how many digits `S` stands.
        let mut digits_before_sign = 0;
        let mut rest = text;
        while !rest.is_empty() {
            if let Some((name, field)) = KEYWORDS.iter().find(|(name, _)| rest.starts_with(name)) {
                if *field == Field::Sign && template.sign.is_none() {
                    digits_before_sign = template.before;
                }
                template.add(*field)?;
                template.parts.push(Part::Field(*field));
                rest = rest.split_at(name.len()).1;
                continue;
            }
            if let Some(quoted) = rest.strip_prefix('"') {
                rest = template.literal(quoted);
                continue;
            }
            let unescaped = rest.strip_prefix('\\').filter(|next| next.starts_with('"'));
            let mut characters = unescaped.unwrap_or(rest).chars();
            template.parts.extend(characters.next().map(Part::Literal));
            rest = characters.as_str();
        }
        if template.sign == Some(SignPlace::Before)
            && template.before + template.shifted == digits_before_sign
        {
            template.sign = Some(SignPlace::Behind);
        }
        Ok(template)
    }

    fn literal<'a>(&mut self, quoted: &'a str) -> &'a str {
        let mut characters = quoted.chars();
        while let Some(character) = characters.next() {
            match character {
                '"' => break,
                '\\' => {
                    let escaped = characters.next().unwrap_or('\\');
                    self.parts.push(Part::Literal(escaped));
                }
                other => self.parts.push(Part::Literal(other)),
            }
        }
        characters.as_str()
    }

    fn add(&mut self, field: Field) -> Result<(), FunctionError> {
        if self.has_exponent && field != Field::Exponent {
            return Err(wrong("\"EEEE\" must be the last pattern used"));
        }
        match field {
            Field::Digit | Field::Zero => self.add_digit(field == Field::Zero)?,
            Field::Point | Field::LocalPoint => {
                if self.has_point {
                    return Err(wrong("multiple decimal points"));
                }
                if self.has_shift {
                    return Err(wrong("cannot use \"V\" and decimal point together"));
                }
                self.has_point = true;
            }
            Field::Shift => {
                if self.has_point {
                    return Err(wrong("cannot use \"V\" and decimal point together"));
                }
                self.has_shift = true;
            }
            Field::Sign => {
                if self.sign.is_some() {
                    return Err(wrong("cannot use \"S\" twice"));
                }
                if self.has_plus || self.has_minus || self.has_brackets {
                    return Err(wrong(
                        "cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together",
                    ));
                }
                self.sign = Some(match self.has_point {
                    true => SignPlace::Behind,
                    false => SignPlace::Before,
                });
            }
            Field::Minus | Field::Plus | Field::PlusOrMinus => {
                if self.sign.is_some() {
                    let name = match field {
                        Field::Minus => "MI",
                        Field::Plus => "PL",
                        _ => "SG",
                    };
                    return Err(wrong(&format!("cannot use \"S\" and \"{name}\" together")));
                }
                self.has_minus |= field != Field::Plus;
                self.has_plus |= field != Field::Minus;
            }
            Field::Brackets => {
                if self.sign.is_some() || self.has_plus || self.has_minus {
                    return Err(wrong(
                        "cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together",
                    ));
                }
                self.has_brackets = true;
            }
            Field::Exponent => {
                if self.has_exponent {
                    return Err(wrong("cannot use \"EEEE\" twice"));
                }
                let others = self.has_blank
                    || self.is_filled
                    || self.sign.is_some()
                    || self.has_brackets
                    || self.has_minus
                    || self.has_plus
                    || self.is_roman
                    || self.has_shift;
                if others {
                    return Err(wrong("\"EEEE\" is incompatible with other formats").with_hint(
                        "\"EEEE\" may only be used together with digit and decimal point patterns.",
                    ));
                }
                self.has_exponent = true;
            }
            Field::Filled => self.is_filled = true,
            Field::Roman(_) => self.is_roman = true,
            Field::Blank => {
                self.has_blank |= self.before == 0 && self.behind == 0 && self.first_zero.is_none();
            }
            Field::Comma | Field::Currency | Field::Ordinal(_) | Field::Spelled => {}
        }
        Ok(())
    }

    fn add_digit(&mut self, is_zero: bool) -> Result<(), FunctionError> {
        if self.has_brackets {
            let name = if is_zero { "0" } else { "9" };
            return Err(wrong(&format!("\"{name}\" must be ahead of \"PR\"")));
        }
        if self.has_shift && !is_zero {
            self.shifted += 1;
            return Ok(());
        }
        if is_zero && !self.has_point && self.first_zero.is_none() {
            self.first_zero = Some(self.before);
        }
        match self.has_point {
            true => self.behind += 1,
            false => self.before += 1,
        }
        if is_zero {
            self.last_zero = self.before + self.behind;
        }
        Ok(())
    }
}

fn wrong(message: &str) -> FunctionError {
    FunctionError {
        sqlstate: "42601",
        message: message.to_owned(),
        hint: None,
    }
}
