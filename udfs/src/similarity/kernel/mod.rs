//! What the metrics compute with: characters, their positions as bits, distances over them.

pub(super) mod block_masks;
pub(super) mod characters;
pub(super) mod damerau;
pub(super) mod edit;
pub(super) mod jaro;
pub(super) mod masks;
pub(super) mod ngrams;
pub(super) mod subsequence;
pub(super) mod weighted;
pub(super) mod words;
