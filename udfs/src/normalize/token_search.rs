//! Which of some tokens are in a text, told in one pass.
//!
//! R. Baeza-Yates and G. H. Gonnet, "A new approach to text searching", Communications of the ACM
//! 35 (1992): a bit for each token, and for each byte the tokens that have it at some place. Here
//! three bytes choose the tokens that are held against the text.

use std::ops::Range;

/// How many bytes of each token are looked at before the whole of it.
const PLACES: usize = 3;

/// A token of ASCII, at least [`PLACES`] long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) text: &'static str,
    /// Whether its letters, which are small, may be capitals too.
    pub(super) in_any_case: bool,
}

/// Up to 64 tokens to look for.
#[derive(Debug)]
pub(super) struct Search<const N: usize> {
    tokens: [Token; N],
    /// The tokens that have a byte at their first place, their second and their third.
    having: [[u64; 256]; PLACES],
}

/// The tokens that a text has.
#[derive(Debug)]
pub(super) struct Found<const N: usize> {
    /// A bit each.
    tokens: u64,
    /// Where each of them ends first.
    ends: [usize; N],
}

impl<const N: usize> Search<N> {
    pub(super) const fn new(tokens: [Token; N]) -> Self {
        let mut having = [[0; 256]; PLACES];
        let mut number = 0;
        while number < N {
            let text = tokens[number].text.as_bytes();
            let mut place = 0;
            while place < PLACES {
                let byte = text[place];
                having[place][byte as usize] |= 1 << number;
                if tokens[number].in_any_case {
                    having[place][byte.to_ascii_uppercase() as usize] |= 1 << number;
                }
                place += 1;
            }
            number += 1;
        }
        Self { tokens, having }
    }

    /// Finds the tokens of a text.
    pub(super) fn find(&self, text: &[u8]) -> Found<N> {
        let mut found = Found {
            tokens: 0,
            ends: [0; N],
        };
        let [firsts, seconds, thirds] = &self.having;
        for (start, bytes) in text.array_windows::<PLACES>().enumerate() {
            let [first, second, third] = bytes.map(usize::from);
            let mut candidates = firsts[first] & seconds[second] & thirds[third] & !found.tokens;
            while candidates != 0 {
                let number = candidates.trailing_zeros() as usize;
                candidates &= candidates - 1;
                let token = &self.tokens[number];
                if token.stands_at(text, start) {
                    found.tokens |= 1 << number;
                    found.ends[number] = start + token.text.len();
                }
            }
        }
        found
    }
}

impl Token {
    fn stands_at(&self, text: &[u8], start: usize) -> bool {
        let token = self.text.as_bytes();
        let bytes = text.get(start..start + token.len());
        bytes.is_some_and(|bytes| {
            bytes == token || self.in_any_case && bytes.eq_ignore_ascii_case(token)
        })
    }
}

impl<const N: usize> Found<N> {
    /// Whether a token is there, by its number.
    pub(super) fn has(&self, number: usize) -> bool {
        self.tokens >> number & 1 == 1
    }

    /// What stands behind a token in the text where it is first.
    pub(super) fn behind<'a>(&self, number: usize, text: &'a str) -> Option<&'a str> {
        text.get(self.ends[number]..).filter(|_| self.has(number))
    }

    /// The first token of a range of numbers that is there.
    pub(super) fn any_of(&self, numbers: &Range<usize>) -> Option<usize> {
        let from = self.tokens >> numbers.start << numbers.start;
        let number = from.trailing_zeros() as usize;
        (number < numbers.end).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOKENS: [&str; 6] = ["abc", "bca", "abcd", "ab ", "cab/", "a/b"];

    proptest! {
        #[test]
        fn every_token_is_found_where_it_is_first(text in "[abcdAB /é]{0,40}") {
            for in_any_case in [false, true] {
                let search = Search::new(TOKENS.map(|text| Token { text, in_any_case }));
                let found = search.find(text.as_bytes());
                let searched = if in_any_case { text.to_ascii_lowercase() } else { text.clone() };
                for (number, token) in TOKENS.iter().enumerate() {
                    let expected = searched.split_once(token).map(|(_, behind)| behind.len());
                    let behind = found.behind(number, &text).map(str::len);
                    prop_assert_eq!(behind, expected, "{}", token);
                    prop_assert_eq!(found.has(number), expected.is_some(), "{}", token);
                }
                let lowest = TOKENS[1..4].iter().position(|token| searched.contains(token));
                prop_assert_eq!(found.any_of(&(1..4)), lowest.map(|number| number + 1));
            }
        }
    }
}
