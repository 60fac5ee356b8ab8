//! Reads quantities as people write them: with separators, currencies and units.

use serde::{Deserialize, Serialize};

use crate::normalize::currency_table::currency;
use crate::normalize::money_text::{is_grouped, without_sign};

/// Longer text is no quantity.
const LONGEST: usize = 48;
/// What is longer is no unit and no currency, which need not be looked up.
const LONGEST_UNIT: usize = 12;

/// Identity cards and telephones have as many digits, in groups of three.
const DIGITS_OF_CODES: usize = 7;

/// Units of one dimension are converted into each other; the dimension itself does not matter, since a
/// column has one.
#[rustfmt::skip]
const UNITS: [(&str, f64); 74] = [
    ("mg", 0.001), ("g", 1.0), ("gr", 1.0), ("kg", 1000.0), ("kgs", 1000.0), ("t", 1e6),
    ("oz", 28.349_523), ("lb", 453.592_37), ("lbs", 453.592_37), ("pounds", 453.592_37),
    ("mm", 1.0), ("cm", 10.0), ("m", 1000.0), ("km", 1e6), ("\"", 25.4), ("″", 25.4), ("”", 25.4),
    ("''", 25.4), ("in", 25.4), ("inch", 25.4), ("inches", 25.4), ("ft", 304.8), ("mi", 1_609_344.0),
    ("miles", 1_609_344.0), ("ml", 1.0), ("cl", 10.0), ("dl", 100.0), ("l", 1000.0),
    ("liter", 1000.0), ("litre", 1000.0), ("kb", 1e3), ("mb", 1e6), ("gb", 1e9), ("tb", 1e12),
    ("hz", 1.0), ("khz", 1e3), ("mhz", 1e6), ("ghz", 1e9), ("ms", 0.001), ("s", 1.0), ("sec", 1.0),
    ("secs", 1.0), ("min", 60.0), ("mins", 60.0), ("minutes", 60.0), ("h", 3600.0), ("hr", 3600.0),
    ("hrs", 3600.0), ("hours", 3600.0), ("day", 86_400.0), ("days", 86_400.0),
    ("week", 604_800.0), ("weeks", 604_800.0), ("month", 2_629_746.0), ("months", 2_629_746.0),
    ("year", 31_556_952.0), ("years", 31_556_952.0), ("w", 1.0), ("kw", 1e3), ("v", 1.0),
    ("mah", 1.0), ("wh", 1.0), ("kwh", 1e3), ("%", 1.0), ("°", 1.0), ("°c", 1.0), ("°f", 1.0), ("k", 1e3), ("mio", 1e6),
    ("mio.", 1e6), ("million", 1e6), ("bn", 1e9), ("mrd", 1e9), ("mrd.", 1e9),
];

/// What parts the whole from the fraction in a column.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DecimalMark {
    #[default]
    Dot,
    Comma,
}

/// A quantity that was read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quantity {
    pub(super) value: f64,
    pub(super) has_fraction: bool,
    /// It has a currency, a unit, or separators as only quantities have.
    pub(super) is_marked: bool,
    /// It is grouped as telephone numbers and those of identity cards are, too.
    pub(super) may_be_code: bool,
}

impl DecimalMark {
    /// As most of these values show it.
    pub(super) fn of(values: &[&str]) -> Self {
        let (mut dots, mut commas) = (0_usize, 0_usize);
        // What could be either, and whole numbers that are too small to have groups.
        let (mut open_dots, mut open_commas, mut small) = (0_usize, 0_usize, 0_usize);
        let parts = values.iter().filter_map(|value| Parts::of(value.trim()));
        for Parts { number, .. } in parts {
            let count = |mark: char| number.matches(mark).count();
            let could_group = number.split_once(['.', ',']).is_some_and(|(whole, rest)| {
                rest.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0')
            });
            let shown = match (count('.'), count(',')) {
                (0, 0) => {
                    small += usize::from(number.len() <= 3);
                    continue;
                }
                (1, 0) if could_group => {
                    open_dots += 1;
                    continue;
                }
                (0, 1) if could_group => {
                    open_commas += 1;
                    continue;
                }
                (1, 0) | (0, 2..) => '.',
                (0, 1) | (2.., 0) => ',',
                _ if number.rfind('.') > number.rfind(',') => '.',
                _ => ',',
            };
            // Dates and versions have dots, too.
            if Number::read(number, shown).is_some() {
                dots += usize::from(shown == '.');
                commas += usize::from(shown == ',');
            }
        }
        // Fractions of three digits throughout would have no whole numbers beside them.
        let are_groups = dots + commas == 0 && open_dots > open_commas.max(2) && small > 0;
        match commas > dots || are_groups {
            true => Self::Comma,
            false => Self::Dot,
        }
    }

