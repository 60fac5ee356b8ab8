//! Blocking rules: which records are compared.

use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::hashing::mix;
use super::key_part::{NO_KEY, Part, RARE_WORDS};
use super::records::Records;
use super::word_weights::WordCounts;

/// A part of a feature.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub(super) struct KeyPart {
    pub(super) feature: usize,
    pub(super) part: Part,
}

/// A blocking rule: records that agree on all of its parts are compared.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub(super) struct Rule {
    pub(super) parts: Vec<KeyPart>,
    /// What tells the records of a block apart that is too large.
    pub(super) finer: Option<KeyPart>,
    /// The keys of blocks that are too large, ascending.
    pub(super) oversized: Vec<u64>,
    /// The finer keys of blocks that are still too large, which are left out, ascending.
    pub(super) dropped: Vec<u64>,
}

impl Rule {
    pub(super) fn new(parts: &[KeyPart]) -> Self {
        Self {
            parts: parts.to_vec(),
            finer: None,
            oversized: Vec::new(),
            dropped: Vec::new(),
        }
    }

    /// How many keys a record can have.
    pub(super) fn slots(&self) -> usize {
        match self.parts.iter().any(|part| part.part.is_several()) {
            true => RARE_WORDS,
            false => 1,
        }
    }

    /// The keys of a record; [`NO_KEY`] for one that it does not have.
    pub(super) fn keys(
        &self,
        records: &Records,
        words: &[WordCounts],
        record: u32,
    ) -> [u64; RARE_WORDS] {
        let row = records.row(record);
        self.keys_by(records, words, row, |_, part| {
            part_keys(*part, records, words, row)
        })
    }

    /// The same, given what tells the keys of each part.
    pub(super) fn keys_by(
        &self,
        records: &Records,
        words: &[WordCounts],
        row: &[Cell],
        of_part: impl Fn(usize, &KeyPart) -> [u64; RARE_WORDS],
    ) -> [u64; RARE_WORDS] {
        self.refine(records, words, row, self.whole_keys(of_part))
    }

    /// The keys of any blocks, too large or not.
    fn whole_keys(
        &self,
        of_part: impl Fn(usize, &KeyPart) -> [u64; RARE_WORDS],
    ) -> [u64; RARE_WORDS] {
        let mut keys = [NO_KEY; RARE_WORDS];
        for (at, part) in self.parts.iter().enumerate() {
            let of_part = of_part(at, part);
            keys = match at {
                0 => of_part,
                _ => join_keys(&keys, &of_part, part.part),
            };
        }
        keys
    }

    /// Whether a key of a record is that of a part of a block that was too large.
    pub(super) fn is_finer(
        &self,
        records: &Records,
        words: &[WordCounts],
        record: u32,
        key: u64,
    ) -> bool {
        if self.oversized.is_empty() {
            return false;
        }
        let row = records.row(record);
        let whole = self.whole_keys(|_, part| part_keys(*part, records, words, row));
        !whole.contains(&key)
    }

    /// Whether a record is of a block that was too large.
    pub(super) fn is_of_large(&self, records: &Records, words: &[WordCounts], record: u32) -> bool {
        if self.oversized.is_empty() {
            return false;
        }
        let row = records.row(record);
        let whole = self.whole_keys(|_, part| part_keys(*part, records, words, row));
        let mut whole = whole.iter();
        whole.any(|key| self.oversized.binary_search(key).is_ok())
    }

    /// Holds no block for too large.
    pub(super) fn forget_large(&mut self) {
        self.oversized.clear();
        self.dropped.clear();
    }

    /// Takes blocks for too large: those that are split, and parts of them that are left out.
    pub(super) fn split(&mut self, oversized: Vec<u64>, dropped: Vec<u64>) {
        for (keys, more) in [
            (&mut self.oversized, oversized),
            (&mut self.dropped, dropped),
        ] {
            keys.extend(more);
            keys.sort_unstable();
            keys.dedup();
        }
    }

    /// The keys of blocks that are not too large, given those of any.
    #[inline]
    pub(super) fn refine(
        &self,
        records: &Records,
        words: &[WordCounts],
        row: &[Cell],
        mut keys: [u64; RARE_WORDS],
    ) -> [u64; RARE_WORDS] {
        if self.oversized.is_empty() {
            return keys;
        }
        for key in &mut keys {
            if *key != NO_KEY && self.oversized.binary_search(key).is_ok() {
                *key = self.finer_key(records, words, row, *key);
                if self.dropped.binary_search(key).is_ok() {
                    *key = NO_KEY;
                }
            }
        }
        keys
    }

    /// The key of a record in a block that is too large.
    pub(super) fn finer_key(
        &self,
        records: &Records,
        words: &[WordCounts],
        row: &[Cell],
        key: u64,
    ) -> u64 {
        match self.finer {
            None => NO_KEY,
            Some(finer) => match part_keys(finer, records, words, row)[0] {
                NO_KEY => NO_KEY,
                finer => mix(key, finer).max(1),
            },
        }
    }
}

/// The keys of one part of a record.
pub(super) fn part_keys(
    part: KeyPart,
    records: &Records,
    words: &[WordCounts],
    row: &[Cell],
) -> [u64; RARE_WORDS] {
    let feature = &records.features()[part.feature];
    part.part.keys(
        feature,
        part.feature,
        words.get(part.feature),
        row[part.feature].code,
    )
}

/// The keys of two parts together. Their order does not matter, so that swapped names meet.
pub(super) fn join_keys(
    left: &[u64; RARE_WORDS],
    right: &[u64; RARE_WORDS],
    right_part: Part,
) -> [u64; RARE_WORDS] {
    let mut joined = [NO_KEY; RARE_WORDS];
    for (slot, key) in joined.iter_mut().enumerate() {
        // Where one part has several keys and the other one, that one goes with all.
        let (left, right) = match (
            right_part.is_several(),
            left[1..] == [NO_KEY; RARE_WORDS - 1],
        ) {
            (true, true) => (left[0], right[slot]),
            _ => (left[slot], right[0]),
        };
        if left != NO_KEY && right != NO_KEY {
            *key = join(left, right);
        }
    }
    joined
}

/// The key of two parts.
#[inline]
pub(super) fn join(left: u64, right: u64) -> u64 {
    mix(left.wrapping_add(right), 1).max(1)
}
