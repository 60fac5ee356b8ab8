//! The longest common subsequence by bits, and what is counted from it.
//!
//! H. Hyyrö, "Bit-parallel LCS-length computation revisited" (2004): a column of the table is
//! kept as the places where it does not rise, 64 cells a word.

use super::block_masks::{BlockMasks, STRIP};
use super::characters::{Character, common_prefix, without_common_affixes};
use super::masks::{Masks, WORD};
use crate::interrupt::Watch;

/// What is kept between two texts.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    masks: Masks,
    blocks: Blocks,
}

/// What is kept to hold texts of many words against others.
#[derive(Debug, Default)]
struct Blocks {
    masks: BlockMasks,
    column: Vec<u64>,
    /// For each character of the other text, what strips of a pattern have counted so far.
    counted: Vec<Counted>,
}

/// What a strip leaves to the next.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    common: usize,
    carry: bool,
}

impl Scratch {
    /// How many characters the longest common subsequence of two texts has.
    pub(crate) fn length<C: Character>(&mut self, left: &[C], right: &[C]) -> usize {
        let whole = left.len();
        let (left, right) = without_common_affixes(left, right);
        let shared = whole - left.len();
        let (pattern, text) = shorter_first(left, right);
        if pattern.is_empty() {
            return shared;
        }
        let text = text.iter().copied();
        shared + self.with_masks(pattern, false, |column| column.run(text, |_, _| {}))
    }

    /// The highest ratio of the shorter text to any part of the longer one that is no longer
    /// than it; of two texts of one length, each is held against the parts of the other.
    pub(crate) fn partial_ratio<C: Character>(&mut self, left: &[C], right: &[C]) -> f64 {
        let (pattern, text) = shorter_first(left, right);
        if pattern.is_empty() {
            return if text.is_empty() { 100.0 } else { 0.0 };
        }
        if pattern.len() == text.len() {
            if common_prefix(pattern, text) == text.len() {
                return 100.0;
            }
            let best = self.best_part(pattern, text);
            return best.max(self.best_part(text, pattern));
        }
        self.best_part(pattern, text)
    }

    fn best_part<C: Character>(&mut self, pattern: &[C], text: &[C]) -> f64 {
        let longest = pattern.len();
        // Beginnings and ends of the text, shorter than the pattern.
        let mut best = 0.0_f64;
        let mut edge = |length: usize, common: usize| {
            let lengths = longest + length;
            best = best.max(ratio(lengths - 2 * common, lengths));
        };
        let short = longest - 1;
        let ending = text[text.len() - short..].iter().rev();
        self.with_masks(pattern, true, |column| {
            column.run(ending.copied(), &mut edge);
        });
        // Parts as long as the pattern. From one to the next, what is common grows by one at most.
        let mut watch = Watch::default();
        let most = self.with_masks(pattern, false, |column| {
            column.run(text[..short].iter().copied(), &mut edge);
            let (mut most, mut start) = (0, 0);
            while start + longest <= text.len() && most < longest {
                if watch.is_interrupted_after(longest * longest.div_ceil(WORD)) {
                    break;
                }
                let part = text[start..start + longest].iter().copied();
                let common = column.run(part, |_, _| {});
                most = most.max(common);
                start += most + 1 - common;
            }
            most
        });
        best.max(ratio(2 * (longest - most), 2 * longest))
    }

    /// Holds texts against a pattern that is not empty, which is read backwards where that is asked.
    fn with_masks<C: Character, T>(
        &mut self,
        pattern: &[C],
        backwards: bool,
        compute: impl FnOnce(&mut Column<'_, C>) -> T,
    ) -> T {
        if pattern.len() > WORD {
            let reversed: Vec<C>;
            let pattern = if backwards {
                reversed = pattern.iter().rev().copied().collect();
                &reversed[..]
            } else {
                pattern
            };
            if pattern.len() > STRIP {
                return compute(&mut Column::Strips(pattern, &mut self.blocks));
            }
            self.blocks.masks.set(pattern);
            return compute(&mut Column::Blocks(&mut self.blocks));
        }
        if backwards {
            self.masks.set_characters(pattern.iter().rev());
        } else {
            self.masks.set(pattern);
        }
        let computed = compute(&mut Column::Word(&self.masks, pattern.len()));
        self.masks.unset(pattern);
        computed
    }
}

/// How alike two texts are, from 0 to 100, of so many characters together, from the number of
/// insertions and deletions that make one of the other. Two empty texts are equal.
pub(crate) fn ratio(edits: usize, lengths: usize) -> f64 {
    if lengths == 0 {
        return 100.0;
    }
    100.0 - 100.0 * edits as f64 / lengths as f64
}

fn shorter_first<'a, C>(left: &'a [C], right: &'a [C]) -> (&'a [C], &'a [C]) {
    if left.len() <= right.len() {
        (left, right)
    } else {
        (right, left)
    }
}

