//! Whether two texts are similar, decided by counts.

use super::limits::Threshold;
use crate::join::overlap::{Code, Codes, Pair as Candidate};
use crate::similarity::LONGEST_PREFIX;
use crate::similarity::kernel::characters::{Decoder, Pair};
use crate::similarity::kernel::jaro::{self, reach, window};
use crate::similarity::kernel::masks::WORD;

/// What is kept from pair to pair.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// Where each character stands in the text that was prepared.
    masks: Vec<u64>,
    text: Vec<Code>,
    limits: Limits,
    required: Required,
    decoder: Decoder,
    kernel: jaro::Scratch,
}

/// What texts of two lengths are allowed.
#[derive(Debug)]
struct Limits {
    lengths: (usize, usize),
    /// For each number of equal characters at the beginning, how many must match.
    matches: [usize; LONGEST_PREFIX + 1],
    /// And for each number of matches, one more than may be misplaced; 0 where they are too few.
    misplaced: [[u8; WORD + 1]; LONGEST_PREFIX + 1],
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lengths: (0, 0),
            matches: [usize::MAX; LONGEST_PREFIX + 1],
            misplaced: [[0; WORD + 1]; LONGEST_PREFIX + 1],
        }
    }
}

impl Limits {
    fn set(&mut self, left: usize, right: usize, threshold: Threshold) {
        self.lengths = (left, right);
        let most = left.min(right);
        for prefix in 0..=LONGEST_PREFIX.min(most) {
            self.misplaced[prefix] = [0; WORD + 1];
            let Some(required) = threshold.matches(prefix, left, right) else {
                self.matches[prefix] = usize::MAX;
                continue;
            };
            self.matches[prefix] = required;
            for matches in required..=most {
                let most = threshold.misplaced(prefix, left, right, matches);
                self.misplaced[prefix][matches] = most.map_or(0, |most| most as u8 + 1);
            }
        }
    }
}

impl Scratch {
    /// Takes in a text of at most 64 characters, in place of the one before.
    pub(crate) fn prepare(&mut self, text: &[Code], codes: usize) {
        self.masks.resize(codes, 0);
        for code in &self.text {
            self.masks[usize::from(*code)] = 0;
        }
        self.text.clear();
        self.text.extend_from_slice(text);
        for (place, code) in text.iter().enumerate() {
            self.masks[usize::from(*code)] |= 1 << place;
        }
        // What the index does not have matches nothing.
        self.masks[0] = 0;
    }

    /// Whether the text that was prepared and another of 1 to 64 characters, of which so many at
    /// the beginning are known to be equal, are similar.
    ///
    /// This counts as [`jaro::similarity_to_masks`] does. Equal characters at the beginning match
    /// each other: the first that is free is the one at the same place.
    #[inline]
    pub(crate) fn is_similar(
        &mut self,
        other: &[Code],
        prefix: usize,
        threshold: Threshold,
    ) -> bool {
        let (left, right) = (self.text.len(), other.len());
        if self.limits.lengths != (left, right) {
            self.limits.set(left, right, threshold);
        }
        let limits = &self.limits.misplaced[prefix];
        let mut alike = prefix;
        while alike < left && alike < right && self.text[alike] == other[alike] {
            alike += 1;
        }
        if alike == left.min(right) {
            return limits[alike] > 0;
        }
        let Some(mut misses) = right.checked_sub(self.limits.matches[prefix]) else {
            return false;
        };
        let reach = reach(left, right);
        let beginning = (1_u64 << alike) - 1;
        let mut taken = beginning;
        let mut taken_other = 0_u64;
        for (place, code) in other.iter().enumerate().skip(alike) {
            let free = self.masks[usize::from(*code)] & window(place, reach) & !taken;
            if free == 0 {
                if misses == 0 {
                    return false;
                }
                misses -= 1;
                continue;
            }
            taken |= free & free.wrapping_neg();
            taken_other |= 1 << place;
        }
        taken ^= beginning;
        let matches = alike + taken_other.count_ones() as usize;
        let mut misplaced = 0;
        while taken_other != 0 {
            let first = taken & taken.wrapping_neg();
            let code = other[taken_other.trailing_zeros() as usize];
            misplaced += u8::from(self.masks[usize::from(code)] & first == 0);
            taken ^= first;
            taken_other &= taken_other - 1;
        }
        misplaced < limits[matches]
    }

    /// Whether two texts of any lengths are similar.
    pub(crate) fn texts_are_similar(
        &mut self,
        pair: &Candidate<'_, Codes>,
        threshold: Threshold,
    ) -> bool {
        let sizes = (pair.probe.size(), pair.build.size());
        let Some(required) = self.required.get(sizes, pair.prefix, threshold) else {
            return false;
        };
        let (left, right) = (pair.probe.text(), pair.build.text());
        let similarity = match self.decoder.decode(left, right) {
            Pair::Ascii(left, right) => self.kernel.similarity_from(left, right, required),
            Pair::Unicode(left, right) => self.kernel.similarity_from(left, right, required),
        };
        similarity.is_some_and(|similarity| threshold.admits(similarity, pair.prefix))
    }
}

/// How many characters of two texts must match, by their lengths and how they begin, as asked last.
#[derive(Debug, Default)]
struct Required {
    asked: Option<((usize, usize), usize)>,
    matches: Option<usize>,
}

impl Required {
    #[inline]
    fn get(
        &mut self,
        lengths: (usize, usize),
        prefix: usize,
        threshold: Threshold,
    ) -> Option<usize> {
        if self.asked != Some((lengths, prefix)) {
            self.asked = Some((lengths, prefix));
            self.matches = threshold.matches(prefix, lengths.0, lengths.1);
        }
        self.matches
    }
}
