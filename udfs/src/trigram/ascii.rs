//! The trigrams of ASCII text as small numbers, which index a table directly.
//!
//! Words have 36 letters and digits, and with the blank a trigram has three digits to the base 37.

/// The blank and what words are made of.
pub(super) const BASE: u16 = 37;

/// More than any trigram's number: so many entries has a table that every number indexes.
pub(super) const NUMBERS: usize = 1 << 16;

/// The number of three blanks, which is no trigram.
pub(super) const NONE: u16 = 0;

/// The digit of each byte; 0 for what belongs to no word.
const DIGITS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        let lower = (byte as u8).to_ascii_lowercase();
        table[byte] = match lower {
            b'0'..=b'9' => lower - b'0' + 1,
            b'a'..=b'z' => lower - b'a' + 11,
            _ => 0,
        };
        byte += 1;
    }
    table
};

/// Hands over the trigrams of a text in their order, repeated ones included, and [`NONE`] at any
/// time in between: so there is no branch that the processor could not foretell.
#[inline]
pub(super) fn each(bytes: &[u8], mut take: impl FnMut(u16)) {
    let mut last = 0;
    let mut last_two = 0;
    for byte in bytes {
        let digit = u16::from(DIGITS[usize::from(*byte)]);
        take(last_two * BASE + digit);
        last_two = if digit == 0 { 0 } else { last * BASE + digit };
        last = digit;
    }
    take(last_two * BASE);
}

/// Whether a word begins with the trigram of a number: its first two characters are blanks.
#[inline]
pub(super) fn is_first(number: u16) -> bool {
    number < BASE
}

/// Whether a word ends with the trigram of a number: its last character is a blank.
#[inline]
pub(super) fn is_last(number: u16) -> bool {
    number.is_multiple_of(BASE)
}
