//! Pairs that wait for a group.

use super::group::LONGEST;

/// Where a pair of texts stands, and how long these are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pair {
    row: u32,
    /// The length of its shorter text.
    pub(super) shorter: u8,
    /// The length of its longer text.
    pub(super) longer: u8,
    /// Whether the right text is the shorter one.
    pub(super) swapped: bool,
}

impl Pair {
    /// A pair whose texts are no longer than [`LONGEST`].
    #[inline(always)]
    pub(crate) fn new(row: usize, shorter: usize, longer: usize, swapped: bool) -> Self {
        Self {
            row: row as u32,
            shorter: shorter as u8,
            longer: longer as u8,
            swapped,
        }
    }

    #[inline(always)]
    pub(crate) fn row(&self) -> usize {
        self.row as usize
    }

    /// What pairs are sorted by, so that those of a group are about as long: how wide the words are
    /// that the shorter text takes, and how long the longer one is.
    #[inline(always)]
    fn rank(self) -> usize {
        let wider = |than: u8| usize::from(self.shorter > than);
        let width = wider(8) + wider(16) + wider(32);
        (width * (LONGEST + 1) + usize::from(self.longer)) % RANKS
    }
}

/// How many ranks there are.
const RANKS: usize = 4 * (LONGEST + 1);

/// Pairs in any order.
#[derive(Debug)]
pub(crate) struct Pairs {
    pairs: Vec<Pair>,
    filled: usize,
}

impl Pairs {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            pairs: vec![Pair::default(); capacity],
            filled: 0,
        }
    }

    /// Takes in a pair, or not, without a branch that could not be foretold. No more are offered
    /// than there is room for.
    #[inline(always)]
    pub(crate) fn push_if(&mut self, taken: bool, pair: Pair) {
        self.pairs[self.filled] = pair;
        self.filled += usize::from(taken);
    }

    /// The pairs by rank: D. E. Knuth, The Art of Computer Programming 3, 5.2, distribution
    /// counting.
    pub(crate) fn sorted(self) -> Vec<Pair> {
        let pairs = &self.pairs[..self.filled];
        let mut places = [0_usize; RANKS];
        for pair in pairs {
            places[pair.rank()] += 1;
        }
        let mut before = 0;
        for place in &mut places {
            before += std::mem::replace(place, before);
        }
        let mut sorted = vec![Pair::default(); pairs.len()];
        for pair in pairs {
            let place = &mut places[pair.rank()];
            sorted[*place] = *pair;
            *place += 1;
        }
        sorted
    }
}
