//! Jaro similarity.
//!
//! M. A. Jaro, "Advances in record-linkage methodology as applied to matching the 1985 census of
//! Tampa, Florida", JASA 84 (1989). Two equal characters match when they stand no further apart
//! than half the longer text less one; each matches once, the first that is free first.
//! With the number of matches m and half the number of those that stand in another order
//! (rounded down) t: (m/|a| + m/|b| + (m - t)/m) / 3.

use std::collections::HashMap;

use super::characters::Character;
use super::masks::{Masks, WORD};

/// What is kept between two texts.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    masks: Masks,
    long: LongScratch,
}

/// How far apart two characters may stand to match.
pub(crate) fn reach(left: usize, right: usize) -> usize {
    (left.max(right) / 2).saturating_sub(1)
}

/// The highest similarity that two texts of these lengths can have.
pub(crate) fn upper_bound(left: usize, right: usize) -> f64 {
    if left == 0 || right == 0 {
        return if left == right { 1.0 } else { 0.0 };
    }
    let matches = left.min(right);
    from_counts(left, right, matches, 0)
}

/// The similarity of two texts of these lengths, of which so many characters match, and so many
/// of those stand in another order.
#[inline(always)]
pub(crate) fn from_counts(left: usize, right: usize, matches: usize, misplaced: usize) -> f64 {
    if matches == 0 {
        return if left + right == 0 { 1.0 } else { 0.0 };
    }
    let in_order = matches - misplaced / 2;
    let matches = matches as f64;
    (matches / left as f64 + matches / right as f64 + in_order as f64 / matches) / 3.0
}

impl Scratch {
    /// The similarity of two texts; 1 where both are empty, 0 where one is.
    pub(crate) fn similarity<C: Character>(&mut self, left: &[C], right: &[C]) -> f64 {
        self.similarity_from(left, right, 0).unwrap_or(0.0)
    }

    /// The similarity of two texts; `None`, and sooner, where one is longer than 64 characters and
    /// fewer than so many match.
    pub(crate) fn similarity_from<C: Character>(
        &mut self,
        left: &[C],
        right: &[C],
        fewest: usize,
    ) -> Option<f64> {
        if left.is_empty() || right.is_empty() {
            return Some(upper_bound(left.len(), right.len()));
        }
        if left.len() > WORD || right.len() > WORD {
            let (matches, misplaced) = self.long.compare(left, right, fewest)?;
            return Some(from_counts(left.len(), right.len(), matches, misplaced));
        }
        self.masks.set(left);
        let similarity = similarity_to_masks(&self.masks, left.len(), right);
        self.masks.unset(left);
        Some(similarity)
    }
}

/// The similarity of two texts of 1 to 64 characters, the first of them as masks.
#[inline]
pub(crate) fn similarity_to_masks<C: Character>(masks: &Masks, length: usize, other: &[C]) -> f64 {
    let reach = reach(length, other.len());
    let mut taken = 0_u64;
    let mut taken_other = 0_u64;
    for (position, character) in other.iter().enumerate() {
        let free = masks.get(*character) & window(position, reach) & !taken;
        taken |= free & free.wrapping_neg();
        taken_other |= u64::from(free != 0) << position;
    }
    let matches = taken.count_ones() as usize;
    let mut misplaced = 0;
    while taken_other != 0 {
        let first = taken & taken.wrapping_neg();
        let character = other[taken_other.trailing_zeros() as usize];
        misplaced += usize::from(masks.get(character) & first == 0);
        taken ^= first;
        taken_other &= taken_other - 1;
    }
    from_counts(length, other.len(), matches, misplaced)
}

/// The bits of the positions that are no further than `reach` (at most 31) from one below 64.
#[inline]
pub(crate) fn window(position: usize, reach: usize) -> u64 {
    let all = (1_u64 << (2 * reach + 1)) - 1;
    if position >= reach {
        all << (position - reach)
    } else {
        all >> (reach - position)
    }
}

/// What is kept between two texts of which one is longer than 64 characters.
///
/// The positions of each character are a list in order: as the window only moves forward, what
/// is too far behind for one position is so for all later ones, and each is looked at once.
#[derive(Debug, Default)]
struct LongScratch {
    /// The first position of each character that is still free.
    first: FirstPositions,
    /// The next position of the same character.
    next: Vec<usize>,
    taken: Vec<bool>,
    taken_other: Vec<usize>,
}

/// The end of a list of positions.
const NONE: usize = usize::MAX;

/// A position for each character.
#[derive(Debug)]
struct FirstPositions {
    ascii: [usize; 128],
    wide: HashMap<u32, usize>,
}

impl Default for FirstPositions {
    fn default() -> Self {
        Self {
            ascii: [NONE; 128],
            wide: HashMap::new(),
        }
    }
}

impl FirstPositions {
    fn clear(&mut self) {
        self.ascii = [NONE; 128];
        self.wide.clear();
    }

    #[inline]
    fn get_mut(&mut self, code: u32) -> Option<&mut usize> {
        match self.ascii.get_mut(code as usize) {
            Some(position) => Some(position),
            None => self.wide.get_mut(&code),
        }
    }

    /// Puts a position in the place of another, which it gives.
    #[inline]
    fn replace(&mut self, code: u32, position: usize) -> usize {
        match self.ascii.get_mut(code as usize) {
            Some(place) => std::mem::replace(place, position),
            None => self.wide.insert(code, position).unwrap_or(NONE),
        }
    }
}

impl LongScratch {
    /// How many characters match, and how many of those stand in another order; `None` where
    /// fewer than so many match.
    fn compare<C: Character>(
        &mut self,
        left: &[C],
        right: &[C],
        fewest: usize,
    ) -> Option<(usize, usize)> {
        let mut misses = right.len().checked_sub(fewest)?;
        let reach = reach(left.len(), right.len());
        self.list_positions(left);
        self.taken.clear();
        self.taken.resize(left.len(), false);
        self.taken_other.clear();
        for (position, character) in right.iter().enumerate() {
            if let Some(first) = self.first.get_mut(character.code()) {
                while *first != NONE && *first + reach < position {
                    *first = self.next[*first];
                }
                if *first != NONE && *first <= position + reach {
                    self.taken[*first] = true;
                    self.taken_other.push(position);
                    *first = self.next[*first];
                    continue;
                }
            }
            misses = misses.checked_sub(1)?;
        }
        let in_left = left
            .iter()
            .zip(&self.taken)
            .filter_map(|(character, taken)| taken.then_some(*character));
        let misplaced = in_left
            .zip(&self.taken_other)
            .filter(|(character, position)| *character != right[**position])
            .count();
        Some((self.taken_other.len(), misplaced))
    }

    fn list_positions<C: Character>(&mut self, text: &[C]) {
        self.first.clear();
        self.next.clear();
        self.next.resize(text.len(), NONE);
        for (position, character) in text.iter().enumerate().rev() {
            self.next[position] = self.first.replace(character.code(), position);
        }
    }
}
