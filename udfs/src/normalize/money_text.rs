//! Reads amounts of money as people write them.

use super::currency_table::currency;
use super::unicode::compatible;

/// Longer text is no amount.
const LONGEST: usize = 64;
/// How many decimal places an amount keeps.
pub(super) const SCALE: usize = 4;
/// The most digits before the decimal mark.
const MOST_DIGITS: usize = 30;

/// What parts the whole from the fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DecimalMark {
    /// A dot, as in English.
    Dot,
    /// A comma, as in most of Europe.
    Comma,
    /// Not known: what could be either is no amount.
    Unknown,
}

/// The amount in units of 1/10000, and the currency's code where there is one.
pub(super) fn parse(text: &str, mark: DecimalMark) -> Option<(i128, Option<&'static str>)> {
    if text.len() > LONGEST {
        return None;
    }
    let text = compatible(text);
    let text = text.trim();
    // Accountants write what is negative in parentheses.
    let (text, in_parentheses) = match text.strip_prefix('(') {
        Some(rest) => (rest.strip_suffix(')')?.trim(), true),
        None => (text, false),
    };
    let start = text.bytes().position(|byte| byte.is_ascii_digit())?;
    let end = text.bytes().rposition(|byte| byte.is_ascii_digit())? + 1;
    // A fraction may have no whole before it.
    let start = match text[..start].strip_suffix(['.', ',']) {
        Some(before) => before.len(),
        None => start,
    };
    // `5.-` and `5,--` are whole amounts.
    let behind = &text[end..];
    let behind = behind
        .strip_prefix(['.', ','])
        .map_or(behind, |rest| rest.trim_start_matches(['-', '–', '—']));
    let (before, is_negative_before) = without_sign(&text[..start]);
    let (after, is_negative_after) = without_sign(behind);
    let currency = match (before, after) {
        ("", "") => None,
        (sign, "") | ("", sign) => Some(currency(sign)?),
        // $ 5 USD.
        (sign, other) => {
            let code = currency(other)?;
            (currency(sign) == Some(code) || sign == "$").then_some(code)?;
            Some(code)
        }
    };
    let signs = [in_parentheses, is_negative_before, is_negative_after];
    let is_negative = match signs.iter().filter(|sign| **sign).count() {
        0 => false,
        1 => true,
        _ => return None,
    };
    let amount = amount(&text[start..end], mark)?;
    Some((if is_negative { -amount } else { amount }, currency))
}

/// What stands before or behind a number, without the sign of a negative one.
pub(crate) fn without_sign(text: &str) -> (&str, bool) {
    const MINUS: [char; 2] = ['-', '\u{2212}'];
    if text.is_empty() {
        return ("", false);
    }
    let text = text.trim();
    let stripped = text
        .strip_prefix(MINUS)
        .or_else(|| text.strip_suffix(MINUS));
    match stripped {
        Some(rest) => (rest.trim(), true),
        None => (text.trim_matches('+').trim(), false),
    }
}

fn amount(text: &str, mark: DecimalMark) -> Option<i128> {
    let (whole, fraction) = match decimal_mark(text, mark)? {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, ""),
    };
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    if !is_grouped(whole) || !fraction.bytes().all(|byte| is_digit(&byte)) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let digits = || whole.bytes().filter(is_digit);
    if fraction.len() > SCALE || whole.len() > MOST_DIGITS && digits().count() > MOST_DIGITS {
        return None;
    }
    let digits = digits().chain(fraction.bytes()).map(|digit| digit - b'0');
    let units = if text.len() <= DIGITS_OF_64_BITS {
        let units = digits.fold(0, |units, digit| units * 10 + u64::from(digit));
        i128::from(units)
    } else {
        digits.fold(0, |units, digit| units * 10 + i128::from(digit))
    };
    Some(units * UNITS[SCALE - fraction.len()])
}

/// How many units of an amount one unit is that is written so many decimal places shorter.
const UNITS: [i128; SCALE + 1] = [1, 10, 100, 1_000, 10_000];

/// How many digits fit a word, whatever they are.
const DIGITS_OF_64_BITS: usize = 19;

