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
    pub(super) fn fill(&mut self, pairs: &[Pair], left: &impl Source, right: &impl Source) {
        let mut swapped = [0; LANES];
        for (lane, pair) in pairs.iter().enumerate().take(LANES) {
            self.first.lengths.0[lane] = pair.first;
            self.second.lengths.0[lane] = pair.second;
            swapped[lane] = u8::from(pair.swapped);
        }
        self.take_in(
            pairs.iter().map(Pair::row),
            pairs.len(),
            &swapped,
            left,
            right,
        );
    }

    /// As [`Self::fill`], of rows that follow each other from one on, of which it does not matter
    /// which text is the left one.
    #[inline(never)]
    pub(super) fn fill_from(
        &mut self,
        first: usize,
        (lefts, rights): (&[u32], &[u32]),
        left: &impl Source,
        right: &impl Source,
    ) {
        let mut swapped = [0; LANES];
        let count = lefts.len().min(rights.len()).min(LANES);
        let lengths = lefts.iter().zip(rights);
        let firsts = self.first.lengths.0.iter_mut();
        let places = firsts.zip(&mut self.second.lengths.0).zip(&mut swapped);
        for ((left, right), ((shorter, longer), swapped)) in lengths.zip(places) {
            let (left, right) = (*left as u8, *right as u8);
            *shorter = left.min(right);
            *longer = left.max(right);
            *swapped = u8::from(left > right);
        }
        self.take_in(first..first + count, count, &swapped, left, right);
    }

    #[inline(always)]
    fn take_in(
        &mut self,
        rows: impl Iterator<Item = usize> + Clone,
        count: usize,
        swapped: &[u8; LANES],
        left: &impl Source,
        right: &impl Source,
    ) {
        self.first.measure(count);
        self.second.measure(count);
        let longest = self.first.longest().max(self.second.longest());
        match longest.div_ceil(CHUNK) {
            0 => {}
            1 => self.stage::<1>(rows, swapped, left, right),
            2 => self.stage::<2>(rows, swapped, left, right),
            3 => self.stage::<3>(rows, swapped, left, right),
            _ => self.stage::<CHUNKS>(rows, swapped, left, right),
        }
        let [first, second] = &self.staged;
        self.first.set_positions(first, BEHIND_FIRST);
        self.second.set_positions(second, BEHIND_SECOND);
    }

    #[inline(always)]
    fn stage<const N: usize>(
        &mut self,
        rows: impl Iterator<Item = usize> + Clone,
        swapped: &[u8; LANES],
        left: &impl Source,
        right: &impl Source,
    ) {
        self.stage_side::<N>(rows.clone(), swapped, 0, left);
        self.stage_side::<N>(rows, swapped, 1, right);
    }

    /// Takes in the left texts (side 0) or the right ones (side 1) with N chunks of each.
    #[inline(always)]
    fn stage_side<const N: usize>(
        &mut self,
        rows: impl Iterator<Item = usize>,
        swapped: &[u8; LANES],
        side: u8,
        texts: &impl Source,
    ) {
        let mut number = 0;
        texts.each(rows, |bytes| {
            let lane = number % LANES;
            let staged = &mut self.staged[usize::from((side ^ swapped[lane]) & 1)];
            for (staged, chunk) in staged.iter_mut().zip(first_chunks::<N>(bytes)) {
                staged[lane] = chunk;
            }
            number += 1;
        });
    }
}
