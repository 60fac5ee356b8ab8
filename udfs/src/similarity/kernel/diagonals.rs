//! Whether two texts are within a few edits of each other.
//!
//! E. Ukkonen, "Algorithms for approximate string matching", Information and Control 64 (1985):
//! on each diagonal of the table, distances never fall, so the furthest cell that a number of edits
//! reaches says all about the diagonal. With `k` edits there are (k + 1)² of these, whatever the
//! lengths are; a run of equal characters is walked over eight bytes at a time.
//!
//! The same holds where neighbours may be swapped, since a swap that starts before the furthest
//! cell ends no further than a substitution that starts at it.

use super::characters::{Character, common_prefix};
use crate::interrupt::Watch;

/// Which edits there are beside inserting, deleting and substituting a character.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Swaps {
    /// None: Levenshtein distance.
    None,
    /// Two neighbours may change places, and are not edited again: optimal string alignment.
    Adjacent,
    /// Two characters may change places, and what stands between them is deleted or inserted:
    /// Damerau-Levenshtein distance.
    Apart,
}

/// Up to how many edits swaps apart are looked for along the diagonals: what is looked at grows with
/// the fourth power of them.
const MOST_SWAPPED_APART: usize = 12;

/// Whether going along the diagonals is faster than filling the table for two texts of these
/// lengths. Myers' algorithm takes a step for each word of the shorter text and character of the
/// longer, and about as many furthest cells as the square of the edits are found in the same time.
pub(crate) fn pay(left: usize, right: usize, most: usize, swaps: Swaps) -> bool {
    if swaps == Swaps::Apart {
        return most <= MOST_SWAPPED_APART;
    }
    let (shorter, longer) = (left.min(right), left.max(right));
    let words = shorter.div_ceil(64).saturating_mul(longer);
    words >= most.saturating_mul(most)
}

/// No cell of a diagonal is reached.
const NOWHERE: isize = isize::MIN / 2;

/// What is kept between two texts: for some numbers of edits, for each diagonal, the furthest row.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    furthest: Vec<isize>,
}

impl Scratch {
    /// The distance of two texts, if it is `most` or less.
    pub(crate) fn within<C: Run>(
        &mut self,
        left: &[C],
        right: &[C],
        most: usize,
        swaps: Swaps,
    ) -> Option<usize> {
        let shift = right.len() as isize - left.len() as isize;
        if shift.unsigned_abs() > most {
            return None;
        }
        let start = C::run(left, right);
        if start == left.len() && shift == 0 {
            return Some(0);
        }
        let (left, right) = (&left[start..], &right[start..]);
        if most == 0 {
            return None;
        }
        if most == 1 && swaps == Swaps::None {
            return one_edit(left, right).then_some(1);
        }
        self.search(left, right, most, swaps)
    }

    /// The search for texts whose first characters differ.
    fn search<C: Run>(
        &mut self,
        left: &[C],
        right: &[C],
        most: usize,
        swaps: Swaps,
    ) -> Option<usize> {
        let shift = right.len() as isize - left.len() as isize;
        let longest = (left.len().max(right.len())) as isize;
        let most = most.min(longest as usize) as isize;
        // A margin of one on either side saves asking whether there is a neighbour.
        let width = (2 * most + 3) as usize;
        self.furthest.clear();
        // But for swaps apart, the last number of edits is all that the next is made from. What an
        // earlier one left in its place is reached by fewer edits, and so is no harm.
        let kept = if swaps == Swaps::Apart { most + 1 } else { 2 };
        self.furthest.resize(width * kept as usize, NOWHERE);
        let place = |edits: isize, diagonal: isize| {
            (edits % kept) as usize * width + (diagonal + most + 1) as usize
        };
        self.furthest[place(0, 0)] = 0;
        let mut watch = Watch::default();
        for edits in 1..=most {
            // How many swaps are tried for a diagonal.
            let tried = match swaps {
                Swaps::Apart => (edits * edits) as usize / 2,
                Swaps::None | Swaps::Adjacent => 0,
            };
            // A diagonal from which the last cannot be reached any more is of no use.
            let rest = most - edits;
            for diagonal in (-edits).max(shift - rest)..=edits.min(shift + rest) {
                let above = place(edits - 1, diagonal);
                let before = self.furthest[above];
                let mut row = (before + 1)
                    .max(self.furthest[above - 1])
                    .max(self.furthest[above + 1] + 1);
                match swaps {
                    Swaps::None => {}
                    Swaps::Adjacent => {
                        if swapped(left, right, before, before + diagonal, 0, 0) {
                            row = row.max(before + 2);
                        }
                    }
                    Swaps::Apart => {
                        row = row.max(self.swap_apart(left, right, edits, diagonal, place));
                    }
                }
                row = row
                    .min(left.len() as isize)
                    .min(right.len() as isize - diagonal);
                if row < 0 || row + diagonal < 0 {
                    continue;
                }
                let run = C::run(&left[row as usize..], &right[(row + diagonal) as usize..]);
                row += run as isize;
                if diagonal == shift && row == left.len() as isize {
                    return Some(edits as usize);
                }
                // A run is walked over in steps of eight.
                if watch.is_interrupted_after(1 + run / 8 + tried) {
                    return None;
                }
                self.furthest[place(edits, diagonal)] = row;
            }
        }
        None
    }

