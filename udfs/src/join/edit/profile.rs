//! Where the characters of texts differ.
//!
//! Texts often share a beginning: a domain, a country's name, a frequent first name. Segments of
//! equal lengths would be shared by all of them. So segments have about equally much information
//! instead, which is told by a sample: how many of its pairs agree in a character of those that agree
//! in the one before (the collision entropy, in bits).

use std::collections::BTreeMap;

use super::super::texts::Texts;

/// How many texts of a length are looked at: one of so many, and no less and no more than that.
const SAMPLED: usize = 16;
const FEWEST: usize = 32;
const MOST: usize = 256;

/// Into how many blocks of as many characters a text is divided at most.
const BLOCKS: u32 = 256;

/// The most bits of information that a character or a block is taken to have, as small samples have
/// no pairs that agree, and the fewest, so that what all texts share is divided evenly.
const MOST_BITS: f64 = 5.0;
const FEWEST_BITS: f64 = 0.02;

/// How much information the texts of one length have up to each place.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    /// How many characters a block has.
    block: u32,
    /// The bits up to the end of each block.
    bits: Vec<f64>,
}

/// The profiles of all lengths of which there are some texts.
#[derive(Debug, Default)]
pub(super) struct Profiles(BTreeMap<u32, Profile>);

impl Profiles {
    pub(super) fn new(texts: &Texts) -> Self {
        let mut profiles = BTreeMap::new();
        let mut start = 0;
        while start < texts.len() as u32 {
            let length = texts.length(start);
            let ids = texts.with_lengths(length..=length);
            let count = ids.len();
            let sampled = (count / SAMPLED).clamp(FEWEST, MOST);
            if count > 1 {
                let ids = ids.clone().step_by(count.div_ceil(sampled));
                let sample: Vec<&str> = ids.map(|id| texts.get(id)).collect();
                profiles.insert(length, Profile::new(&sample, length));
            }
            start = ids.end;
        }
        Self(profiles)
    }

    /// The profile of the texts of a length, where there is more than one.
    pub(super) fn of(&self, length: u32) -> Option<&Profile> {
        self.0.get(&length)
    }

    /// The bytes of memory that this takes.
    pub(super) fn size(&self) -> usize {
        let profiles = self.0.values();
        profiles
            .map(|profile| size_of::<Profile>() + profile.bits.capacity() * size_of::<f64>())
            .sum()
    }

    /// An upper bound of the bytes that those of texts take.
    pub(super) fn most_size(texts: &Texts) -> usize {
        // No more lengths than texts, and no longer ones than their sum.
        let characters = texts.buffer().len();
        let lengths = texts
            .len()
            .min((2.0 * characters as f64).sqrt() as usize + 1);
        let bits = characters.min(lengths * BLOCKS as usize);
        lengths * size_of::<Profile>() + bits * size_of::<f64>()
    }
}

impl Profile {
    fn new(sample: &[&str], length: u32) -> Self {
        let block = length.div_ceil(BLOCKS).max(1);
        let mut characters: Vec<_> = sample.iter().map(|text| text.chars()).collect();
        let mut last = vec!['\0'; sample.len()];
        let mut keys: Vec<(char, u64)> = Vec::with_capacity(sample.len());
        let mut bits = Vec::new();
        let mut sum = 0.0;
        for _ in 0..length.div_ceil(block) {
            keys.clear();
            for (characters, last) in characters.iter_mut().zip(&mut last) {
                let before = *last;
                let mut hash = 0;
                for character in characters.by_ref().take(block as usize) {
                    hash = super::hash::mix(hash ^ u64::from(u32::from(character)));
                    *last = character;
                }
                keys.push((before, hash));
            }
            keys.sort_unstable();
            let before = agreeing(keys.chunk_by(|left, right| left.0 == right.0));
            let both = agreeing(keys.chunk_by(|left, right| left == right));
            let information = if both == 0 {
                MOST_BITS
            } else {
                (before as f64 / both as f64).log2().min(MOST_BITS)
            };
            sum += information.max(FEWEST_BITS);
            bits.push(sum);
        }
        Self { block, bits }
    }

    /// The place up to which texts have a share of their information.
    pub(super) fn place(&self, share: f64) -> f64 {
        let bits = share * self.bits.last().copied().unwrap_or(0.0);
        let number = self.bits.partition_point(|sum| *sum < bits);
        let Some(end) = self.bits.get(number) else {
            return f64::from(self.block) * number as f64;
        };
        let start = number
            .checked_sub(1)
            .map_or(0.0, |before| self.bits[before]);
        f64::from(self.block) * (number as f64 + (bits - start) / (end - start))
    }
}

/// How many pairs are of the same group.
fn agreeing<'a, T: 'a>(groups: impl Iterator<Item = &'a [T]>) -> usize {
    groups
        .map(|group| group.len() * (group.len() - 1) / 2)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_share_has_little_information() {
        let texts: Vec<String> = (0..1000)
            .map(|n| format!("{}{n:03}", "same ".repeat(9)))
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (texts, _) = Texts::new(&texts);
        let profiles = Profiles::new(&texts);
        assert!(profiles.size() <= Profiles::most_size(&texts));
        let profile = profiles.of(48).unwrap();
        assert!(profiles.of(47).is_none());
        let third = profile.place(1.0 / 3.0);
        assert!((45.0..46.1).contains(&third), "{third}");
        assert_eq!(profile.place(1.0), 48.0);
    }
}
