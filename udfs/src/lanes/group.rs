//! A group of pairs of texts, one pair a lane.

use super::LANES;
use super::characters::{BEHIND_FIRST, BEHIND_SECOND};
use super::pairs::Pair;
use super::texts::{CHUNKS, Source, Staged, Texts, UNSTAGED, first_chunks};
use super::transpose::CHUNK;

/// Pairs of texts. Where it does not matter to a metric which is which, the first text of a pair
/// is the shorter one.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) first: Texts,
    pub(crate) second: Texts,
    staged: [Staged; 2],
}

impl Default for Group {
    fn default() -> Self {
        Self {
            first: Texts::EMPTY,
            second: Texts::EMPTY,
            staged: [UNSTAGED; 2],
        }
    }
}

impl Group {
    /// Takes in up to [`LANES`] pairs. What the other lanes hold means nothing.
    #[inline(never)]
    pub(super) fn fill(
        &mut self,
        pairs: impl Iterator<Item = Pair> + Clone,
        left: &impl Source,
        right: &impl Source,
    ) {
        self.first.set_lengths(pairs.clone().map(|pair| pair.first));
        self.second
            .set_lengths(pairs.clone().map(|pair| pair.second));
        let longest = self.first.longest().max(self.second.longest());
        match longest.div_ceil(CHUNK) {
            0 => {}
            1 => self.stage::<1>(pairs, left, right),
            2 => self.stage::<2>(pairs, left, right),
            3 => self.stage::<3>(pairs, left, right),
            _ => self.stage::<CHUNKS>(pairs, left, right),
        }
        let [first, second] = &self.staged;
        self.first.set_positions(first, BEHIND_FIRST);
        self.second.set_positions(second, BEHIND_SECOND);
    }

    #[inline(always)]
    fn stage<const N: usize>(
        &mut self,
        pairs: impl Iterator<Item = Pair> + Clone,
        left: &impl Source,
        right: &impl Source,
    ) {
        self.stage_side::<N>(pairs.clone(), 0, left);
        self.stage_side::<N>(pairs, 1, right);
    }

    /// Takes in the left texts (side 0) or the right ones (side 1) with N chunks of each.
    #[inline(always)]
    fn stage_side<const N: usize>(
        &mut self,
        pairs: impl Iterator<Item = Pair> + Clone,
        side: usize,
        texts: &impl Source,
    ) {
        let rows = pairs.clone().map(|pair| pair.row());
        let mut lanes = pairs.zip(0..LANES);
        texts.each(rows, |bytes| {
            let Some((pair, lane)) = lanes.next() else {
                return;
            };
            let staged = &mut self.staged[(side ^ usize::from(pair.swapped)) & 1];
            for (staged, chunk) in staged.iter_mut().zip(first_chunks::<N>(bytes)) {
                staged[lane] = chunk;
            }
        });
    }
}
