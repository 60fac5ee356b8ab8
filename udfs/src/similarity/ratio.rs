//! Similarities that a kernel computes pair by pair.

use arrow::datatypes::Float64Type;

use crate::arguments::Metric;

/// A similarity of two texts, and the kernel that computes it.
pub(super) struct Ratio<K> {
    kernel: K,
    ratio: fn(&mut K, &str, &str) -> f64,
    constant: String,
}

impl<K: Default> Ratio<K> {
    pub(super) fn new(ratio: fn(&mut K, &str, &str) -> f64) -> Self {
        Self {
            kernel: K::default(),
            ratio,
            constant: String::new(),
        }
    }
}

impl<K> Metric for Ratio<K> {
    type Answer = Float64Type;

    fn pair(&mut self, left: &str, right: &str) -> f64 {
        (self.ratio)(&mut self.kernel, left, right)
    }

    fn prepare(&mut self, constant: &str) {
        self.constant = constant.to_string();
    }

    fn prepared(&mut self, other: &str) -> f64 {
        (self.ratio)(&mut self.kernel, &self.constant, other)
    }
}
