//! Where each character stands in a text of any length, as bits of several words.

use std::collections::HashMap;

use super::characters::Character;
use super::masks::WORD;

/// The bit patterns of every character of one text, one row of words a distinct character.
#[derive(Debug, Default)]
pub(crate) struct BlockMasks {
    /// How many characters the text has.
    length: usize,
    /// How many words a row has.
    blocks: usize,
    /// The row of each character; row 0 is for characters that do not occur.
    rows: HashMap<u32, usize>,
    words: Vec<u64>,
}

impl BlockMasks {
    /// Takes in a text in place of the one before.
    pub(crate) fn set<C: Character>(&mut self, text: &[C]) {
        self.length = text.len();
        self.blocks = text.len().div_ceil(WORD);
        self.rows.clear();
        self.words.clear();
        self.words.resize(self.blocks, 0);
        for (position, character) in text.iter().enumerate() {
            let next = self.rows.len() + 1;
            let row = *self.rows.entry(character.code()).or_insert(next);
            if row == next {
                self.words.resize((row + 1) * self.blocks, 0);
            }
            self.words[row * self.blocks + position / WORD] |= 1 << (position % WORD);
        }
    }

    /// How many characters the text has.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// How many words a row has.
    pub(crate) fn blocks(&self) -> usize {
        self.blocks
    }

    /// The positions of a character, 64 a word.
    #[inline]
    pub(crate) fn get<C: Character>(&self, character: C) -> &[u64] {
        let row = self.rows.get(&character.code()).copied().unwrap_or(0);
        &self.words[row * self.blocks..(row + 1) * self.blocks]
    }
}
