//! A group of pairs of texts, one pair a lane.

use super::LANES;
use super::characters::{BEHIND_FIRST, BEHIND_SECOND};
use super::pairs::Pair;
use super::texts::{CHUNKS, Source, Staged, Texts, UNSTAGED, put, stage};
use super::transpose::CHUNK;

/// Pairs of texts. Where it does not matter to a metric which is which, the first text of a pair
/// is the shorter one, unless pairs are taken as they come.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) first: Texts,
    pub(crate) second: Texts,
    staged: [Staged; 2],
    /// What stands behind the first text of each pair, and behind the second.
    behind: [u8; 2],
}

impl Group {
    /// A group of no pairs; what will stand behind the ends of both texts of a pair is equal, or
    /// never is.
    pub(super) fn new(ends_match: bool) -> Self {
        let behind_second = if ends_match {
            BEHIND_FIRST
        } else {
            BEHIND_SECOND
        };
        Self {
            first: Texts::EMPTY,
            second: Texts::EMPTY,
            staged: [UNSTAGED; 2],
            behind: [BEHIND_FIRST, behind_second],
        }
    }

    /// Takes in up to [`LANES`] pairs. What the other lanes hold means nothing.
    #[inline(never)]
    pub(super) fn fill(&mut self, pairs: &[Pair], left: &impl Source, right: &impl Source) {
        let mut swapped = [0; LANES];
        for (lane, pair) in pairs.iter().enumerate().take(LANES) {
            self.first.lengths.0[lane] = pair.first;
            self.second.lengths.0[lane] = pair.second;
            swapped[lane] = u8::from(pair.swapped);
        }
        let rows = pairs.iter().map(Pair::row);
        match self.measure(pairs.len()) {
            0 => {}
            1 => self.stage::<1>(rows, &swapped, left, right),
            2 => self.stage::<2>(rows, &swapped, left, right),
            3 => self.stage::<3>(rows, &swapped, left, right),
            _ => self.stage::<CHUNKS>(rows, &swapped, left, right),
        }
        self.set_positions();
    }

    /// Takes in the pairs of rows that follow each other from one on, as they are; where one of the
    /// texts is longer than a limit, two empty ones.
    #[inline(never)]
    pub(super) fn fill_from(
        &mut self,
        first: usize,
        (lefts, rights): (&[u32], &[u32]),
        limit: u32,
        left: &impl Source,
        right: &impl Source,
    ) {
        let count = lefts.len().min(rights.len()).min(LANES);
        let firsts = self.first.lengths.0.iter_mut();
        let places = firsts.zip(&mut self.second.lengths.0);
        for ((left, right), (first, second)) in lefts.iter().zip(rights).zip(places) {
            let fits = *left <= limit && *right <= limit;
            *first = if fits { *left as u8 } else { 0 };
            *second = if fits { *right as u8 } else { 0 };
        }
        let rows = first..first + count;
        match self.measure(count) {
            0 => {}
            1 => self.stage_as_they_come::<1>(rows, left, right),
            2 => self.stage_as_they_come::<2>(rows, left, right),
            3 => self.stage_as_they_come::<3>(rows, left, right),
            _ => self.stage_as_they_come::<CHUNKS>(rows, left, right),
        }
        self.set_positions();
    }

    /// Takes in how long so many texts of each side are; how many chunks the longest has.
    #[inline(always)]
    fn measure(&mut self, count: usize) -> usize {
        self.first.measure(count);
        self.second.measure(count);
        let longest = self.first.longest().max(self.second.longest());
        longest.div_ceil(CHUNK)
    }

    #[inline(always)]
    fn set_positions(&mut self) {
        let [first, second] = &self.staged;
        self.first.set_positions(first, self.behind[0]);
        self.second.set_positions(second, self.behind[1]);
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

    #[inline(always)]
    fn stage_as_they_come<const N: usize>(
        &mut self,
        rows: std::ops::Range<usize>,
        left: &impl Source,
        right: &impl Source,
    ) {
        let [lefts, rights] = &mut self.staged;
        stage::<N>(lefts, left, rows.clone());
        stage::<N>(rights, right, rows);
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
            put::<N>(staged, lane, bytes);
            number += 1;
        });
    }
}
