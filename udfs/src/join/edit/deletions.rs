//! What a text becomes when some of its characters are deleted, or masked: as hashes.
//!
//! T. Bocek, E. Hunt, B. Stiller, "Fast similarity search in large dictionaries" (FastSS), 2007:
//! each edit costs either text at most one character, so that two texts within `k` edits have a
//! text in common among those that are left after `k` deletions; a swap of neighbours costs either
//! text one character, too. Here the longer loses exactly `k` characters and the shorter as many
//! fewer as it is shorter: both must end at the same length, and what can be reached with fewer
//! deletions can be reached with more. For Hamming distance, characters are masked instead.
//!
//! With the sums `X(i)` of the values before position `i`, each times the base to the power of its
//! position, deleting `i` leaves `X(i) + (X(n) - X(i+1)) / base`. Hence each deletion adds a term
//! of its own, `X(i) - X(i+1) / base`, over the base as often as there are deletions before it: a
//! signature takes one addition.

use super::hash::{BASE, INVERSE, value};
use crate::similarity::kernel::characters::Character;

/// The terms of one text.
#[derive(Debug, Default)]
pub(super) struct Deletions {
    /// The hash of the whole text.
    whole: u64,
    /// What deleting each character adds.
    terms: Vec<u64>,
    /// Whether each character differs from the next. Of a run of equal ones only the last are
    /// deleted, as the others leave the same.
    ends_run: Vec<bool>,
    /// The terms of the ends of runs, and the same over the base.
    ends: Vec<u64>,
    ends_over_base: Vec<u64>,
    /// What a second deletion is multiplied with.
    factor: u64,
}

impl Deletions {
    /// Takes in a text, of which characters will be deleted.
    pub(super) fn delete_from<C: Character>(&mut self, text: &[C]) {
        self.start(INVERSE);
        let (mut sum, mut power) = (0_u64, 1_u64);
        for (position, character) in text.iter().enumerate() {
            let next = sum.wrapping_add(value(*character).wrapping_mul(power));
            let ends_run = text.get(position + 1) != Some(character);
            self.push(sum.wrapping_sub(next.wrapping_mul(INVERSE)), ends_run);
            power = power.wrapping_mul(BASE);
            sum = next;
        }
        self.whole = sum;
    }

    /// Takes in a text, of which characters will be masked.
    pub(super) fn mask<C: Character>(&mut self, text: &[C]) {
        self.start(1);
        let (mut sum, mut power) = (0_u64, 1_u64);
        for character in text {
            let summand = value(*character).wrapping_mul(power);
            self.push(summand.wrapping_neg(), true);
            power = power.wrapping_mul(BASE);
            sum = sum.wrapping_add(summand);
        }
        self.whole = sum;
    }

    fn start(&mut self, factor: u64) {
        self.terms.clear();
        self.ends_run.clear();
        self.ends.clear();
        self.ends_over_base.clear();
        self.factor = factor;
    }

    #[inline]
    fn push(&mut self, term: u64, ends_run: bool) {
        self.terms.push(term);
        self.ends_run.push(ends_run);
        if ends_run {
            self.ends.push(term);
            self.ends_over_base.push(term.wrapping_mul(self.factor));
        }
    }

    /// The hash of each text that is left after a number of deletions, now and then twice.
    #[inline]
    pub(super) fn signatures(&self, deletions: u32, mut visit: impl FnMut(u64)) {
        let whole = self.whole.wrapping_mul(self.factor.wrapping_pow(deletions));
        match deletions {
            0 => visit(whole),
            1 => {
                for term in &self.ends {
                    visit(whole.wrapping_add(*term));
                }
            }
            2 => self.pairs(whole, visit),
            _ => {
                let last = (self.terms.len() + 1).saturating_sub(deletions as usize);
                for position in 0..last {
                    self.delete(position, deletions, whole, 1, &mut visit);
                }
            }
        }
    }

