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
    let compatible_text;
    let text = match text.is_ascii() {
        true => text,
        false => {
            compatible_text = compatible(text);
            &compatible_text
        }
    };
    let text = text.trim();
    // Accountants write what is negative in parentheses.
    let (text, in_parentheses) = match text.strip_prefix('(') {
        Some(rest) => (rest.strip_suffix(')')?.trim(), true),
        None => (text, false),
    };
    let is_digit = |character: char| character.is_ascii_digit();
    let start = text.find(is_digit)?;
    let end = text.rfind(is_digit)? + 1;
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
fn without_sign(text: &str) -> (&str, bool) {
    const MINUS: [char; 2] = ['-', '\u{2212}'];
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
    let is_blank =
        |character: char| character.is_whitespace() || matches!(character, '\'' | '\u{2019}' | '_');
    let known = |character: char| {
        character.is_ascii_digit() || matches!(character, '.' | ',') || is_blank(character)
    };
    if !text.chars().all(known) {
        return None;
    }
    let decimal = decimal_mark(text, mark)?;
    let (whole, fraction) = match decimal {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, ""),
    };
    let is_digit = |byte: u8| byte.is_ascii_digit();
    if !whole.bytes().all(is_digit) && !is_grouped(whole) || !fraction.bytes().all(is_digit) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > SCALE || whole.bytes().filter(|byte| is_digit(*byte)).count() > MOST_DIGITS
    {
        return None;
    }
    let digits = whole.bytes().chain(fraction.bytes());
    let units = digits
        .filter(|byte| is_digit(*byte))
        .fold(0_i128, |units, digit| units * 10 + i128::from(digit - b'0'));
    let missing = SCALE - fraction.len();
    Some(units * 10_i128.pow(missing as u32))
}

/// Whether groups of digits stand between separators that are the same.
fn is_grouped(whole: &str) -> bool {
    let mut separators = whole
        .chars()
        .filter(|character| !character.is_ascii_digit());
    let first = separators.next();
    if separators.any(|separator| Some(separator) != first) {
        return false;
    }
    let groups: Vec<&str> = whole
        .split(|character: char| !character.is_ascii_digit())
        .collect();
    are_groups(&groups)
}

/// Where the decimal mark is; `None` within where there is none.
fn decimal_mark(text: &str, mark: DecimalMark) -> Option<Option<usize>> {
    let count = |mark: char| text.matches(mark).count();
    let (dots, commas) = (count('.'), count(','));
    let last = text.rfind(['.', ',']);
    let only = |mark: char| match text.matches(mark).count() {
        0 => Some(None),
        1 if last == text.find(mark) => Some(text.find(mark)),
        _ => None,
    };
    match mark {
        DecimalMark::Dot => only('.'),
        DecimalMark::Comma => only(','),
        DecimalMark::Unknown => match (dots, commas, last) {
            (0, 0, _) | (2.., 0, _) | (0, 2.., _) => Some(None),
            // Of two kinds, the last one.
            (1.., 1.., Some(at)) => only(char::from(*text.as_bytes().get(at)?)),
            (_, _, Some(at)) => {
                let (whole, fraction) = (&text[..at], &text[at + 1..]);
                let could_group = fraction.len() == 3
                    && (1..=3).contains(&whole.len())
                    && !whole.starts_with('0')
                    && whole.bytes().all(|byte| byte.is_ascii_digit());
                (!could_group).then_some(Some(at))
            }
            (_, _, None) => None,
        },
    }
}

/// Groups of three digits; in India of two, but for the last.
fn are_groups(groups: &[&str]) -> bool {
    let [first, rest @ ..] = groups else {
        return true;
    };
    let Some((last, middle)) = rest.split_last() else {
        return true;
    };
    last.len() == 3
        && (1..=3).contains(&first.len())
        && (middle.iter().all(|group| group.len() == 3)
            || first.len() <= 2 && middle.iter().all(|group| group.len() == 2))
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