    /// A quantity of a column that has this mark.
    pub(super) fn read(self, text: &str) -> Option<Quantity> {
        let text = text.trim();
        let plain = text.parse::<f64>().ok().filter(|value| value.is_finite());
        let plain = plain.map(|value| Quantity {
            value,
            has_fraction: text.contains('.'),
            is_marked: false,
            may_be_code: false,
        });
        if let (Self::Dot, Some(plain)) = (self, plain) {
            return Some(plain);
        }
        let (mark, other) = match self {
            Self::Dot => ('.', ','),
            Self::Comma => (',', '.'),
        };
        let written = Parts::of(text).and_then(|parts| {
            let number = Number::read(parts.number, mark);
            let number = number.or_else(|| Number::read(parts.number, other))?;
            let is_measured = parts.unit.is_some();
            let is_grouped = number.separator.is_some();
            let is_ambiguous = |separator: char| separator == '.' || separator.is_whitespace();
            let may_be_code = number.separator.is_some_and(is_ambiguous)
                && !number.has_fraction
                && !is_measured
                && number.digits >= DIGITS_OF_CODES;
            Some(Quantity {
                value: number.value * parts.sign * parts.unit.unwrap_or(1.0),
                has_fraction: number.has_fraction,
                is_marked: is_measured || is_grouped && !may_be_code,
                may_be_code,
            })
        });
        written.or(plain).or_else(|| clock(text))
    }
}

/// A quantity, taken apart.
#[derive(Clone, Copy, Debug)]
struct Parts<'a> {
    /// From the first digit to the last.
    number: &'a str,
    sign: f64,
    /// What one of its unit is, where it has one, or a currency.
    unit: Option<f64>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
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
        if start > LONGEST_UNIT || behind.len() > LONGEST_UNIT {
            return None;
        }
        let (before, is_negative_before) = without_sign(&text[..start]);
        let (after, is_negative_after) = without_sign(behind);
        let is_negative = in_parentheses || is_negative_before || is_negative_after;
        let has_currency = !before.is_empty();
        if has_currency {
            currency(before)?;
        }
        Some(Self {
            number: &text[start..end],
            sign: if is_negative { -1.0 } else { 1.0 },
            unit: match after {
                "" if has_currency => Some(1.0),
                "" => None,
                after => Some(unit(after)?),
            },
        })
    }
}

/// What one of this unit is: `kg`, `EUR`, `Mio. €`.
fn unit(text: &str) -> Option<f64> {
    let known = |text: &str| {
        // Small ones are metres.
        if text == "M" {
            return Some(1e6);
        }
        let small = text.to_lowercase();
        let unit = UNITS.iter().find(|(unit, _)| *unit == small);
        let unit = unit.map(|(_, size)| *size);
        unit.or_else(|| currency(text).map(|_| 1.0))
    };
    known(text).or_else(|| {
        let mut words = text.split_whitespace();
        words.try_fold(1.0, |size, word| Some(size * known(word)?))
    })
}

/// What stands from the first digit to the last.
#[derive(Clone, Copy, Debug)]
struct Number {
    value: f64,
    digits: usize,
    has_fraction: bool,
    /// What groups its digits.
    separator: Option<char>,
}

impl Number {
    fn read(text: &str, mark: char) -> Option<Self> {
        let (whole, fraction) = match text.split_once(mark) {
            Some((_, rest)) if rest.contains(mark) => return None,
            Some(parts) => parts,
            None => (text, ""),
        };
        if !fraction.bytes().all(|byte| byte.is_ascii_digit()) || !is_grouped(whole) {
            return None;
        }
        let is_digit = |letter: &char| letter.is_ascii_digit();
        let digits: String = whole.chars().filter(is_digit).collect();
        Some(Self {
            value: format!("{digits}.{fraction}").parse().ok()?,
            digits: digits.len() + fraction.len(),
            has_fraction: text.contains(mark),
            separator: whole.chars().find(|letter| !is_digit(letter)),
        })
    }
}

