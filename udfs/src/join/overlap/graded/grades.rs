//! Which tokens are combined with how many others.

use crate::join::overlap::combination::{count, hash};
use crate::join::overlap::records::{Token, UNKNOWN};

/// The most tokens that a key combines.
pub(crate) const MOST_COMBINED: usize = 4;

/// The most keys of a record: one with more has none.
const MOST_KEYS: f64 = 1000.0;

/// The grades of tokens: those of grade `g` are combined `g` at a time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Grades {
    /// The last token of each grade but the highest. A token is its rank, the rarest first.
    pub(crate) last: [Token; MOST_COMBINED - 1],
}

/// The first tokens of a record, grade by grade.
#[derive(Debug, Default)]
pub(crate) struct Prefix {
    hashes: Vec<u64>,
    /// How many of them have each grade.
    counts: [usize; MOST_COMBINED],
}

impl Grades {
    /// The grade of a token, less one.
    #[inline]
    fn grade(&self, token: Token) -> usize {
        self.last.iter().filter(|last| token > **last).count()
    }

    /// Takes in the keys of a record, so many that it shares one with each record that has all of
    /// its tokens but `missing`; whether there are as many, and not too many.
    pub(crate) fn keys(&self, tokens: &[Token], missing: usize, prefix: &mut Prefix) -> bool {
        self.prefix(tokens, missing, prefix) && prefix.count() <= MOST_KEYS
    }

    /// Takes in so many of the first tokens; whether there are as many.
    ///
    /// Of `n` tokens of grade `g`, `n - g + 1` have to be missing for less than `g` to be left. Both
    /// records have all of their tokens up to the last one of the shorter prefix, and so the key
    /// that is left in this.
    fn prefix(&self, tokens: &[Token], missing: usize, prefix: &mut Prefix) -> bool {
        prefix.clear();
        let mut covered = 0;
        for token in tokens {
            if *token == UNKNOWN {
                // It is missing in all texts of the index.
                covered += 1;
            } else {
                let grade = self.grade(*token);
                prefix.hashes.push(hash(u64::from(*token)));
                prefix.counts[grade] += 1;
                covered += usize::from(prefix.counts[grade] > grade);
            }
            if covered > missing {
                return true;
            }
        }
        false
    }
}

impl Prefix {
    /// Forgets all tokens.
    pub(crate) fn clear(&mut self) {
        self.hashes.clear();
        self.counts = [0; MOST_COMBINED];
    }

    /// How many keys there are.
    pub(crate) fn count(&self) -> f64 {
        let counts = self.counts.iter().enumerate();
        counts.map(|(grade, own)| count(*own, grade + 1)).sum()
    }

    /// Calls `found` with each key.
    #[inline]
    pub(crate) fn keys(&self, mut found: impl FnMut(u64)) {
        let mut rest = self.hashes.as_slice();
        for (grade, count) in self.counts.iter().enumerate() {
            let (own, others) = rest.split_at(*count);
            combine(own, grade + 1, 0, &mut found);
            rest = others;
        }
    }
}

/// The sums of each so many hashes.
fn combine(hashes: &[u64], combined: usize, sum: u64, found: &mut impl FnMut(u64)) {
    if combined == 1 {
        hashes
            .iter()
            .for_each(|hash| found(sum.wrapping_add(*hash)));
        return;
    }
    for (place, hash) in hashes.iter().enumerate() {
        let rest = &hashes[place + 1..];
        if rest.len() + 1 < combined {
            return;
        }
        combine(rest, combined - 1, sum.wrapping_add(*hash), found);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use proptest::prelude::*;

    use super::{Grades, Prefix};

    fn keys(grades: Grades, tokens: &BTreeSet<u32>, missing: usize) -> Option<HashSet<u64>> {
        let tokens: Vec<u32> = tokens.iter().copied().collect();
        let mut prefix = Prefix::default();
        grades.prefix(&tokens, missing, &mut prefix).then(|| {
            let mut keys = HashSet::new();
            prefix.keys(|key| {
                keys.insert(key);
            });
            assert_eq!(keys.len() as f64, prefix.count());
            keys
        })
    }

    proptest! {
        #[test]
        fn records_that_share_enough_share_a_key(
            shared in prop::collection::btree_set(1..40_u32, 0..14),
            left in prop::collection::btree_set(1..40_u32, 0..5),
            right in prop::collection::btree_set(1..40_u32, 0..5),
            mut last in prop::array::uniform3(0..40_u32),
        ) {
            last.sort_unstable();
            let grades = Grades { last };
            let left: BTreeSet<u32> = left.union(&shared).copied().collect();
            let right: BTreeSet<u32> = right.union(&shared).copied().collect();
            let common = left.intersection(&right).count();
            let (missing_left, missing_right) = (left.len() - common, right.len() - common);
            for (more_left, more_right) in [(0, 0), (1, 0), (0, 2)] {
                let left = keys(grades, &left, missing_left + more_left);
                let right = keys(grades, &right, missing_right + more_right);
                if let (Some(left), Some(right)) = (left, right) {
                    prop_assert!(!left.is_disjoint(&right));
                }
            }
        }
    }
}
