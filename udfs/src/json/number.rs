//! Numbers of `jsonb`: written as PostgreSQL's `numeric` is, with all their digits.

use std::borrow::Cow;

use crate::FunctionError;

/// Digits before and behind the point that a `numeric` may have.
const MAX_INTEGER_DIGITS: usize = 131_072;
const MAX_FRACTION_DIGITS: usize = 16_383;

/// A number in parts: its digits, and how many of them stand before the point.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    pub(super) is_negative: bool,
    /// Without zeros in front; empty for zero.
    pub(super) digits: Cow<'a, str>,
    /// How many of the digits are before the point; negative where zeros come between.
    pub(super) point: i64,
    /// Digits shown behind the point.
    scale: i64,
}

impl<'a> Parts<'a> {
    /// Reads a number of JSON.
    pub(super) fn of(text: &'a str) -> Result<Self, FunctionError> {
        let (is_negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
            Some(place) => {
                let exponent = unsigned.get(place + 1..).unwrap_or_default();
                let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
                let exponent: i64 = exponent.parse().map_err(|_| overflow())?;
                (unsigned.get(..place).unwrap_or_default(), exponent)
            }
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = match fraction {
            "" => Cow::Borrowed(whole),
            _ => Cow::Owned(format!("{whole}{fraction}")),
        };
        let zeros = all.bytes().take_while(|byte| *byte == b'0').count();
        let length = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
        let point = length(whole)
            .saturating_add(exponent)
            .saturating_sub(i64::try_from(zeros).unwrap_or_default());
        let scale = length(fraction).saturating_sub(exponent).max(0);
        let digits = match all {
            Cow::Borrowed(all) => Cow::Borrowed(all.get(zeros..).unwrap_or_default()),
            Cow::Owned(all) => Cow::Owned(all.get(zeros..).unwrap_or_default().to_owned()),
        };
        let is_zero = digits.is_empty();
        let most = i64::try_from(MAX_INTEGER_DIGITS).unwrap_or(i64::MAX);
        let finest = i64::try_from(MAX_FRACTION_DIGITS).unwrap_or(i64::MAX);
        if !is_zero && point > most || scale > finest {
            return Err(overflow());
        }
        Ok(Self {
            is_negative: is_negative && !is_zero,
            point: if is_zero { 0 } else { point },
            digits,
            scale,
        })
    }

    /// Writes the number as a `numeric` is shown.
    pub(super) fn write(&self, out: &mut String) {
        if self.is_negative {
            out.push('-');
        }
        let digits = self.digits.as_bytes();
        let digit = |place: i64| {
            let found = usize::try_from(place)
                .ok()
                .and_then(|place| digits.get(place));
            char::from(*found.unwrap_or(&b'0'))
        };
        if self.point <= 0 {
            out.push('0');
        } else {
            out.extend((0..self.point).map(digit));
        }
        if self.scale > 0 {
            out.push('.');
            out.extend((0..self.scale).map(|behind| digit(self.point + behind)));
        }
    }
}

fn overflow() -> FunctionError {
    FunctionError::out_of_range("value overflows numeric format")
}

/// Appends a number of JSON as `jsonb` shows it.
pub(super) fn write(text: &str, out: &mut String) -> Result<(), FunctionError> {
    if is_canonical(text) {
        out.push_str(text);
        return Ok(());
    }
    Parts::of(text)?.write(out);
    Ok(())
}

/// Whether a number is shown as it is written: not zero with a sign, and without exponent.
fn is_canonical(text: &str) -> bool {
    text.len() <= MAX_FRACTION_DIGITS
        && !text.bytes().any(|byte| matches!(byte, b'e' | b'E'))
        && !text.starts_with("-0")
}
