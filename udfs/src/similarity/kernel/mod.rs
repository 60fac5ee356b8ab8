//! What the metrics compute with: characters, their positions as bits, distances over them.

pub(crate) mod block_masks;
pub(crate) mod characters;
pub(crate) mod damerau;
pub(crate) mod diagonals;
pub(crate) mod edit;
pub(crate) mod hamming;
pub(crate) mod jaro;
pub(crate) mod lanes;
pub(crate) mod masks;
pub(crate) mod ngrams;
pub(crate) mod subsequence;
pub(crate) mod weighted;
pub(crate) mod words;