/// A pattern, ready to be held against texts.
enum Column<'a, C> {
    Word(&'a Masks, usize),
    Blocks(&'a mut Blocks),
    /// One that is too long to be taken in as a whole.
    Strips(&'a [C], &'a mut Blocks),
}

impl<C: Character> Column<'_, C> {
    #[inline]
    fn run(
        &mut self,
        text: impl Iterator<Item = C> + Clone,
        mut seen: impl FnMut(usize, usize),
    ) -> usize {
        match self {
            Self::Word(masks, length) => {
                let all = !0 >> (WORD - *length);
                let mut level = !0_u64;
                for (place, character) in text.enumerate() {
                    let matches = level & masks.get(character);
                    level = level.wrapping_add(matches) | (level - matches);
                    seen(place + 1, (!level & all).count_ones() as usize);
                }
                (!level & all).count_ones() as usize
            }
            Self::Blocks(blocks) => blocks.run(text, seen),
            Self::Strips(pattern, blocks) => blocks.run_strips(pattern, text, seen),
        }
    }
}

impl Blocks {
    /// Holds the pattern that was taken in against a text.
    fn run<C: Character>(
        &mut self,
        text: impl Iterator<Item = C>,
        mut seen: impl FnMut(usize, usize),
    ) -> usize {
        self.column.clear();
        self.column.resize(self.masks.blocks(), !0);
        let mut last = 0;
        let mut watch = Watch::default();
        for (place, character) in text.enumerate() {
            if watch.is_interrupted_after(self.column.len()) {
                break;
            }
            (last, _) = advance(&mut self.column, self.masks.get(character), false);
            seen(place + 1, last);
        }
        last
    }

    /// Holds a pattern against a text strip by strip: what one carries at the bottom enters the
    /// next at the top.
    fn run_strips<C: Character>(
        &mut self,
        pattern: &[C],
        text: impl Iterator<Item = C> + Clone,
        mut seen: impl FnMut(usize, usize),
    ) -> usize {
        self.counted.clear();
        self.counted
            .resize(text.clone().count(), Counted::default());
        let mut watch = Watch::default();
        for strip in pattern.chunks(STRIP) {
            self.masks.set(strip);
            self.column.clear();
            self.column.resize(self.masks.blocks(), !0);
            for (counted, character) in self.counted.iter_mut().zip(text.clone()) {
                if watch.is_interrupted_after(self.column.len()) {
                    return 0;
                }
                let matches = self.masks.get(character);
                let (common, carry) = advance(&mut self.column, matches, counted.carry);
                counted.common += common;
                counted.carry = carry;
            }
        }
        for (place, counted) in self.counted.iter().enumerate() {
            seen(place + 1, counted.common);
        }
        self.counted.last().map_or(0, |counted| counted.common)
    }
}

/// Moves a column on by one character: gives the length of the longest common subsequence up to
/// there, and what is carried on at the bottom.
#[inline(always)]
fn advance(column: &mut [u64], matches: &[u64], mut carry: bool) -> (usize, bool) {
    let mut common = 0;
    for (level, matches) in column.iter_mut().zip(matches) {
        let matches = *level & matches;
        let (sum, first) = level.overflowing_add(matches);
        let (sum, second) = sum.overflowing_add(u64::from(carry));
        carry = first | second;
        *level = sum | (*level - matches);
        common += level.count_zeros() as usize;
    }
    (common, carry)
}
