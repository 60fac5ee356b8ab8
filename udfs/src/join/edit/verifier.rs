//! Whether two texts are within a number of edits.

use super::super::predicate::Metric;
use crate::similarity::kernel::characters::{Character, Decoder, Pair};
use crate::similarity::kernel::diagonals::{self, Run, Swaps};
use crate::similarity::kernel::{damerau, edit};

/// Up to how many edits swaps apart are looked for along the diagonals: their number grows with
/// the fourth power.
const MOST_SWAPPED_APART: usize = 12;

/// Compares texts by a metric.
#[derive(Debug)]
pub(super) struct Verifier {
    metric: Metric,
    decoder: Decoder,
    kernels: Kernels,
}

#[derive(Debug, Default)]
struct Kernels {
    diagonals: diagonals::Scratch,
    levenshtein: edit::Scratch<false>,
    osa: edit::Scratch<true>,
    damerau: damerau::Scratch,
}

impl Verifier {
    pub(super) fn new(metric: Metric) -> Self {
        Self {
            metric,
            decoder: Decoder::default(),
            kernels: Kernels::default(),
        }
    }

    /// Whether two texts are within a number of edits.
    #[inline]
    pub(super) fn within(&mut self, left: &str, right: &str, most: u32) -> bool {
        let most = most as usize;
        match self.decoder.decode(left, right) {
            Pair::Ascii(left, right) => self.kernels.within(self.metric, left, right, most),
            Pair::Unicode(left, right) => self.kernels.within(self.metric, left, right, most),
        }
    }
}

impl Kernels {
    #[inline]
    fn within<C: Run>(&mut self, metric: Metric, left: &[C], right: &[C], most: usize) -> bool {
        match metric {
            Metric::Hamming => left.len() == right.len() && mismatches(left, right, most),
            Metric::Osa if by_bits(left.len(), right.len(), most) => {
                self.osa.distance(left, right) <= most
            }
            Metric::Osa => self.diagonals(left, right, most, Swaps::Adjacent),
            Metric::DamerauLevenshtein if most <= MOST_SWAPPED_APART => {
                self.diagonals(left, right, most, Swaps::Apart)
            }
            Metric::DamerauLevenshtein => self.damerau.distance(left, right) <= most,
            _ if by_bits(left.len(), right.len(), most) => {
                self.levenshtein.distance(left, right) <= most
            }
            _ => self.diagonals(left, right, most, Swaps::None),
        }
    }

    #[inline]
    fn diagonals<C: Run>(&mut self, left: &[C], right: &[C], most: usize, swaps: Swaps) -> bool {
        self.diagonals.within(left, right, most, swaps).is_some()
    }
}

/// Whether Myers' algorithm is faster than going along the diagonals: it takes a step for each word
/// of the shorter text and character of the longer, where about as many furthest cells as the
/// square of the edits are found in the same time.
fn by_bits(left: usize, right: usize, most: usize) -> bool {
    let (shorter, longer) = (left.min(right), left.max(right));
    let words = shorter.div_ceil(64).saturating_mul(longer);
    words < most.saturating_mul(most)
}

/// Whether no more than so many places have different characters.
fn mismatches<C: Character>(left: &[C], right: &[C], most: usize) -> bool {
    let mut rest = most;
    left.iter().zip(right).all(|(left, right)| {
        left == right || {
            let within = rest > 0;
            rest = rest.saturating_sub(1);
            within
        }
    })
}
