//! What similarity a join asks for.

use std::fmt;

/// A similarity of two texts, and from where on they are similar enough.
///
/// The texts are what the arguments of the function evaluated to, on either side. All metrics are
/// symmetric. A pair satisfies the predicate exactly where the SQL function, computed for it and
/// compared with the bound, does: what an index verifies with must give the function's very value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Predicate {
    pub(crate) metric: Metric,
    pub(crate) bound: Bound,
}

/// How two texts are compared.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Metric {
    /// `levenshtein` at costs of 1.
    Levenshtein,
    /// `osa_distance`: no text between two characters that were swapped.
    Osa,
    /// `damerau_levenshtein`: the true distance.
    DamerauLevenshtein,
    /// `hamming`: NULL where the lengths differ, which is never similar.
    Hamming,
    /// `normalized_levenshtein`: 1 - distance / characters of the longer.
    NormalizedLevenshtein,
    /// `jaro_similarity`.
    Jaro,
    /// `jaro_winkler_similarity`.
    JaroWinkler,
    /// `jaccard` over n-grams of characters.
    Jaccard { n: u32 },
    /// `sorensen_dice` over n-grams of characters.
    Dice { n: u32 },
    /// `cosine` over n-grams of characters.
    Cosine { n: u32 },
    /// The overlap coefficient over n-grams of characters.
    Overlap { n: u32 },
    /// pg_trgm's `similarity`, whose value is a 32-bit float.
    Trigram,
    /// `token_sort_ratio`.
    TokenSort,
    /// `token_set_ratio`.
    TokenSet,
}

/// From where on two texts are similar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bound {
    /// A distance of no more than this: `<= 2`, and `< 3`.
    AtMost(u32),
    /// A similarity of no less than this, in the unit of the function; a 32-bit float is widened
    /// before it is compared. `> x` has become the next float above `x`.
    AtLeast(f64),
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(distance) => write!(f, "<= {distance}"),
            Self::AtLeast(similarity) => write!(f, ">= {similarity}"),
        }
    }
}
