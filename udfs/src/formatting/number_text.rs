//! Numbers as digits, rounded as a template wants them.

use super::number_template::NumberTemplate;

/// Digits that a `double precision` can be trusted with: DBL_DIG of C.
const DOUBLE_DIGITS: usize = 15;
/// And a `real`: FLT_DIG.
const SINGLE_DIGITS: usize = 6;

/// A number to be written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Number {
    /// An exact number.
    Exact(Decimal),
    Double(f64),
    Single(f32),
}

/// Digits before and behind the point, and the sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) is_negative: bool,
    /// Without zeros in front; `0` where nothing else is left.
    whole: String,
    fraction: String,
}

impl Decimal {
    /// The number of these digits, the last `scale` of which stand behind the point.
    pub(super) fn new(unscaled: &str, scale: i8) -> Self {
        let (is_negative, digits) = match unscaled.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, unscaled),
        };
        let places = usize::from(scale.unsigned_abs());
        let (whole, fraction) = if scale < 0 {
            (format!("{digits}{}", "0".repeat(places)), String::new())
        } else {
            let padded = format!("{digits:0>width$}", width = places + 1);
            let (whole, fraction) = padded.split_at(padded.len() - places);
            (whole.to_owned(), fraction.to_owned())
        };
        Self {
            is_negative,
            whole: without_leading_zeros(&whole),
            fraction,
        }
    }

    /// A hundred times the number and so on.
    pub(super) fn shifted(&self, places: usize) -> Self {
        let fraction = format!("{:0<places$}", self.fraction);
        let (moved, fraction) = fraction.split_at(places);
        Self {
            is_negative: self.is_negative,
            whole: without_leading_zeros(&format!("{}{moved}", self.whole)),
            fraction: fraction.to_owned(),
        }
    }

    /// The number with so many digits behind the point, halves away from zero.
    pub(super) fn rounded(&self, places: usize) -> Self {
        let fraction = format!("{:0<places$}", self.fraction);
        let (kept, rest) = fraction.split_at(places);
        let mut digits = format!("{}{kept}", self.whole).into_bytes();
        if rest.as_bytes().first().is_some_and(|next| *next >= b'5') {
            increment(&mut digits);
        }
        let digits = String::from_utf8(digits).unwrap_or_default();
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let is_zero = digits.bytes().all(|digit| digit == b'0');
        Self {
            is_negative: self.is_negative && !is_zero,
            whole: without_leading_zeros(whole),
            fraction: fraction.to_owned(),
        }
    }

    /// The digits with their point, without the sign.
    fn text(&self) -> String {
        match self.fraction.is_empty() {
            true => self.whole.clone(),
            false => format!("{}.{}", self.whole, self.fraction),
        }
    }

    /// `1.5e+03`, halves away from zero.
    fn scientific(&self, places: usize) -> String {
        let digits = format!("{}{}", self.whole, self.fraction);
        let zeros = digits.len() - digits.trim_start_matches('0').len();
        let significant = digits.split_at(zeros).1;
        let mut exponent = self.whole.len() as i64 - 1 - zeros as i64;
        if significant.is_empty() {
            exponent = 0;
        }
        let mut mantissa = Self {
            is_negative: self.is_negative,
            whole: significant.chars().take(1).collect(),
            fraction: significant.chars().skip(1).collect(),
        };
        if mantissa.whole.is_empty() {
            mantissa.whole.push('0');
        }
        let mut rounded = mantissa.rounded(places);
        if rounded.whole.len() > 1 {
            // 9.96 became 10.0.
            exponent += 1;
            rounded = Self {
                whole: "1".to_owned(),
                fraction: "0".repeat(places),
                ..rounded
            };
        }
        let sign = if rounded.is_negative { '-' } else { ' ' };
        format!("{sign}{}e{exponent:+03}", rounded.text())
    }
}

fn increment(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
}

fn without_leading_zeros(digits: &str) -> String {
    match digits.trim_start_matches('0') {
        "" => "0".to_owned(),
        digits => digits.to_owned(),
    }
}

/// A number as a template takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digits {
    /// Digits with their point; `#` where the template has too few places.
    pub(super) text: String,
    pub(super) is_negative: bool,
    /// How many places of the template stay blank in front.
    pub(super) blanks: usize,
    /// How many digits the template wants behind the point of this number.
    pub(super) behind: usize,
}

impl Number {
    /// The number in scientific notation, with a blank for a plus.
    pub(super) fn scientific(&self, template: &NumberTemplate) -> String {
        let places = template.behind;
        let value = match self {
            Self::Exact(decimal) => return decimal.scientific(places),
            Self::Double(value) => *value,
            Self::Single(value) => f64::from(*value),
        };
        match value.is_finite() {
            false => {
                // As wide as a number would be.
                let mut text = "#".repeat(template.before + places + 6).into_bytes();
                text[0] = b' ';
                if let Some(point) = text.get_mut(template.before + 1) {
                    *point = b'.';
                }
                String::from_utf8(text).unwrap_or_default()
            }
            true => {
                let text = format!("{:.places$e}", value.abs());
                let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                let exponent: i32 = exponent.parse().unwrap_or(0);
                let sign = if value.is_sign_negative() { '-' } else { ' ' };
                format!("{sign}{mantissa}e{exponent:+03}")
            }
        }
    }

    /// The whole number nearest to it, for a Roman numeral; none where there is none.
    pub(super) fn nearest_integer(&self) -> Option<i64> {
        let value = match self {
            Self::Exact(decimal) => {
                let rounded = decimal.rounded(0);
                let value: i64 = rounded.whole.parse().ok()?;
                return Some(if rounded.is_negative { -value } else { value });
            }
            Self::Double(value) => *value,
            Self::Single(value) => f64::from(*value),
        };
        let rounded = value.round_ties_even();
        (rounded.abs() < 1e15).then_some(rounded as i64)
    }

    /// The digits for the places of a template.
    pub(super) fn digits(&self, template: &NumberTemplate) -> Digits {
        let before = template.before + template.shifted;
        let mut behind = template.behind;
        let shift = i32::try_from(template.shifted).unwrap_or(i32::MAX);
        let (value, trusted) = match self {
            Self::Exact(_) => (0.0, 0),
            Self::Double(value) => (value * 10f64.powi(shift), DOUBLE_DIGITS),
            // The product is a `real` too.
            Self::Single(value) => (f64::from(value * 10f32.powi(shift)), SINGLE_DIGITS),
        };
        let (text, is_negative) = match self {
            Self::Exact(decimal) => {
                let rounded = decimal.shifted(template.shifted).rounded(behind);
                (rounded.text(), rounded.is_negative)
            }
            _ => {
                let whole = float(value.abs(), 0).len();
                behind = behind.min(trusted.saturating_sub(whole));
                let is_negative = value.is_sign_negative() && !value.is_nan();
                (float(value.abs(), behind), is_negative)
            }
        };
        let whole = text.find('.').unwrap_or(text.len());
        if whole <= before {
            return Digits {
                blanks: before - whole,
                text,
                is_negative,
                behind,
            };
        }
        let mut text = "#".repeat(before + behind + 1).into_bytes();
        text[before] = b'.';
        Digits {
            text: String::from_utf8(text).unwrap_or_default(),
            is_negative,
            blanks: 0,
            behind,
        }
    }
}

fn float(value: f64, places: usize) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return "Infinity".to_owned();
    }
    format!("{value:.places$}")
}
