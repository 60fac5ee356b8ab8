//! Levenshtein and optimal string alignment distances by bits.
//!
//! G. Myers, "A fast bit-vector algorithm for approximate string matching based on dynamic
//! programming", J. ACM 46 (1999), in the form for the distance of whole texts, and with swaps of
//! neighbours, of H. Hyyrö, "A bit-vector algorithm for computing Levenshtein and Damerau edit
//! distances" (2003): a column of the table is kept as the differences of neighbouring cells, 64
//! of them a word.

use super::block_masks::{BlockMasks, STRIP};
use super::characters::{Character, without_common_affixes};
use super::masks::{Masks, WORD};
use crate::interrupt::Watch;

/// What is kept between two texts; with `SWAPS`, swapping two neighbours is one edit.
#[derive(Debug, Default)]
pub(crate) struct Scratch<const SWAPS: bool> {
    masks: Masks,
    blocks: Blocks,
}

/// What is kept to hold texts of many words against others.
#[derive(Debug, Default)]
struct Blocks {
    masks: BlockMasks,
    column: Vec<Column>,
    /// What leaves a strip at the bottom, for each character of the other text.
    borders: Vec<u8>,
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

    fn packed(self) -> u8 {
        (self.rise | self.fall << 1 | self.swap << 2) as u8
    }

    fn unpacked(packed: u8) -> Self {
        let bit = |place: u32| u64::from((packed >> place) & 1_u8);
        Self {
            rise: bit(0),
            fall: bit(1),
            swap: bit(2),
        }
    }
}

/// What is above the first word of a pattern, or of a strip of it.
trait Border {
    /// What enters from above, at a character of the text.
    fn enter(&self, place: usize) -> Above;

    /// What leaves at the bottom there.
    fn leave(&mut self, place: usize, below: Above);
}

/// A pattern that is there as a whole.
struct Whole;

impl Border for Whole {
    #[inline(always)]
    fn enter(&self, _: usize) -> Above {
        Above::FIRST
    }

    #[inline(always)]
    fn leave(&mut self, _: usize, _: Above) {}
}

impl Border for &mut [u8] {
    fn enter(&self, place: usize) -> Above {
        Above::unpacked(self[place])
    }

    fn leave(&mut self, place: usize, below: Above) {
        self[place] = below.packed();
    }
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
            return self
                .blocks
                .distance::<SWAPS, C, C>(pattern, text.iter().copied());
        }
        self.masks.set(pattern);
        let distance = in_a_word::<SWAPS, C>(&self.masks, pattern.len(), text.iter().copied());
        self.masks.unset(pattern);
        distance
    }
}

impl Blocks {
    /// The distance of a pattern that is not empty and a text.
    fn distance<const SWAPS: bool, P: Character, C: Character>(
        &mut self,
        pattern: &[P],
        text: impl Iterator<Item = C> + Clone,
    ) -> usize {
        if pattern.len() <= STRIP {
            self.masks.set(pattern);
            return self.distance_to_masks::<SWAPS, C>(text);
        }
        self.borders.clear();
        self.borders
            .resize(text.clone().count(), Above::FIRST.packed());
        let mut across = 0;
        for strip in pattern.chunks(STRIP) {
            self.masks.set(strip);
            let borders = &mut self.borders[..];
            let sum = in_blocks::<SWAPS, C>(&self.masks, &mut self.column, borders, text.clone());
            across = match sum {
                Some(sum) => sum,
                None => return pattern.len(),
            };
        }
        pattern.len().saturating_add_signed(across)
    }

    /// The distance to a pattern that was taken in.
    fn distance_to_masks<const SWAPS: bool, C: Character>(
        &mut self,
        text: impl Iterator<Item = C>,
    ) -> usize {
        let across = in_blocks::<SWAPS, C>(&self.masks, &mut self.column, Whole, text);
        self.masks
            .length()
            .saturating_add_signed(across.unwrap_or(0))
    }
}

/// One text, to be held against many others.
#[derive(Debug, Default)]
pub(crate) struct Prepared<const SWAPS: bool> {
    length: usize,
    masks: Masks,
    blocks: Blocks,
    /// The text, where it is longer than a strip.
    long: Vec<char>,
}

impl<const SWAPS: bool> Prepared<SWAPS> {
    /// Takes in the one text.
    pub(crate) fn new(text: &str) -> Self {
        let characters: Vec<char> = text.chars().collect();
        let mut prepared = Self {
            length: characters.len(),
            ..Self::default()
        };
        match characters.len() {
            0..=WORD => prepared.masks.set(&characters),
            length if length <= STRIP => prepared.blocks.masks.set(&characters),
            _ => prepared.long = characters,
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

    fn distance_of<C: Character>(&mut self, other: impl Iterator<Item = C> + Clone) -> usize {
        match self.length {
            0 => other.count(),
            1..=WORD => in_a_word::<SWAPS, C>(&self.masks, self.length, other),
            length if length <= STRIP => self.blocks.distance_to_masks::<SWAPS, C>(other),
            _ => self.blocks.distance::<SWAPS, char, C>(&self.long, other),
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

/// How much further a text is from a pattern that is not empty than no text is, or from a pattern up
/// to the end of a strip. The words stand one above the other: what leaves one at the bottom enters
/// the next at the top. `None` where it was interrupted.
fn in_blocks<const SWAPS: bool, C: Character>(
    pattern: &BlockMasks,
    column: &mut Vec<Column>,
    mut border: impl Border,
    text: impl Iterator<Item = C>,
) -> Option<isize> {
    column.clear();
    column.resize(pattern.blocks(), Column::START);
    let last = 1_u64 << ((pattern.length() - 1) % WORD);
    let mut across = 0;
    let mut watch = Watch::default();
    for (place, character) in text.enumerate() {
        if watch.is_interrupted_after(column.len()) {
            return None;
        }
        let mut above = border.enter(place);
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
        border.leave(place, above);
        across += isize::from(bottom.0 != 0) - isize::from(bottom.1 != 0);
    }
    Some(across)
}