/// How long something takes, or a time of day: `3:45`, `1:02:03`.
fn clock(text: &str) -> Option<Quantity> {
    let mut value = 0.0;
    let mut parts = 0;
    for (at, part) in text.split(':').enumerate() {
        let has_length = match at {
            0 => (1..=3).contains(&part.len()),
            _ => part.len() == 2,
        };
        if !has_length || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number: f64 = part.parse().ok()?;
        if at > 0 && number >= 60.0 {
            return None;
        }
        value = value * 60.0 + number;
        parts = at + 1;
    }
    matches!(parts, 2 | 3).then_some(Quantity {
        value,
        has_fraction: false,
        is_marked: true,
        may_be_code: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(mark: DecimalMark, text: &str) -> Option<f64> {
        mark.read(text).map(|quantity| quantity.value)
    }

    #[test]
    fn quantities_as_people_write_them() {
        use DecimalMark::{Comma, Dot};
        let cases = [
            (Dot, "1234.5", 1234.5),
            (Dot, "1e3", 1000.0),
            (Dot, "-12,345.67", -12345.67),
            (Dot, "$1,299.00", 1299.0),
            (Dot, "1.234", 1.234),
            (Dot, "1,234", 1234.0),
            (Dot, "833'462.82", 833_462.82),
            (Dot, "(133.83)", -133.83),
            (Dot, "12.3M", 12_300_000.0),
            (Dot, "20\"", 508.0),
            (Dot, "0.5 kg", 500.0),
            (Dot, "500 G", 500.0),
            (Dot, "16 GB", 16e9),
            (Dot, ".5", 0.5),
            (Dot, "5 m", 5000.0),
            (Dot, "90 days", 7_776_000.0),
            (Dot, "3:45", 225.0),
            (Dot, "1:02:03", 3723.0),
            (Comma, "1.234,56", 1234.56),
            (Comma, "1.234", 1234.0),
            (Comma, "1234,5", 1234.5),
            (Comma, "€ 61.611,-", 61611.0),
            (Comma, "338.240,00 EUR", 338_240.0),
            (Comma, "7\u{202f}412,03 €", 7412.03),
            (Comma, "9\u{a0}995,28", 9995.28),
            (Comma, "1 234,56", 1234.56),
            (Comma, "-4,0 %", -4.0),
            (Comma, "1,2 Mio. €", 1_200_000.0),
            // Numbers that a program wrote.
            (Comma, "1234.5", 1234.5),
            (Comma, "1.5e3", 1500.0),
        ];
        for (mark, text, expected) in cases {
            assert_eq!(value(mark, text), Some(expected), "{text}");
        }
        let none = [
            "",
            "-",
            "abc",
            "12 a",
            "1,2,3",
            "1.2.3",
            "12-13",
            "10 x 20 cm",
            "5'11\"",
            "no. 5",
            "3:75",
            "9:00-22:30",
            "1:2",
            "inf",
            "NaN",
            "(5",
            "A12",
            "12 34",
        ];
        for text in none {
            assert_eq!(value(Dot, text), None, "{text}");
        }
        let long = "1".repeat(1000) + ",5";
        assert_eq!(value(Comma, &long), None);
    }

    #[test]
    fn what_may_be_a_code_is_told() {
        for text in ["600 123 456", "600.123.456", "12.345.678"] {
            let quantity = DecimalMark::Comma.read(text).unwrap();
            assert!(quantity.may_be_code && !quantity.is_marked, "{text}");
        }
        for text in ["12.345.678,00", "12.345.678 €", "12,345,678", "12.345"] {
            assert!(
                !DecimalMark::of(&[text]).read(text).unwrap().may_be_code,
                "{text}"
            );
        }
    }

    #[test]
    fn the_decimal_mark_is_what_most_values_show() {
        let cases: [(&[&str], DecimalMark); 9] = [
            (&["1.234,56", "12", "999,00 €"], DecimalMark::Comma),
            (&["1.234", "0,5"], DecimalMark::Comma),
            (&["1.234.567", "12"], DecimalMark::Comma),
            (&["1,234.56", "12"], DecimalMark::Dot),
            (&["1,234", "0.5"], DecimalMark::Dot),
            (&["1,234", "12,345"], DecimalMark::Dot),
            // Thousands, beside numbers that have none; fractions of three digits.
            (&["1.234", "17.500", "2.100", "900"], DecimalMark::Comma),
            (&["1.234", "17.500", "2.100"], DecimalMark::Dot),
            (
                &["24.12.2020", "1.2.3", "52.5, 13.4", "0.5"],
                DecimalMark::Dot,
            ),
        ];
        for (values, mark) in cases {
            assert_eq!(DecimalMark::of(values), mark, "{values:?}");
        }
        assert_eq!(DecimalMark::of(&[]), DecimalMark::Dot);
    }
}
