//! The longest common subsequence by bits, and what is counted from it.
//!
//! H. Hyyrö, "Bit-parallel LCS-length computation revisited" (2004): a column of the table is
//! kept as the places where it does not rise, 64 cells a word.

use super::block_masks::BlockMasks;
use super::characters::{Character, common_prefix, without_common_affixes};
use super::masks::{Masks, WORD};
use crate::interrupt::Watch;

/// What is kept between two texts.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    masks: Masks,
    block_masks: BlockMasks,
    column: Vec<u64>,
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
        compute: impl FnOnce(&mut Column<'_>) -> T,
    ) -> T {
        if pattern.len() > WORD {
            if backwards {
                let reversed: Vec<C> = pattern.iter().rev().copied().collect();
                self.block_masks.set(&reversed);
            } else {
                self.block_masks.set(pattern);
            }
            return compute(&mut Column::Blocks(&self.block_masks, &mut self.column));
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
enum Column<'a> {
    Word(&'a Masks, usize),
    Blocks(&'a BlockMasks, &'a mut Vec<u64>),
}

impl Column<'_> {
    #[inline]
    fn run<C: Character>(
        &mut self,
        text: impl Iterator<Item = C>,
        mut seen: impl FnMut(usize, usize),
    ) -> usize {
        let mut read = 0;
        match self {
            Self::Word(masks, length) => {
                let all = !0 >> (WORD - *length);
                let mut level = !0_u64;
                for character in text {
                    let matches = level & masks.get(character);
                    level = level.wrapping_add(matches) | (level - matches);
                    read += 1;
                    seen(read, (!level & all).count_ones() as usize);
                }
                (!level & all).count_ones() as usize
            }
            Self::Blocks(masks, column) => {
                column.clear();
                column.resize(masks.blocks(), !0);
                let mut common = 0;
                let mut watch = Watch::default();
                for character in text {
                    if watch.is_interrupted_after(column.len()) {
                        break;
                    }
                    let mut carry = false;
                    common = 0;
                    for (level, matches) in column.iter_mut().zip(masks.get(character)) {
                        let matches = *level & matches;
                        let (sum, first) = level.overflowing_add(matches);
                        let (sum, second) = sum.overflowing_add(u64::from(carry));
                        carry = first | second;
                        *level = sum | (*level - matches);
                        common += level.count_zeros() as usize;
                    }
                    read += 1;
                    seen(read, common);
                }
                common
            }
        }
    }
}
