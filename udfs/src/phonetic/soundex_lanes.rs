//! American Soundex, a text a lane.

use super::soundex::DIGITS;
use crate::lanes::{LANES, Lanes, Texts, vectors};

/// After so many characters it is first asked whether all codes are whole.
const OFTEN_ENOUGH: usize = 8;

/// What is known of each code.
struct Codes {
    /// The first letter; 0 for none yet.
    letters: Lanes<u8>,
    /// The digits so far, three bits each, and how many there are.
    digits: Lanes<u16>,
    lengths: Lanes<u8>,
    /// What the byte before stands for: its digit where it is a letter.
    previous: Lanes<u8>,
}

vectors! {
    /// The number of each text's code: five bits for the letter, which count from 1, and three bits
    /// for each digit; 0 where there is no letter.
    pub(super) fn numbers(texts: &Texts) -> Lanes<u16> {
        let mut codes = Codes {
            letters: Lanes::splat(0),
            digits: Lanes::splat(0),
            lengths: Lanes::splat(0),
            previous: Lanes::splat(0),
        };
        for (position, bytes) in texts.positions().iter().enumerate() {
            read(&mut codes, bytes);
            if position >= OFTEN_ENOUGH && codes.lengths.0.iter().all(|length| *length == 3) {
                break;
            }
        }
        Lanes::of(|lane| {
            let missing = 3 * (3 - u16::from(codes.lengths.0[lane]));
            let letter = u16::from(codes.letters.0[lane].saturating_sub(b'A' - 1));
            (letter << 9) | (codes.digits.0[lane] << missing)
        })
    }
}

/// Takes in a byte of each text: see [`super::soundex::code`].
#[inline(always)]
fn read(codes: &mut Codes, bytes: &Lanes<u8>) {
    let mut found = Lanes::splat(0_u16);
    let mut taken = Lanes::splat(0_u8);
    for lane in 0..LANES {
        let byte = bytes.0[lane];
        let is_lower = byte.wrapping_sub(b'a') < 26;
        let upper = byte - if is_lower { b'a' - b'A' } else { 0 };
        let is_letter = upper.wrapping_sub(b'A') < 26;
        let mut digit = b'0';
        for (letter, of_letter) in (b'A'..).zip(DIGITS) {
            digit |= if upper == letter { of_letter } else { 0 };
        }
        let current = if is_letter { digit } else { upper };
        let (first, length) = (codes.letters.0[lane], codes.lengths.0[lane]);
        let counts = is_letter
            & (first != 0)
            & (current != codes.previous.0[lane])
            & (current != b'0')
            & (length < 3);
        taken.0[lane] = u8::from(counts);
        found.0[lane] = u16::from(if counts { current & 7 } else { 0 });
        codes.lengths.0[lane] = length + u8::from(counts);
        let begins = is_letter & (first == 0);
        codes.letters.0[lane] = if begins { upper } else { first };
        codes.previous.0[lane] = current;
    }
    for lane in 0..LANES {
        let digits = codes.digits.0[lane];
        let more = (digits << 3) | found.0[lane];
        codes.digits.0[lane] = if taken.0[lane] == 0 { digits } else { more };
    }
}
