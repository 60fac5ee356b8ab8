//! `numeric` parameters.

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION, i256};
use datafusion::scalar::ScalarValue;

use super::{invalid_binary, invalid_text, out_of_range};
use crate::error::{Error, Result};
use crate::wire::reader::BodyReader;

const NEGATIVE: i16 = 0x4000;
/// Decimal digits in one digit of the base 10,000.
const GROUP: usize = 4;
/// No exponent beyond this can give a decimal that Arrow holds.
const MAX_EXPONENT: i32 = 1_000;

/// Reads `[+-]digits[.digits][e[+-]digits]`.
pub(super) fn from_text(text: &str) -> Result<ScalarValue> {
    let trimmed = text.trim();
    let invalid = || invalid_text("numeric", text);
    if [
        "nan",
        "infinity",
        "-infinity",
        "+infinity",
        "inf",
        "-inf",
        "+inf",
    ]
    .contains(&trimmed.to_ascii_lowercase().as_str())
    {
        return Err(Error::unsupported(format!("the numeric value {trimmed}")));
    }
    let (negative, unsigned) = match trimmed.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (
            &unsigned[..at],
            unsigned[at + 1..].parse().map_err(|_| invalid())?,
        ),
        None => (unsigned, 0_i32),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [whole, fraction].concat();
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(invalid());
    }
    if exponent.abs() > MAX_EXPONENT {
        return Err(out_of_range("numeric", text));
    }
    let scale = i64::try_from(fraction.len()).map_err(|_| invalid())? - i64::from(exponent);
    decimal(negative, digits, scale, text)
}

/// Reads what numeric_send writes.
pub(super) fn from_binary(body: &mut BodyReader) -> Result<ScalarValue> {
    let group_count = body.count()?;
    let weight = i64::from(body.int16()?);
    let sign = body.int16()?;
    let scale = usize::try_from(body.int16()?).map_err(|_| invalid_binary())?;
    if sign != 0 && sign != NEGATIVE {
        return Err(Error::unsupported("a numeric value that is no number"));
    }
    let mut digits = String::new();
    for _ in 0..group_count {
        let group = u16::try_from(body.int16()?).map_err(|_| invalid_binary())?;
        if group > 9_999 {
            return Err(invalid_binary());
        }
        digits.push_str(&format!("{group:0GROUP$}"));
    }
    let group_scale = (i64::from(group_count as u32) - 1 - weight) * GROUP as i64;
    // The digits sent may be more or fewer than the scale that is shown.
    let wanted = scale as i64;
    if group_count == 0 {
        return decimal(false, "0".to_owned(), wanted, "0");
    }
    let shown = digits.clone();
    if group_scale < wanted {
        let zeros = usize::try_from(wanted - group_scale).map_err(|_| invalid_binary())?;
        digits.extend(std::iter::repeat_n('0', zeros));
        return decimal(sign == NEGATIVE, digits, wanted, &shown);
    }
    let surplus = usize::try_from(group_scale - wanted).map_err(|_| invalid_binary())?;
    let kept = digits.len().saturating_sub(surplus);
    if digits.as_bytes()[kept..].iter().all(|digit| *digit == b'0') {
        digits.truncate(kept);
        return decimal(sign == NEGATIVE, digits, wanted, &shown);
    }
    decimal(sign == NEGATIVE, digits, group_scale, &shown)
}

/// The smallest decimal type that holds `digits` / 10^`scale`.
fn decimal(negative: bool, mut digits: String, mut scale: i64, text: &str) -> Result<ScalarValue> {
    if scale < 0 {
        let zeros = usize::try_from(-scale).map_err(|_| out_of_range("numeric", text))?;
        digits.extend(std::iter::repeat_n('0', zeros));
        scale = 0;
    }
    let significant = digits.trim_start_matches('0');
    let precision = significant
        .len()
        .max(usize::try_from(scale).unwrap_or(0))
        .max(1);
    let significant = if significant.is_empty() {
        "0"
    } else {
        significant
    };
    let signed = if negative {
        format!("-{significant}")
    } else {
        significant.to_owned()
    };
    let too_large = || out_of_range("numeric", text);
    let precision = u8::try_from(precision).map_err(|_| too_large())?;
    let scale = i8::try_from(scale).map_err(|_| too_large())?;
    if precision <= DECIMAL128_MAX_PRECISION {
        let value: i128 = signed.parse().map_err(|_| too_large())?;
        Ok(ScalarValue::Decimal128(
            Some(value),
            DECIMAL128_MAX_PRECISION,
            scale,
        ))
    } else if precision <= DECIMAL256_MAX_PRECISION {
        let value = i256::from_string(&signed).ok_or_else(too_large)?;
        Ok(ScalarValue::Decimal256(
            Some(value),
            DECIMAL256_MAX_PRECISION,
            scale,
        ))
    } else {
        Err(too_large())
    }
}
