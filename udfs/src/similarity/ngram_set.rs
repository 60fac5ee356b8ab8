//! Similarities of two texts as sets of character n-grams.

use arrow::datatypes::{Float64Type, Int64Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;

use super::kernel::lanes::ngrams::similarities;
use super::kernel::ngrams::{Coefficient, LONGEST, Ngrams};
use super::parameter;
use crate::FunctionError;
use crate::arguments::{Call, Metric, Sides};
use crate::lanes::{self, Group, InLanes, Lanes};

/// Answers a call of a function of two texts and perhaps the length of n-grams.
pub(super) fn invoke(
    function: &str,
    call: &Call<'_>,
    coefficient: Coefficient,
    default: usize,
) -> Result<ColumnarValue> {
    if call.count() == 2 {
        return call.pairs(Similarity::new(coefficient, default));
    }
    parameter::pairs::<Int64Type, _>(call, 2, |n| match usize::try_from(n) {
        Ok(n @ 1..=LONGEST) => Ok(Similarity::new(coefficient, n)),
        _ => Err(FunctionError::invalid_argument(format!(
            "{function}: n-grams of {n} characters are not between 1 and {LONGEST} long"
        ))
        .with_hint("Give the number of characters of each n-gram, such as 2 or 3.")),
    })
}

#[derive(Debug)]
struct Similarity {
    coefficient: Coefficient,
    n: usize,
    left: Ngrams,
    right: Ngrams,
}

impl Similarity {
    fn new(coefficient: Coefficient, n: usize) -> Self {
        Self {
            coefficient,
            n,
            left: Ngrams::default(),
            right: Ngrams::default(),
        }
    }
}

impl Metric for Similarity {
    type Answer = Float64Type;

    #[inline]
    fn pair(&mut self, left: &str, right: &str) -> f64 {
        self.prepare(left);
        self.prepared(right)
    }

    fn prepare(&mut self, constant: &str) {
        self.left.set(constant, self.n);
    }

    #[inline]
    fn prepared(&mut self, other: &str) -> f64 {
        self.right.set(other, self.n);
        let common = self.left.common(&self.right);
        let (left, right) = (self.left.len(), self.right.len());
        self.coefficient.of(left, right, common)
    }

    fn many(&mut self, sides: Sides<'_>, rows: impl Iterator<Item = usize>, answers: &mut [f64]) {
        lanes::many(self, sides, rows, answers);
    }
}

impl InLanes for Similarity {
    /// A text that is shorter than an n-gram is one itself.
    #[inline(always)]
    fn fits(&self, shorter: usize, longer: usize) -> bool {
        let whole = |length| length == 0 || length >= self.n;
        whole(shorter) && whole(longer)
    }

    fn group(&mut self, group: &Group) -> Lanes<f64> {
        similarities(group, self.n, self.coefficient)
    }
}