    /// Deletes from two runs, or both from one.
    #[inline]
    fn pairs(&self, whole: u64, mut visit: impl FnMut(u64)) {
        for (first, term) in self.ends.iter().enumerate() {
            let hash = whole.wrapping_add(*term);
            for second in &self.ends_over_base[first + 1..] {
                visit(hash.wrapping_add(*second));
            }
        }
        if self.ends.len() == self.terms.len() {
            return;
        }
        for (position, ends) in self.ends_run.windows(2).enumerate() {
            if !ends[0] && ends[1] {
                let second = self.terms[position + 1].wrapping_mul(self.factor);
                let both = self.terms[position].wrapping_add(second);
                visit(whole.wrapping_add(both));
            }
        }
    }

    /// Deletes a character, then others after it. `factor` is that of its term.
    fn delete(
        &self,
        position: usize,
        deletions: u32,
        hash: u64,
        factor: u64,
        visit: &mut impl FnMut(u64),
    ) {
        let hash = hash.wrapping_add(self.terms[position].wrapping_mul(factor));
        let factor = factor.wrapping_mul(self.factor);
        let rest = deletions - 1;
        if rest == 0 {
            if self.ends_run[position] {
                visit(hash);
            }
            return;
        }
        let end = (self.terms.len() + 1).saturating_sub(rest as usize);
        if self.ends_run[position] {
            for next in position + 1..end {
                self.delete(next, rest, hash, factor, visit);
            }
        } else if position + 1 < end {
            self.delete(position + 1, rest, hash, factor, visit);
        }
    }
}

/// How many ways there are to delete some of so many characters; `u64::MAX` where it is more.
pub(super) fn ways(characters: u32, deletions: u32) -> u64 {
    if deletions > characters {
        return 0;
    }
    let deletions = deletions.min(characters - deletions);
    let mut ways = 1_u64;
    for step in 0..deletions {
        let Some(product) = ways.checked_mul(u64::from(characters - step)) else {
            return u64::MAX;
        };
        ways = product / u64::from(step + 1);
    }
    ways
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn hash(text: &[u8]) -> u64 {
        let mut deletions = Deletions::default();
        deletions.delete_from(text);
        deletions.whole
    }

    /// All texts that are left, in the plain way.
    fn left_over(text: &[u8], deletions: u32) -> HashSet<u64> {
        if deletions == 0 {
            return HashSet::from([hash(text)]);
        }
        let mut hashes = HashSet::new();
        for position in 0..text.len() {
            let shorter = [&text[..position], &text[position + 1..]].concat();
            hashes.extend(left_over(&shorter, deletions - 1));
        }
        hashes
    }

    proptest! {
        #[test]
        fn signatures_are_the_hashes_of_what_is_left(text in "[abc]{0,9}", count in 0_u32..6) {
            let mut deletions = Deletions::default();
            deletions.delete_from(text.as_bytes());
            let mut hashes = HashSet::new();
            let mut visited = 0;
            deletions.signatures(count, |hash| {
                visited += 1;
                hashes.insert(hash);
            });
            prop_assert_eq!(hashes, left_over(text.as_bytes(), count));
            prop_assert!(visited <= ways(text.len() as u32, count));
        }

        #[test]
        fn masks_are_those_of_all_positions(text in "[ab]{0,9}", count in 0_u32..5) {
            let mut deletions = Deletions::default();
            deletions.mask(text.as_bytes());
            let mut hashes = HashSet::new();
            deletions.signatures(count, |hash| {
                hashes.insert(hash);
            });
            prop_assert_eq!(hashes.len() as u64, ways(text.len() as u32, count));
        }
    }

    #[test]
    fn ways_are_binomial_coefficients() {
        assert_eq!(ways(14, 2), 91);
        assert_eq!(ways(3, 3), 1);
        assert_eq!(ways(2, 3), 0);
        assert_eq!(ways(10_000_000, 9), u64::MAX);
    }
}
