//! Levenshtein distance by bits.
//!
//! G. Myers, "A fast bit-vector algorithm for approximate string matching based on dynamic
//! programming", J. ACM 46 (1999), in the form for the distance of whole texts of H. Hyyrö,
//! "A bit-vector algorithm for computing Levenshtein and Damerau edit distances" (2003): a
//! column of the table is kept as the differences of neighbouring cells, 64 of them a word.

use super::block_masks::BlockMasks;
use super::characters::{Character, without_common_affixes};
use super::masks::{Masks, WORD};

/// What is kept between two texts.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    masks: Masks,
    block_masks: BlockMasks,
    column: Vec<Differences>,
}

/// The rises and falls between the cells of a column.
#[derive(Clone, Copy, Debug)]
struct Differences {
    rises: u64,
    falls: u64,
}

impl Differences {
    /// Those of the first column, which counts up from 0.
    const START: Self = Self {
        rises: !0,
        falls: 0,
    };
}

impl Scratch {
    /// The distance of two texts.
    pub(crate) fn distance<C: Character>(&mut self, left: &[C], right: &[C]) -> usize {
        let (left, right) = without_common_affixes(left, right);
        let (pattern, text) = if left.len() <= right.len() {
            (left, right)
        } else {
            (right, left)
        };
        if pattern.is_empty() {
            return text.len();
        }
        if pattern.len() > WORD {
            self.block_masks.set(pattern);
            return in_blocks(&self.block_masks, &mut self.column, text.iter().copied());
        }
        self.masks.set(pattern);
        let distance = in_a_word(&self.masks, pattern.len(), text.iter().copied());
        self.masks.unset(pattern);
        distance
    }
}

/// One text, to be held against many others.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    length: usize,
    masks: Masks,
    block_masks: BlockMasks,
    column: Vec<Differences>,
}

impl Prepared {
    /// Takes in the one text.
    pub(crate) fn new(text: &str) -> Self {
        let characters: Vec<char> = text.chars().collect();
        let mut prepared = Self {
            length: characters.len(),
            ..Self::default()
        };
        if characters.len() <= WORD {
            prepared.masks.set(&characters);
        } else {
            prepared.block_masks.set(&characters);
        }
        prepared
    }

    /// The distance of the one text to another.
    pub(crate) fn distance(&mut self, other: &str) -> usize {
        if other.is_ascii() {
            self.distance_of(other.bytes())
        } else {
            self.distance_of(other.chars())
        }
    }

    fn distance_of<C: Character>(&mut self, other: impl Iterator<Item = C>) -> usize {
        match self.length {
            0 => other.count(),
            1..=WORD => in_a_word(&self.masks, self.length, other),
            _ => in_blocks(&self.block_masks, &mut self.column, other),
        }
    }
}

/// The distance to a pattern of 1 to 64 characters.
#[inline]
fn in_a_word<C: Character>(masks: &Masks, length: usize, text: impl Iterator<Item = C>) -> usize {
    let last = 1_u64 << (length - 1);
    let mut column = Differences::START;
    let mut distance = length;
    for character in text {
        let matches = masks.get(character);
        let vertical = matches | column.falls;
        let horizontal =
            ((matches & column.rises).wrapping_add(column.rises) ^ column.rises) | matches;
        let rises = column.falls | !(horizontal | column.rises);
        let falls = column.rises & horizontal;
        distance += usize::from(rises & last != 0);
        distance -= usize::from(falls & last != 0);
        let rises = (rises << 1) | 1;
        let falls = falls << 1;
        column.rises = falls | !(vertical | rises);
        column.falls = rises & vertical;
    }
    distance
}

/// The distance to a pattern of any length but 0, the words one above the other: what leaves one
/// at the bottom enters the next at the top.
fn in_blocks<C: Character>(
    pattern: &BlockMasks,
    column: &mut Vec<Differences>,
    text: impl Iterator<Item = C>,
) -> usize {
    column.clear();
    column.resize(pattern.blocks(), Differences::START);
    let last = 1_u64 << ((pattern.length() - 1) % WORD);
    let mut distance = pattern.length();
    for character in text {
        // The row above the pattern counts up by one a character.
        let mut rise = 1;
        let mut fall = 0;
        let mut bottom = (0, 0);
        for (cell, matches) in column.iter_mut().zip(pattern.get(character)) {
            let vertical = matches | cell.falls;
            let matches = matches | fall;
            let horizontal =
                ((matches & cell.rises).wrapping_add(cell.rises) ^ cell.rises) | matches;
            let rises = cell.falls | !(horizontal | cell.rises);
            let falls = cell.rises & horizontal;
            bottom = (rises & last, falls & last);
            let shifted_rises = (rises << 1) | rise;
            let shifted_falls = (falls << 1) | fall;
            rise = rises >> (WORD - 1);
            fall = falls >> (WORD - 1);
            cell.rises = shifted_falls | !(vertical | shifted_rises);
            cell.falls = shifted_rises & vertical;
        }
        distance += usize::from(bottom.0 != 0);
        distance -= usize::from(bottom.1 != 0);
    }
    distance
}