    /// The furthest row that a swap ends at, of those that come to this number of edits.
    fn swap_apart<C: Run>(
        &self,
        left: &[C],
        right: &[C],
        edits: isize,
        diagonal: isize,
        place: impl Fn(isize, isize) -> usize,
    ) -> isize {
        let mut best = NOWHERE;
        for between in 0..edits {
            for deleted in 0..=between {
                let inserted = between - deleted;
                let before = edits - 1 - between;
                let from = diagonal - inserted + deleted;
                if from.abs() > before {
                    continue;
                }
                let row = self.furthest[place(before, from)];
                if swapped(left, right, row, row + from, deleted, inserted) {
                    best = best.max(row + 2 + deleted);
                }
            }
        }
        best
    }
}

/// Whether two characters change places that start at a row and a column, with so many characters
/// between them on either side.
#[inline]
fn swapped<C: Eq>(
    left: &[C],
    right: &[C],
    row: isize,
    column: isize,
    deleted: isize,
    inserted: isize,
) -> bool {
    let (last_row, last_column) = (row + deleted + 1, column + inserted + 1);
    row >= 0
        && column >= 0
        && last_row < left.len() as isize
        && last_column < right.len() as isize
        && left[row as usize] == right[last_column as usize]
        && left[last_row as usize] == right[column as usize]
}

/// Whether one edit makes the same of two texts whose first characters differ.
#[inline]
fn one_edit<C: Run>(left: &[C], right: &[C]) -> bool {
    let (left, right) = match left.len().cmp(&right.len()) {
        std::cmp::Ordering::Less => (left, &right[1..]),
        std::cmp::Ordering::Equal => (&left[1..], &right[1..]),
        std::cmp::Ordering::Greater => (&left[1..], right),
    };
    left == right
}

/// A character of which many are compared at a time.
pub(crate) trait Run: Character {
    /// How many leading characters two texts share.
    fn run(left: &[Self], right: &[Self]) -> usize;
}

impl Run for u8 {
    #[inline]
    fn run(left: &[Self], right: &[Self]) -> usize {
        let mut length = 0;
        for (left, right) in left.as_chunks::<8>().0.iter().zip(right.as_chunks::<8>().0) {
            let differences = u64::from_le_bytes(*left) ^ u64::from_le_bytes(*right);
            if differences != 0 {
                return length + differences.trailing_zeros() as usize / 8;
            }
            length += 8;
        }
        length + common_prefix(&left[length..], &right[length..])
    }
}

impl Run for char {
    #[inline]
    fn run(left: &[Self], right: &[Self]) -> usize {
        common_prefix(left, right)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::similarity::kernel::{damerau, edit};

    fn text() -> impl Strategy<Value = String> {
        prop_oneof!["[ab]{0,9}", "[abcé]{0,20}", "[ab]{60,70}"]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn finds_the_distance_up_to_the_most(a in text(), b in text(), most in 0_usize..9) {
            let mut scratch = Scratch::default();
            let (left, right): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            for (swaps, distance) in [
                (Swaps::None, edit::Scratch::<false>::default().distance(&left, &right)),
                (Swaps::Adjacent, strsim::osa_distance(&a, &b)),
                (Swaps::Apart, damerau::Scratch::default().distance(&left, &right)),
            ] {
                let expected = (distance <= most).then_some(distance);
                prop_assert_eq!(scratch.within(&left, &right, most, swaps), expected);
                if a.is_ascii() && b.is_ascii() {
                    let found = scratch.within(a.as_bytes(), b.as_bytes(), most, swaps);
                    prop_assert_eq!(found, expected);
                }
            }
        }
    }
}
