//! Pairs that wait for a group.

use super::texts::LONGEST;

/// Where a pair of texts stands, and how long these are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pair {
    row: u32,
    /// The lengths of the texts.
    pub(super) first: u8,
    pub(super) second: u8,
    /// Whether the right text is the first one.
    pub(super) swapped: bool,
    /// What pairs are sorted by, so that those of a group are about as long: how wide the words are
    /// that the first text takes, and how long the second is.
    rank: u8,
}

/// So many characters more than most texts have are as soon compared as pairs are sorted.
const SPREAD: u32 = 16;

/// No more than one pair of so many is few.
const FEW: u32 = 8;

/// How many ranks there are.
const RANKS: usize = 1 << u8::BITS;

impl Pair {
    /// A pair whose texts are no longer than [`LONGEST`].
    #[inline(always)]
    pub(super) fn new(row: usize, first: usize, second: usize, swapped: bool) -> Self {
        let wider = |than: usize| usize::from(first > than);
        let width = wider(8) + wider(16) + wider(32);
        Self {
            row: row as u32,
            first: first as u8,
            second: second as u8,
            swapped,
            rank: (width * LONGEST + second.saturating_sub(1)) as u8,
        }
    }

    #[inline(always)]
    fn longer(&self) -> u32 {
        u32::from(self.first.max(self.second))
    }

    #[inline(always)]
    pub(super) fn row(&self) -> usize {
        self.row as usize
    }
}

/// How many pairs are longer than a limit, if few are, and if the longest of the others is not much
/// longer than most are.
#[inline(always)]
pub(super) fn few_beyond(limit: u32, lengths: impl Iterator<Item = u32>) -> Option<u32> {
    let (mut count, mut total, mut longest, mut beyond) = (0_u32, 0_u32, 0, 0_u32);
    for length in lengths {
        let fitting = if length <= limit { length } else { 0 };
        beyond += u32::from(length > limit);
        count += 1;
        total += fitting;
        longest = fitting.max(longest);
    }
    let spread = total + count * SPREAD;
    (longest * count <= spread && beyond * FEW <= count).then_some(beyond)
}

/// Pairs in any order.
#[derive(Debug)]
pub(super) struct Pairs {
    pairs: Vec<Pair>,
    filled: usize,
}

impl Pairs {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self {
            pairs: vec![Pair::default(); capacity],
            filled: 0,
        }
    }

    /// Takes in a pair, or not, without a branch that could not be foretold. No more are offered
    /// than there is room for.
    #[inline(always)]
    pub(super) fn push_if(&mut self, taken: bool, pair: Pair) {
        self.pairs[self.filled] = pair;
        self.filled += usize::from(taken);
    }

    /// Whether none is longer than a limit, nor the longest much longer than most are.
    pub(super) fn are_of_about_one_length(&self, limit: usize) -> bool {
        let lengths = self.pairs[..self.filled].iter().map(Pair::longer);
        few_beyond(limit as u32, lengths) == Some(0)
    }

    /// The pairs in the order in which they were taken in.
    pub(super) fn in_order(mut self) -> Vec<Pair> {
        self.pairs.truncate(self.filled);
        self.pairs
    }

    /// The pairs by rank: D. E. Knuth, The Art of Computer Programming 3, 5.2, distribution
    /// counting.
    pub(super) fn sorted(self) -> Vec<Pair> {
        let pairs = &self.pairs[..self.filled];
        let mut places = [0_usize; RANKS];
        for pair in pairs {
            places[usize::from(pair.rank)] += 1;
        }
        let mut before = 0;
        for place in &mut places {
            before += std::mem::replace(place, before);
        }
        let mut sorted = vec![Pair::default(); pairs.len()];
        for pair in pairs {
            let place = &mut places[usize::from(pair.rank)];
            sorted[*place] = *pair;
            *place += 1;
        }
        sorted
    }
}
