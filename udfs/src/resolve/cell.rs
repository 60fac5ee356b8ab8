//! A value of a record.

use super::dictionary::MISSING;

/// How many characters are told apart.
const CHARACTERS: u32 = 26;
const CHARACTERS_MASK: u32 = (1 << CHARACTERS) - 1;
/// The longest length that is told from longer ones.
const LONGEST: usize = (1 << (32 - CHARACTERS)) - 1;

/// A value of a record: its number, and what bounds its distance from others without a look at
/// the text, which is somewhere else in memory.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    pub(super) code: u32,
    /// A bit for each character that the text has, and above them its length.
    signature: u32,
}

impl Cell {
    pub(super) fn new(code: u32, text: &str) -> Self {
        let characters = text.bytes().fold(0, |bits, byte| {
            let place = match byte {
                b'0'..=b'9' => byte - b'0',
                letter => letter.wrapping_sub(b'a') % CHARACTERS as u8,
            };
            bits | 1 << place
        });
        let length = text.len().min(LONGEST) as u32;
        Self {
            code,
            signature: characters | length << CHARACTERS,
        }
    }

    pub(super) fn is_missing(self) -> bool {
        self.code == MISSING
    }

    /// The fewest edits that turn one text into another, as far as can be told: what one has and
    /// the other has not takes an edit each, and so does each character that it is longer. (Of a
    /// character of several bytes each counts.)
    #[inline]
    pub(super) fn least_edits(self, other: Self) -> usize {
        let missing = (self.signature & !other.signature & CHARACTERS_MASK).count_ones();
        let added = (other.signature & !self.signature & CHARACTERS_MASK).count_ones();
        let longer = (self.signature >> CHARACTERS).abs_diff(other.signature >> CHARACTERS);
        missing.max(added).max(longer) as usize
    }
}
