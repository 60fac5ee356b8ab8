//! Where each character stands in a text of any length, as bits of several words.

use std::collections::HashMap;

use super::characters::Character;
use super::masks::WORD;
use crate::interrupt::Watch;

/// The most characters of which the patterns are there at once; longer texts are taken strip by
/// strip. So there are at most as many rows of that many bits, 8 MB, however many different
/// characters a text has, and mostly they fit a cache. Tests try short ones.
pub(crate) const STRIP: usize = if cfg!(test) { 2 * WORD } else { 1 << 13 };

/// The bit patterns of every character of one text, one row of words a distinct character.
#[derive(Debug)]
pub(crate) struct BlockMasks {
    /// How many characters the text has.
    length: usize,
    /// How many words a row has.
    blocks: usize,
    /// The row of each character of ASCII; row 0 is for characters that do not occur.
    ascii: [u32; 128],
    /// The row of each other character.
    wide: HashMap<u32, u32>,
    words: Vec<u64>,
}

impl Default for BlockMasks {
    fn default() -> Self {
        Self {
            length: 0,
            blocks: 0,
            ascii: [0; 128],
            wide: HashMap::new(),
            words: Vec::new(),
        }
    }
}

impl BlockMasks {
    /// Takes in a text in place of the one before; not all of it where it is interrupted.
    pub(crate) fn set<C: Character>(&mut self, text: &[C]) {
        self.length = text.len();
        self.blocks = text.len().div_ceil(WORD);
        self.ascii = [0; 128];
        self.wide.clear();
        self.words.clear();
        self.words.resize(self.blocks, 0);
        let mut watch = Watch::default();
        let mut rows = 1;
        for (block, characters) in text.chunks(WORD).enumerate() {
            if watch.is_interrupted_after(WORD) {
                return;
            }
            for (position, character) in characters.iter().enumerate() {
                let row = match self.ascii.get_mut(character.code() as usize) {
                    Some(row) => row,
                    None => self.wide.entry(character.code()).or_default(),
                };
                if *row == 0 {
                    *row = rows;
                    rows += 1;
                    self.words.resize(rows as usize * self.blocks, 0);
                }
                self.words[*row as usize * self.blocks + block] |= 1 << position;
            }
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
        let code = character.code();
        let row = match self.ascii.get(code as usize) {
            Some(row) => *row,
            None => self.wide.get(&code).copied().unwrap_or(0),
        } as usize;
        &self.words[row * self.blocks..(row + 1) * self.blocks]
    }
}
