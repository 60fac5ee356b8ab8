//! Whether two texts are within a number of edits.

use super::super::predicate::Metric;
use crate::similarity::kernel::characters::{Character, Decoder, Pair};
use crate::similarity::kernel::diagonals::{self, Run, Swaps};
use crate::similarity::kernel::{damerau, edit};

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
        let swaps = match metric {
            Metric::Hamming => return left.len() == right.len() && mismatches(left, right, most),
            Metric::Osa => Swaps::Adjacent,
            Metric::DamerauLevenshtein => Swaps::Apart,
            _ => Swaps::None,
        };
        if diagonals::pay(left.len(), right.len(), most, swaps) {
            return self.diagonals.within(left, right, most, swaps).is_some();
        }
        let distance = match swaps {
            Swaps::None => self.levenshtein.distance(left, right),
            Swaps::Adjacent => self.osa.distance(left, right),
            Swaps::Apart => self.damerau.distance(left, right),
        };
        distance <= most
    }
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
