//! Levenshtein and optimal string alignment distances by bits.
//!
//! G. Myers, "A fast bit-vector algorithm for approximate string matching based on dynamic
//! programming", J. ACM 46 (1999), in the form for the distance of whole texts, and with swaps of
//! neighbours, of H. Hyyrö, "A bit-vector algorithm for computing Levenshtein and Damerau edit
//! distances" (2003): a column of the table is kept as the differences of neighbouring cells, 64
//! of them a word.

use super::block_masks::BlockMasks;
use super::characters::{Character, without_common_affixes};
use super::masks::{Masks, WORD};
use crate::interrupt::Watch;

/// What is kept between two texts; with `SWAPS`, swapping two neighbours is one edit.
#[derive(Debug, Default)]
pub(crate) struct Scratch<const SWAPS: bool> {
    masks: Masks,
    block_masks: BlockMasks,
    column: Vec<Column>,
}

/// What is kept of 64 cells of a column.
#[derive(Clone, Copy, Debug)]
struct Column {
    /// The cells that are one more than the one above.
    rises: u64,
    /// The cells that are one less than the one above.
    falls: u64,
    /// The cells that equal the one up left of them.
    equals: u64,
    /// The rows whose character is that of the column.
    matches: u64,
}

impl Column {
    /// The first column, which counts up from 0.
    const START: Self = Self {
        rises: !0,
        falls: 0,
        equals: 0,
        matches: 0,
    };

    /// Moves on by one character: `above` is what enters from the words above. Gives the cells
    /// that are one more and one less than the one left of them.
    #[inline(always)]
    fn advance<const SWAPS: bool>(&mut self, matches: u64, above: Above) -> (u64, u64) {
        let Self { rises, falls, .. } = *self;
        let starts = matches | above.fall;
        let mut equals = ((starts & rises).wrapping_add(rises) ^ rises) | starts | falls;
        if SWAPS {
            equals |= (((!self.equals & matches) << 1) | above.swap) & self.matches;
            self.equals = equals;
            self.matches = matches;
        }
        let across_rises = falls | !(equals | rises);
        let across_falls = rises & equals;
        let shifted_rises = (across_rises << 1) | above.rise;
        let shifted_falls = (across_falls << 1) | above.fall;
        self.rises = shifted_falls | !(equals | shifted_rises);
        self.falls = shifted_rises & equals;
        (across_rises, across_falls)
    }
}

/// What enters a word from the one above: a rise or a fall from the left, a swap.
#[derive(Clone, Copy)]
struct Above {
    rise: u64,
    fall: u64,
    swap: u64,
}

impl Above {
    /// The row above the pattern counts up by one a character.
    const FIRST: Self = Self {
        rise: 1,
        fall: 0,
        swap: 0,
    };
}

impl<const SWAPS: bool> Scratch<SWAPS> {
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
            let text = text.iter().copied();
            return in_blocks::<SWAPS, C>(&self.block_masks, &mut self.column, text);
        }
        self.masks.set(pattern);
        let distance = in_a_word::<SWAPS, C>(&self.masks, pattern.len(), text.iter().copied());
        self.masks.unset(pattern);
        distance
    }
}

/// One text, to be held against many others.
#[derive(Debug, Default)]
pub(crate) struct Prepared<const SWAPS: bool> {
    length: usize,
    masks: Masks,
    block_masks: BlockMasks,
    column: Vec<Column>,
}

impl<const SWAPS: bool> Prepared<SWAPS> {
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
            1..=WORD => in_a_word::<SWAPS, C>(&self.masks, self.length, other),
            _ => in_blocks::<SWAPS, C>(&self.block_masks, &mut self.column, other),
        }
    }
}

/// The distance to a pattern of 1 to 64 characters.
#[inline]
fn in_a_word<const SWAPS: bool, C: Character>(
    masks: &Masks,
    length: usize,
    text: impl Iterator<Item = C>,
) -> usize {
    let last = 1_u64 << (length - 1);
    let mut column = Column::START;
    let mut distance = length;
    for character in text {
        let (rises, falls) = column.advance::<SWAPS>(masks.get(character), Above::FIRST);
        distance += usize::from(rises & last != 0);
        distance -= usize::from(falls & last != 0);
    }
    distance
}

/// The distance to a pattern of any length but 0, the words one above the other: what leaves one
/// at the bottom enters the next at the top.
fn in_blocks<const SWAPS: bool, C: Character>(
    pattern: &BlockMasks,
    column: &mut Vec<Column>,
    text: impl Iterator<Item = C>,
) -> usize {
    column.clear();
    column.resize(pattern.blocks(), Column::START);
    let last = 1_u64 << ((pattern.length() - 1) % WORD);
    let mut distance = pattern.length();
    let mut watch = Watch::default();
    for character in text {
        if watch.is_interrupted_after(column.len()) {
            break;
        }
        let mut above = Above::FIRST;
        let mut bottom = (0, 0);
        for (cells, matches) in column.iter_mut().zip(pattern.get(character)) {
            let equals_before = cells.equals;
            let (rises, falls) = cells.advance::<SWAPS>(*matches, above);
            bottom = (rises & last, falls & last);
            above = Above {
                rise: rises >> (WORD - 1),
                fall: falls >> (WORD - 1),
                swap: (!equals_before & matches) >> (WORD - 1),
            };
        }
        distance += usize::from(bottom.0 != 0);
        distance -= usize::from(bottom.1 != 0);
    }
    distance
}
