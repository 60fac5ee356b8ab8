//! Arithmetic of paths, over decimals of up to 76 digits.

use arrow::datatypes::i256;

use super::super::number::Parts;
use super::syntax::Binary;
use crate::FunctionError;

/// Digits that a quotient has at least, as PostgreSQL's `NUMERIC_MIN_SIG_DIGITS`.
const MIN_SIGNIFICANT_DIGITS: i64 = 16;
/// Digits in a digit of PostgreSQL's numeric, of which quotients have a whole number.
const DIGIT_GROUP: i64 = 4;

/// A number: an integer over a power of ten.
#[derive(Clone, Copy, Debug)]
struct Decimal {
    units: i256,
    scale: u32,
}

fn too_long() -> FunctionError {
    FunctionError::out_of_range("a number of jsonpath arithmetic has more than 76 digits")
}

fn power_of_ten(exponent: u32) -> Result<i256, FunctionError> {
    i256::from(10).checked_pow(exponent).ok_or_else(too_long)
}

impl Decimal {
    fn of(number: &str) -> Result<Self, FunctionError> {
        let mut text = String::new();
        Parts::of(number)?.write(&mut text);
        let scale = text
            .split_once('.')
            .map_or(0, |(_, fraction)| fraction.len());
        let digits: String = text.chars().filter(|digit| *digit != '.').collect();
        Ok(Self {
            units: i256::from_string(&digits).ok_or_else(too_long)?,
            scale: u32::try_from(scale).map_err(|_| too_long())?,
        })
    }

    fn at(self, scale: u32) -> Result<i256, FunctionError> {
        let more = power_of_ten(scale.saturating_sub(self.scale))?;
        self.units.checked_mul(more).ok_or_else(too_long)
    }

    fn to_text(self) -> String {
        let text = self.units.to_string();
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text.as_str()),
        };
        let scale = usize::try_from(self.scale).unwrap_or_default();
        if scale == 0 {
            return format!("{sign}{digits}");
        }
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        format!("{sign}{whole}.{fraction}")
    }

    /// The power of ten thousand of the first digit in that base, and this digit.
    fn weight(self) -> (i64, i64) {
        let text = self.units.to_string();
        let digits = text.trim_start_matches('-');
        if digits == "0" {
            return (0, 0);
        }
        let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        let power = length - i64::from(self.scale) - 1;
        let weight = power.div_euclid(DIGIT_GROUP);
        let kept = power.rem_euclid(DIGIT_GROUP) + 1;
        let kept = usize::try_from(kept).unwrap_or_default();
        let mut first: String = digits.chars().take(kept).collect();
        while first.len() < kept {
            first.push('0');
        }
        (weight, first.parse().unwrap_or_default())
    }
}

/// What an operator makes of two numbers.
///
/// # Errors
/// 22012 for a division by zero, 22003 for numbers of too many digits.
pub(super) fn compute(operator: Binary, left: &str, right: &str) -> Result<String, FunctionError> {
    let (left, right) = (Decimal::of(left)?, Decimal::of(right)?);
    let scale = left.scale.max(right.scale);
    let is_division = matches!(operator, Binary::Divide | Binary::Modulo);
    if is_division && right.units == i256::ZERO {
        return Err(FunctionError {
            sqlstate: "22012",
            message: "division by zero".to_owned(),
            hint: None,
        });
    }
    let units = match operator {
        Binary::Add => left.at(scale)?.checked_add(right.at(scale)?),
        Binary::Subtract => left.at(scale)?.checked_sub(right.at(scale)?),
        Binary::Multiply => {
            return Ok(Decimal {
                units: left.units.checked_mul(right.units).ok_or_else(too_long)?,
                scale: left.scale + right.scale,
            }
            .to_text());
        }
        Binary::Modulo => left.at(scale)?.checked_rem(right.at(scale)?),
        _ => return quotient(left, right),
    };
    let units = units.ok_or_else(too_long)?;
    Ok(Decimal { units, scale }.to_text())
}

/// A quotient with as many digits as PostgreSQL's `select_div_scale` gives it.
fn quotient(left: Decimal, right: Decimal) -> Result<String, FunctionError> {
    let ((left_weight, left_first), (right_weight, right_first)) = (left.weight(), right.weight());
    let mut weight = left_weight - right_weight;
    if left_first <= right_first {
        weight -= 1;
    }
    let scale = (MIN_SIGNIFICANT_DIGITS - weight * DIGIT_GROUP)
        .max(i64::from(left.scale))
        .max(i64::from(right.scale))
        .max(0);
    let scale = u32::try_from(scale).map_err(|_| too_long())?;
    let units = left.at(scale.max(left.scale) + right.scale)?;
    let (whole, rest) = (
        units.checked_div(right.units).ok_or_else(too_long)?,
        units.checked_rem(right.units).ok_or_else(too_long)?,
    );
    let twice = rest.wrapping_abs().checked_mul(i256::from(2));
    let is_up = twice.ok_or_else(too_long)? >= right.units.wrapping_abs();
    let is_negative = (units < i256::ZERO) != (right.units < i256::ZERO);
    let one = i256::from(if is_negative { -1 } else { 1 });
    let units = match is_up {
        true => whole.checked_add(one).ok_or_else(too_long)?,
        false => whole,
    };
    Ok(Decimal { units, scale }.to_text())
}

/// The number with its sign turned.
pub(super) fn negated(number: &str) -> Result<String, FunctionError> {
    let mut text = String::new();
    Parts::of(number)?.write(&mut text);
    Ok(match text.strip_prefix('-') {
        Some(positive) => positive.to_owned(),
        None if text.bytes().all(|byte| matches!(byte, b'0' | b'.')) => text,
        None => format!("-{text}"),
    })
}

/// The number without its sign.
pub(super) fn absolute(number: &str) -> Result<String, FunctionError> {
    let mut text = String::new();
    Parts::of(number)?.write(&mut text);
    Ok(text.trim_start_matches('-').to_owned())
}

/// The nearest integer that is not greater, or not less.
pub(super) fn rounded(number: &str, is_up: bool) -> Result<String, FunctionError> {
    let number = Decimal::of(number)?;
    let unit = power_of_ten(number.scale)?;
    let whole = number.units.checked_div(unit).ok_or_else(too_long)?;
    let rest = number.units.checked_rem(unit).ok_or_else(too_long)?;
    let step = match is_up {
        true if rest > i256::ZERO => 1,
        false if rest < i256::ZERO => -1,
        _ => 0,
    };
    let whole = whole.checked_add(i256::from(step)).ok_or_else(too_long)?;
    Ok(whole.to_string())
}

/// The integer before the point, as the subscript of an array.
pub(super) fn truncated(number: &str) -> Option<i32> {
    let number = Decimal::of(number).ok()?;
    let whole = number.units.checked_div(power_of_ten(number.scale).ok()?)?;
    whole.to_string().parse().ok()
}
