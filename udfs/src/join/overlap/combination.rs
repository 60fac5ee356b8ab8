//! Combinations of the rarest tokens of a record.
//!
//! Two records that share m of their tokens, of which one has a and the other b, share the first l
//! of those m, in order of rarity, among the first l + a - m tokens of the one and the first
//! l + b - m of the other: a shared token has at most a - m before it that are not. So a
//! combination of l tokens from there is found in both. With l = 1 this is the prefix filter of
//! set similarity joins (W. Mann, N. Augsten, P. Bouros, "An empirical evaluation of set similarity
//! join techniques", PVLDB 9 (2016)); with more, J. Wang, G. Li, J. Feng, "Can we beat the prefix
//! filtering?", SIGMOD 2012 extend it, and P. Wang, C. Xiao, J. Qin, W. Wang, X. Zhang, Y. Ishikawa,
//! "Local similarity search for unstructured text", SIGMOD 2016 combine the tokens to one key.

use super::records::{Token, UNKNOWN};

/// The hash of a number (S. Vigna's SplitMix64).
#[inline]
pub(crate) fn hash(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// In how many ways `length` of `tokens` can be chosen.
pub(crate) fn count(tokens: usize, length: usize) -> f64 {
    (0..length)
        .map(|i| tokens.saturating_sub(i) as f64 / (i + 1) as f64)
        .product()
}

/// Makes the keys of combinations.
#[derive(Debug, Default)]
pub(crate) struct Combinations {
    tokens: Vec<Token>,
    hashes: Vec<u64>,
}

impl Combinations {
    /// Calls `found` with the key of each combination of `length` of the `first` rarest tokens.
    /// A key is the sum of the tokens' hashes and of `base`, but for its lowest bits, which are
    /// the place of the last of these tokens among all of the record (see [`place`]).
    #[inline]
    pub(crate) fn keys(
        &mut self,
        tokens: &[Token],
        first: usize,
        length: usize,
        base: u64,
        mut found: impl FnMut(u64),
    ) {
        self.tokens.clear();
        self.tokens.extend_from_slice(tokens);
        self.tokens.sort_unstable();
        self.tokens.truncate(first);
        self.hashes.clear();
        // What the index does not have is in no combination that it has.
        let known = self.tokens.iter().filter(|token| **token != UNKNOWN);
        self.hashes
            .extend(known.map(|token| hash(u64::from(*token))));
        combine(&self.hashes, 0, length, base, &mut found);
    }
}

fn combine(hashes: &[u64], before: usize, length: usize, sum: u64, found: &mut impl FnMut(u64)) {
    match length {
        0 => found(with_place(sum, 0)),
        1 => {
            for (place, hash) in hashes.iter().enumerate() {
                found(with_place(sum.wrapping_add(*hash), before + place));
            }
        }
        _ => {
            for place in 0..(hashes.len() + 1).saturating_sub(length) {
                let sum = sum.wrapping_add(hashes[place]);
                let (rest, before) = (&hashes[place + 1..], before + place + 1);
                combine(rest, before, length - 1, sum, found);
            }
        }
    }
}

/// The bits of a key that are a place.
const PLACE: u64 = 0xFF;

#[inline]
fn with_place(sum: u64, place: usize) -> u64 {
    sum & !PLACE | (place as u64).min(PLACE)
}

/// The place of the last token of a key, 255 where it is that or a later one. Two records can
/// only be similar by this combination if it is, in either, among the rarest tokens that the sizes
/// of these two leave.
#[inline]
pub(crate) fn place(key: u64) -> u64 {
    key & PLACE
}

/// The bits of a key that tell combinations apart.
#[inline]
pub(crate) fn without_place(key: u64) -> u64 {
    key & !PLACE
}

#[cfg(test)]
mod tests {
    use super::{Combinations, count};

    #[test]
    fn all_combinations_of_the_rarest_tokens() {
        let mut combinations = Combinations::default();
        for (first, length) in [(4, 1), (4, 2), (5, 3), (6, 6), (3, 4)] {
            let mut keys = Vec::new();
            let tokens = [9, 1, 8, 2, 7, 3, 6];
            combinations.keys(&tokens, first, length, 5, |key| keys.push(key));
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len() as f64, count(first, length), "{first} {length}");
        }
    }

    #[test]
    fn unknown_tokens_take_places_and_are_in_no_combination() {
        let mut combinations = Combinations::default();
        let mut keys = Vec::new();
        combinations.keys(&[3, 0, 2, 0, 1], 4, 2, 0, |key| keys.push(key));
        assert_eq!(keys.len(), 1);
    }
}
