//! Where each character stands in a text of at most 64 characters, as bits of a word.

use super::characters::Character;

/// The longest text whose positions fit a word.
pub(crate) const WORD: usize = 64;

/// Twice as many places as there can be distinct characters, for short probes.
const PLACES: usize = 2 * WORD;

/// The bit pattern of every character of one text.
#[derive(Debug)]
pub(crate) struct Masks {
    ascii: [u64; 128],
    /// Open addressing by code; code 0 is ASCII, and so marks a free place.
    wide: [(u32, u64); PLACES],
    wide_used: bool,
}

impl Default for Masks {
    fn default() -> Self {
        Self {
            ascii: [0; 128],
            wide: [(0, 0); PLACES],
            wide_used: false,
        }
    }
}

impl Masks {
    /// Takes in the first 64 characters of a text, on top of what is there.
    #[inline]
    pub(crate) fn set<C: Character>(&mut self, text: &[C]) {
        self.set_characters(text.iter());
    }

    /// As `set`, character by character.
    #[inline]
    pub(super) fn set_characters<'a, C: Character + 'a>(
        &mut self,
        text: impl Iterator<Item = &'a C>,
    ) {
        for (position, character) in text.take(WORD).enumerate() {
            *self.place(character.code()) |= 1 << position;
        }
    }

    /// Forgets a text that was taken in.
    #[inline]
    pub(crate) fn unset<C: Character>(&mut self, text: &[C]) {
        for character in text {
            if let Some(mask) = self.ascii.get_mut(character.code() as usize) {
                *mask = 0;
            }
        }
        if self.wide_used {
            self.wide = [(0, 0); PLACES];
            self.wide_used = false;
        }
    }

    /// The positions of a character.
    #[inline]
    pub(crate) fn get<C: Character>(&self, character: C) -> u64 {
        let code = character.code();
        if let Some(mask) = self.ascii.get(code as usize) {
            return *mask;
        }
        if !self.wide_used {
            return 0;
        }
        let mut place = first_place(code);
        loop {
            let (there, mask) = self.wide[place];
            if there == code || there == 0 {
                return mask;
            }
            place = (place + 1) % PLACES;
        }
    }

    #[inline]
    fn place(&mut self, code: u32) -> &mut u64 {
        if code < 128 {
            return &mut self.ascii[code as usize];
        }
        self.wide_used = true;
        let mut place = first_place(code);
        while self.wide[place].0 != code && self.wide[place].0 != 0 {
            place = (place + 1) % PLACES;
        }
        self.wide[place].0 = code;
        &mut self.wide[place].1
    }
}

/// Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4).
#[inline]
fn first_place(code: u32) -> usize {
    (code.wrapping_mul(0x9E37_79B1) >> 25) as usize % PLACES
}
