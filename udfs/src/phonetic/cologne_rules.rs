//! Kölner Phonetik (Hans Joachim Postel, "Die Kölner Phonetik. Ein Verfahren zur Identifizierung
//! von Personennamen auf der Grundlage der Gestaltanalyse", IBM-Nachrichten 19, 1969).

/// Writes the code of a name, which is given in upper case letters of ASCII.
pub(super) fn write_code(name: &[u8], code: &mut String) {
    let mut last = None;
    for at in 0..name.len() {
        for digit in digits(name, at).bytes() {
            // Of equal neighbours one stays, and vowels stay at the beginning alone.
            if last != Some(digit) && (digit != b'0' || code.is_empty()) {
                code.push(char::from(digit));
            }
            last = Some(digit);
        }
    }
}

fn digits(name: &[u8], at: usize) -> &'static str {
    let previous = at.checked_sub(1).map_or(0, |at| name[at]);
    let next = name.get(at + 1).copied().unwrap_or(0);
    match name[at] {
        b'A' | b'E' | b'I' | b'J' | b'O' | b'U' | b'Y' => "0",
        b'B' => "1",
        b'P' if next == b'H' => "3",
        b'P' => "1",
        b'D' | b'T' if matches!(next, b'C' | b'S' | b'Z') => "8",
        b'D' | b'T' => "2",
        b'F' | b'V' | b'W' => "3",
        b'G' | b'K' | b'Q' => "4",
        b'C' if is_hard_c(previous, next) => "4",
        b'C' => "8",
        b'X' if matches!(previous, b'C' | b'K' | b'Q') => "8",
        b'X' => "48",
        b'L' => "5",
        b'M' | b'N' => "6",
        b'R' => "7",
        b'S' | b'Z' => "8",
        _ => "",
    }
}

fn is_hard_c(previous: u8, next: u8) -> bool {
    let before = |letters: &[u8]| letters.contains(&next);
    match previous {
        0 => before(b"AHKLOQRUX"),
        b'S' | b'Z' => false,
        _ => before(b"AHKOQUX"),
    }
}
