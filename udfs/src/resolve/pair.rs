//! Pairs that may match.

use super::mixture::probability;

/// Pairs that are less probable are not kept.
const LEAST_PROBABILITY: f64 = 0.01;

/// The log-odds from which on pairs are kept.
pub(super) fn least_log_odds() -> f64 {
    (LEAST_PROBABILITY / (1.0 - LEAST_PROBABILITY)).ln()
}

/// A pair of records that may be one entity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The places of the records; the left one has the higher place.
    pub left: u32,
    /// See `left`.
    pub right: u32,
    /// The natural logarithm of the odds that they are one entity.
    pub log_odds: f32,
}

impl Pair {
    /// The probability that they are one entity.
    pub fn probability(&self) -> f64 {
        probability(f64::from(self.log_odds))
    }

    /// The binary logarithm of the odds: the match weight.
    pub fn weight(&self) -> f64 {
        f64::from(self.log_odds) / std::f64::consts::LN_2
    }
}
