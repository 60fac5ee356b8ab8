//! Metrics of many pairs at once, one pair a lane.

mod band;
pub(crate) mod damerau;
pub(crate) mod edit;
pub(crate) mod jaro;
pub(crate) mod ngrams;
pub(crate) mod subsequence;
mod word;
