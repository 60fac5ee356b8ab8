//! Several pairs of short texts at once, one pair a lane of a vector: no branch depends on a
//! character, and no text is decoded where it is ASCII.

pub(crate) mod damerau;
pub(crate) mod edit;
pub(crate) mod group;
pub(crate) mod jaro;
pub(crate) mod ngrams;
pub(crate) mod subsequence;
mod word;