/// Whether digits stand alone, or in groups between separators that are the same: groups of three,
/// in India of two, but for the last.
pub(crate) fn is_grouped(whole: &str) -> bool {
    let separates = |character: char| {
        matches!(character, '.' | ',' | '\'' | '\u{2019}' | '_') || character.is_whitespace()
    };
    let mut separator = None;
    let mut length = 0;
    // The length of the first group, and whether all between that and the last are of three or two.
    let mut first = None;
    let (mut threes, mut twos) = (true, true);
    for character in whole.chars() {
        if character.is_ascii_digit() {
            length += 1;
            continue;
        }
        if !separates(character) || separator.is_some_and(|known| known != character) {
            return false;
        }
        separator = Some(character);
        if first.is_some() {
            threes &= length == 3;
            twos &= length == 2;
        }
        first = first.or(Some(length));
        length = 0;
    }
    first.is_none_or(|first| {
        length == 3 && (1..=3).contains(&first) && (threes || twos && first <= 2)
    })
}

/// Where the decimal mark is; `None` within where there is none.
fn decimal_mark(text: &str, mark: DecimalMark) -> Option<Option<usize>> {
    let (mut dots, mut commas) = (0, 0);
    let mut last = None;
    for (at, byte) in text.bytes().enumerate() {
        dots += usize::from(byte == b'.');
        commas += usize::from(byte == b',');
        if matches!(byte, b'.' | b',') {
            last = Some((at, byte));
        }
    }
    let only = |mark: u8, count: usize| match (count, last) {
        (0, _) => Some(None),
        // Behind all of the other kind.
        (1, Some((at, byte))) if byte == mark => Some(Some(at)),
        _ => None,
    };
    match (mark, last) {
        (_, None) => Some(None),
        (DecimalMark::Dot, _) => only(b'.', dots),
        (DecimalMark::Comma, _) => only(b',', commas),
        (DecimalMark::Unknown, Some((at, byte))) => match (dots, commas) {
            (2.., 0) | (0, 2..) => Some(None),
            // Of two kinds, the last one.
            (1.., 1..) if byte == b'.' => only(byte, dots),
            (1.., 1..) => only(byte, commas),
            _ => {
                let (whole, fraction) = (&text[..at], &text[at + 1..]);
                let could_group = fraction.len() == 3
                    && (1..=3).contains(&whole.len())
                    && !whole.starts_with('0')
                    && whole.bytes().all(|byte| byte.is_ascii_digit());
                (!could_group).then_some(Some(at))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_people_write_them() {
        let cases = [
            ("1234.5", Some((12_345_000, None))),
            ("$1,234.56", Some((12_345_600, Some("USD")))),
            ("1.234,56 €", Some((12_345_600, Some("EUR")))),
            ("EUR 1 234,56", Some((12_345_600, Some("EUR")))),
            ("CHF 1'234.50", Some((12_345_000, Some("CHF")))),
            ("₹12,34,567.89", Some((12_345_678_900, Some("INR")))),
            ("(5.00)", Some((-50_000, None))),
            ("-£5", Some((-50_000, Some("GBP")))),
            ("£-5", Some((-50_000, Some("GBP")))),
            ("5-", Some((-50_000, None))),
            ("5,- €", Some((50_000, Some("EUR")))),
            ("$ 5 USD", Some((50_000, Some("USD")))),
            (".5", Some((5_000, None))),
            ("0.125", Some((1_250, None))),
            ("1,234,567", Some((12_345_670_000, None))),
            // A thousand or one and a bit.
            ("1,234", None),
            ("1.234", None),
            ("1,23,4", None),
            ("123,45,678", None),
            ("1.2.3,4", None),
            ("5 kr", None),
            ("-(5)", None),
            ("1.23456", None),
            ("5 apples", None),
            ("", None),
            ("€", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text, DecimalMark::Unknown), expected, "{text}");
        }
        assert_eq!(parse("1.234", DecimalMark::Comma), Some((12_340_000, None)));
        assert_eq!(parse("1.234", DecimalMark::Dot), Some((12_340, None)));
        assert_eq!(parse("1,5", DecimalMark::Dot), None);
    }
}
