//! The trigrams of a text, as PostgreSQL's `pg_trgm` takes them.
//!
//! A word is a run of letters and digits, in lower case, with two blanks before it and one behind
//! it; every three characters of that are a trigram. A trigram is a number of 24 bits: its three
//! bytes where it is ASCII, three bytes of a CRC of its UTF-8 otherwise.

use super::characters::{is_of_word, to_lower};

/// The bits of a trigram.
const TRIGRAM: u32 = 0xFF_FFFF;
/// Set at the first trigram of a word.
const FIRST: u32 = 1 << 24;
/// Set at the last trigram of a word.
const LAST: u32 = 1 << 25;

/// What stands before a word.
const BEFORE: u32 = 0x2020;

/// A trigram and where in its word it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed(u32);

impl Placed {
    /// The trigram alone.
    #[inline]
    pub(super) fn trigram(self) -> u32 {
        self.0 & TRIGRAM
    }

    /// Whether a word begins here.
    #[inline]
    pub(super) fn is_first(self) -> bool {
        self.0 & FIRST != 0
    }

    /// Whether a word ends here.
    #[inline]
    pub(super) fn is_last(self) -> bool {
        self.0 & LAST != 0
    }
}

/// No text of so many bytes has more trigrams than this: a word has one more than characters, and
/// between two words stands at least one character.
#[inline]
pub(super) fn at_most(bytes: usize) -> usize {
    bytes + 1
}

/// Hands over the trigrams of a text in their order, repeated ones included.
#[inline]
pub(super) fn each(text: &str, take: impl FnMut(Placed)) {
    if text.is_ascii() {
        each_of_ascii(text.as_bytes(), take);
    } else {
        each_of_any(text, take);
    }
}

/// The lower case of the bytes that belong to words, 0 for the others.
const OF_WORDS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        if (byte as u8).is_ascii_alphanumeric() {
            table[byte] = (byte as u8).to_ascii_lowercase();
        }
        byte += 1;
    }
    table
};

#[inline]
fn each_of_ascii(bytes: &[u8], mut take: impl FnMut(Placed)) {
    let mut window = BEFORE | FIRST;
    for byte in bytes {
        let letter = OF_WORDS[usize::from(*byte)];
        if letter != 0 {
            // The flag of a word's first trigram moves out with the shift.
            let first = window & FIRST;
            window = (window << 8 | u32::from(letter)) & TRIGRAM;
            take(Placed(window | first));
        } else {
            if window & FIRST == 0 {
                take(Placed((window << 8 | u32::from(b' ')) & TRIGRAM | LAST));
            }
            window = BEFORE | FIRST;
        }
    }
    if window & FIRST == 0 {
        take(Placed((window << 8 | u32::from(b' ')) & TRIGRAM | LAST));
    }
}

fn each_of_any(text: &str, mut take: impl FnMut(Placed)) {
    let mut window = [' '; 2];
    let mut place = FIRST;
    for character in text.chars().map(Some).chain([None]) {
        let (next, end) = match character.filter(|character| is_of_word(*character)) {
            Some(character) => (to_lower(character), false),
            None if place == FIRST => continue,
            None => (' ', true),
        };
        let trigram = number([window[0], window[1], next]);
        if end {
            take(Placed(trigram | LAST));
            window = [' '; 2];
            place = FIRST;
        } else {
            take(Placed(trigram | place));
            window = [window[1], next];
            place = 0;
        }
    }
}

/// The 24 bits of three characters.
fn number(characters: [char; 3]) -> u32 {
    if characters.iter().all(char::is_ascii) {
        return characters
            .iter()
            .fold(0, |number, character| number << 8 | *character as u32);
    }
    let mut checksum = u32::MAX;
    for character in characters {
        let mut buffer = [0; 4];
        for byte in character.encode_utf8(&mut buffer).bytes() {
            checksum = CHECKSUMS[usize::from((checksum >> 24) as u8 ^ byte)] ^ (checksum << 8);
        }
    }
    // PostgreSQL copies the first three bytes of the number from a little-endian machine's memory.
    let [first, second, third, _] = (!checksum).to_le_bytes();
    u32::from_be_bytes([0, first, second, third])
}

/// PostgreSQL's "legacy" CRC-32: the table is made for bits in reverse, yet it is shifted the
/// other way. What looks like a mistake is kept, as indexes on disk hold its results.
const CHECKSUMS: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut remainder = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            remainder = if remainder & 1 == 1 {
                0xEDB8_8320 ^ (remainder >> 1)
            } else {
                remainder >> 1
            };
            bit += 1;
        }
        table[byte] = remainder;
        byte += 1;
    }
    table
};

/// The trigrams of a text, each once, ascending as PostgreSQL on x86 compares them: by bytes with
/// a sign.
pub(crate) fn distinct(text: &str, trigrams: &mut Vec<u32>) {
    trigrams.clear();
    each(text, |placed| trigrams.push(placed.trigram()));
    // Without its sign, a byte whose sign bit is flipped is in the same order.
    trigrams.sort_unstable_by_key(|trigram| trigram ^ 0x80_8080);
    trigrams.dedup();
}
