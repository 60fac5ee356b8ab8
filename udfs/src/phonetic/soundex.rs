//! `soundex(text)`: American Soundex, as PostgreSQL has it.

use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use super::codes::Codes;
use super::soundex_lanes;
use crate::arguments::{Call, Form, Function, Kind};
use crate::lanes::{LANES, LONGEST, Texts};

/// The digit of each letter from A to Z in American Soundex; vowels, H, W and Y have none.
pub(super) const DIGITS: [u8; 26] = *b"01230120022455012623010202";

#[user_doc(
    doc_section(label = "Phonetic Functions"),
    description = r"The American Soundex code of a text: its first letter and three digits for the consonants that follow, equal to that of PostgreSQL's `fuzzystrmatch`, which knows it as `text_soundex` too. Names that sound alike in English share a code.

Letters are those of ASCII, in either case; everything else is left out, so that a text without an ASCII letter gives the empty text. As in PostgreSQL, two letters of one digit that stand apart only by H or W count twice.",
    syntax_example = "soundex(text)",
    sql_example = r#"```sql
> SELECT soundex('Robert') AS robert, soundex('Rupert') AS rupert;
+--------+--------+
| robert | rupert |
+--------+--------+
| R163   | R163   |
+--------+--------+
```"#,
    argument(name = "text", description = "The name or word to code.")
)]
struct Soundex;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "soundex",
        parameters: &[Kind::Text],
        counts: &[1],
    },
    aliases: &["text_soundex"],
    invoke,
    documentation: || Soundex.doc(),
    ..Function::IMMUTABLE
};

/// All codes by the numbers of [`soundex_lanes::numbers`].
static CODES: Codes = Codes::new(|| {
    (0..27_u16 << 9)
        .map(|number| {
            let digit = |place: u16| char::from(b'0' + (number >> place & 7) as u8);
            match char::from(b'@' + (number >> 9) as u8) {
                '@' => String::new(),
                letter => String::from_iter([letter, digit(6), digit(3), digit(0)]),
            }
        })
        .map(Some)
        .collect()
});

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let texts = call.text(0)?;
    call.over_distinct(&texts, |texts, rows| {
        let lengths = texts.lengths(rows);
        let nulls = texts.nulls(rows);
        let mut numbers = Vec::with_capacity(rows);
        let mut group = Texts::EMPTY;
        for (group_number, lengths) in lengths.chunks(LANES).enumerate() {
            let first = group_number * LANES;
            group.read(texts, first, lengths);
            let in_lanes = soundex_lanes::numbers(&group);
            for (lane, length) in lengths.iter().enumerate() {
                let mut number = in_lanes.0[lane];
                if *length as usize > LONGEST {
                    number = texts
                        .get(first + lane)
                        .map_or(0, |text| number_of(code(text)));
                }
                numbers.push(number);
            }
        }
        CODES.take(numbers, nulls)
    })
}

/// The number of a code: see [`soundex_lanes::numbers`].
fn number_of(code: [u8; 4]) -> u16 {
    let [letter, digits @ ..] = code;
    let letter = u16::from(letter.saturating_sub(b'@'));
    let digits = digits.iter().map(|digit| u16::from(digit & 7));
    digits.fold(letter, |number, digit| number << 3 | digit)
}

/// The code of a text; zero bytes where the text has no ASCII letter.
///
/// A byte counts where it differs from the byte before it, which need not be a letter, and whose
/// code then is the byte itself: so a digit hides a letter of its own code, as in PostgreSQL.
pub(crate) fn code(text: &str) -> [u8; 4] {
    let bytes = text.as_bytes();
    let Some(first) = bytes.iter().position(u8::is_ascii_alphabetic) else {
        return [0; 4];
    };
    let mut code = [bytes[first].to_ascii_uppercase(), b'0', b'0', b'0'];
    let mut length = 1;
    let mut previous = digit(bytes[first]);
    for byte in &bytes[first + 1..] {
        let current = digit(*byte);
        if byte.is_ascii_alphabetic() && current != previous && current != b'0' {
            code[length] = current;
            length += 1;
            if length == code.len() {
                break;
            }
        }
        previous = current;
    }
    code
}

/// The digit of an ASCII letter; any other byte stands for itself.
fn digit(byte: u8) -> u8 {
    match byte.to_ascii_uppercase() {
        letter @ b'A'..=b'Z' => DIGITS[usize::from(letter - b'A')],
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_postgres() {
        let cases = [
            ("", ""),
            ("123", ""),
            ("hello world!", "H464"),
            ("Anne", "A500"),
            ("Ann", "A500"),
            ("Andrew", "A536"),
            ("Margaret", "M626"),
            ("Tymczak", "T522"),
            ("Ashcraft", "A226"),
            ("  o'Hara", "O600"),
            ("B-B", "B100"),
            ("A1B", "A000"),
            ("Müller", "M460"),
            ("ärger", "R260"),
        ];
        for (text, expected) in cases {
            let code = code(text);
            let code = String::from_utf8_lossy(&code);
            assert_eq!(code.trim_end_matches('\0'), expected, "{text}");
        }
    }
}
