//! Numbers and moments as text.

use std::borrow::Cow;
use std::fmt::LowerExp;

/// PostgreSQL writes an exponent from this many digits on: FLT_DIG of C.
pub(super) const SINGLE_DIGITS: i32 = 6;
/// The same for `double precision`: DBL_DIG of C.
pub(super) const DOUBLE_DIGITS: i32 = 15;
/// And below this exponent.
const LEAST_PLAIN_EXPONENT: i32 = -4;

/// How many digits floats are written with: PostgreSQL's `extra_float_digits`.
#[derive(Clone, Copy, Debug, Default)]
pub struct FloatDigits {
    /// Added to those that any float of the type has. Where that is none, as many are written as tell
    /// the number from its neighbours.
    extra: Option<i32>,
}

impl FloatDigits {
    /// Those that the setting says.
    pub fn new(setting: &str) -> Self {
        let extra = setting.parse().ok().filter(|extra| *extra <= 0);
        Self { extra }
    }

    /// How many digits a float of a type is written with of which any float has so many; none for as
    /// many as it takes.
    pub fn of(self, sure: i32) -> Option<usize> {
        let digits = sure + self.extra?;
        Some(usize::try_from(digits).unwrap_or(0).max(1))
    }

    pub(super) fn float(self, value: impl LowerExp, sure: i32) -> String {
        match self.of(sure) {
            None => float(value, sure),
            Some(digits) => {
                let rounded = format!("{value:.*e}", digits - 1);
                shown(&rounded, i32::try_from(digits).unwrap_or(sure))
            }
        }
    }
}

/// A float's shortest text that reads back as the same number, as PostgreSQL writes it.
pub(super) fn float(value: impl LowerExp, plain_digits: i32) -> String {
    // Rust writes the shortest digits that tell the number from its neighbours, as `d.dde-x`.
    shown(&format!("{value:e}"), plain_digits)
}

/// A float as PostgreSQL writes it, out of its digits and its exponent.
fn shown(written: &str, plain_digits: i32) -> String {
    let (sign, digits) = match written.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", written),
    };
    match digits {
        "NaN" => return "NaN".to_owned(),
        "inf" => return format!("{sign}Infinity"),
        _ => {}
    }
    let (mantissa, exponent) = digits.split_once('e').unwrap_or((digits, "0"));
    let mantissa = match mantissa.contains('.') {
        true => mantissa.trim_end_matches('0').trim_end_matches('.'),
        false => mantissa,
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let all: String = mantissa
        .chars()
        .filter(|character| *character != '.')
        .collect();
    if !(LEAST_PLAIN_EXPONENT..plain_digits).contains(&exponent) {
        let direction = if exponent < 0 { '-' } else { '+' };
        let exponent = exponent.unsigned_abs();
        return format!("{sign}{mantissa}e{direction}{exponent:02}");
    }
    match usize::try_from(exponent) {
        Err(_) => {
            let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
            format!("{sign}0.{zeros}{all}")
        }
        Ok(whole) if whole + 1 >= all.len() => {
            let zeros = "0".repeat(whole + 1 - all.len());
            format!("{sign}{all}{zeros}")
        }
        Ok(whole) => {
            let (integer, fraction) = all.split_at(whole + 1);
            format!("{sign}{integer}.{fraction}")
        }
    }
}

/// The text of a `double precision`.
pub(crate) fn double_precision(value: f64) -> String {
    float(value, DOUBLE_DIGITS)
}

/// Arrow's text of a timestamp, as PostgreSQL writes it in UTC: a blank before the time, no zeros
/// at the end of the fraction, `+00` for the zone. `offset` follows a local time.
pub(super) fn timestamp(arrow: &str, offset: &str) -> String {
    let (text, zone) = match arrow.strip_suffix('Z') {
        Some(text) => (text, "+00"),
        None => (arrow, ""),
    };
    let (text, era) = with_era(text);
    let text = text.replacen('T', " ", 1);
    let text = match text.split_once('.') {
        Some((whole, fraction)) => match fraction.trim_end_matches('0') {
            "" => whole.to_owned(),
            fraction => format!("{whole}.{fraction}"),
        },
        None => text,
    };
    format!("{text}{zone}{offset}{era}")
}

/// Arrow's text of a date, as PostgreSQL writes it.
pub(super) fn date(arrow: &str) -> String {
    let (text, era) = with_era(arrow);
    format!("{text}{era}")
}

/// A text that begins with a year: Arrow counts from a year 0, writes the years before it with a sign, and
/// one of more than four digits too; PostgreSQL has a first year before Christ, and no signs.
fn with_era(arrow: &str) -> (Cow<'_, str>, &'static str) {
    if let Some(unsigned) = arrow.strip_prefix('+') {
        return (Cow::Borrowed(unsigned), "");
    }
    let digits = arrow.strip_prefix('-');
    let is_before = digits.is_some() || arrow.starts_with("0000-");
    let parts = digits.unwrap_or(arrow).split_once('-');
    match parts.and_then(|(year, rest)| Some((year.parse::<u32>().ok()?, rest))) {
        Some((year, rest)) if is_before => (Cow::Owned(format!("{:04}-{rest}", year + 1)), " BC"),
        _ => (Cow::Borrowed(arrow), ""),
    }
}
