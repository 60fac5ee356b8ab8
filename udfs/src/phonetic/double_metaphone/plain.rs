//! What most letters sound like before another, told from the two alone: one decision for all of
//! them, where a rule for each is a jump that no processor can foretell.

use super::Code;

/// What a letter sounds like, and the next letters with which it has a rule of its own.
#[derive(Clone, Copy)]
struct Plain {
    /// What it sounds like within a word, and at the beginning.
    sounds: [Code; 2],
    /// A bit for each letter from A.
    unless: u32,
}

/// The letters whose rules say no more than this, unless one of some letters follows.
const LETTERS: [(u8, &str, &[u8]); 23] = [
    (b'A', "", b""),
    (b'E', "", b""),
    (b'I', "", b""),
    (b'O', "", b""),
    (b'U', "", b""),
    (b'Y', "", b""),
    (b'B', "P", b"B"),
    (b'C', "K", b" ACEGHIKQYZ"),
    (b'D', "T", b"DGT"),
    (b'F', "F", b"F"),
    (b'G', "K", b"EGHILNY"),
    (b'H', "", b"AEIOUY"),
    (b'K', "K", b"K"),
    (b'L', "L", b"L"),
    (b'M', "M", b"BM"),
    (b'N', "N", b"N"),
    (b'P', "P", b"BHP"),
    (b'Q', "K", b"Q"),
    (b'R', "R", b"R"),
    (b'S', "S", b"CHILMNSUWZ"),
    (b'T', "T", b"CDHIT"),
    (b'V', "F", b"V"),
    (b'X', "KS", b"CX"),
];

/// The letters whose rules look further, those of Latin-1 among them.
const OTHERS: &[u8] = b"JWZ\xC7\xD1";

/// The letters of [`LETTERS`] by their byte, and what is no letter and has no sound.
static PLAIN: [Plain; 256] = {
    let mut plain = [Plain {
        sounds: [Code::of(""); 2],
        unless: 0,
    }; 256];
    let mut number = 0;
    while number < OTHERS.len() {
        plain[OTHERS[number] as usize].unless = u32::MAX;
        number += 1;
    }
    let mut number = 0;
    while number < LETTERS.len() {
        let (letter, sound, next) = LETTERS[number];
        let is_vowel = matches!(letter, b'A' | b'E' | b'I' | b'O' | b'U' | b'Y');
        let at_start = if is_vowel { "A" } else { sound };
        let mut unless = 0;
        let mut place = 0;
        while place < next.len() {
            unless |= bit(next[place]);
            place += 1;
        }
        plain[letter as usize] = Plain {
            sounds: [Code::of(sound), Code::of(at_start)],
            unless,
        };
        number += 1;
    }
    plain
};

/// The bit of a letter; other bytes share it.
const fn bit(letter: u8) -> u32 {
    1 << (letter.wrapping_sub(b'A') % u32::BITS as u8)
}

/// The sound of a letter that is not the last, one letter long, if no other rule may apply.
#[inline(always)]
pub(super) fn sound(letter: u8, next: u8, is_first: bool) -> Option<Code> {
    let plain = &PLAIN[usize::from(letter)];
    (plain.unless & bit(next) == 0).then_some(plain.sounds[usize::from(is_first)])
}
