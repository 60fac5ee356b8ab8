//! Roman numerals.

/// The case of letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letters {
    Upper,
    Lower,
}

impl Letters {
    /// An ASCII text in this case.
    pub(super) fn of(self, text: &str) -> String {
        match self {
            Self::Upper => text.to_ascii_uppercase(),
            Self::Lower => text.to_ascii_lowercase(),
        }
    }
}

/// The months from I to XII.
pub(super) const MONTHS: [&str; 12] = [
    "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII",
];

const NUMERALS: [(&str, i64); 13] = [
    ("M", 1000),
    ("CM", 900),
    ("D", 500),
    ("CD", 400),
    ("C", 100),
    ("XC", 90),
    ("L", 50),
    ("XL", 40),
    ("X", 10),
    ("IX", 9),
    ("V", 5),
    ("IV", 4),
    ("I", 1),
];

/// A number from 1 to 3999; others have no numeral.
pub(super) fn numeral(number: i64) -> Option<String> {
    if !(1..=3999).contains(&number) {
        return None;
    }
    let mut rest = number;
    let mut numeral = String::new();
    for (letters, value) in NUMERALS {
        while rest >= value {
            numeral.push_str(letters);
            rest -= value;
        }
    }
    Some(numeral)
}
