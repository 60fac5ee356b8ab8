//! How much words of texts say: the rarer, the more.

use serde::{Deserialize, Serialize};

use super::feature::Feature;

/// In how many texts a word must be to be kept; the others have the greatest weight.
const LEAST: u32 = 2;

/// In how many texts of a feature each word is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct WordCounts {
    texts: u32,
    /// Hash of a word and number of texts, ascending.
    counts: Vec<(u64, u32)>,
}

impl WordCounts {
    /// Counts the words of a feature; the texts of as many records.
    pub(super) fn of(feature: &Feature) -> Self {
        let mut all: Vec<(u64, u32)> = Vec::new();
        let mut texts = 0;
        for code in 1..feature.dictionary().len() as u32 {
            let count = feature.counts[code as usize];
            if count > 0 {
                texts += count;
                all.extend(feature.words(code).iter().map(|word| (*word, count)));
            }
        }
        all.sort_unstable();
        let mut counts: Vec<(u64, u32)> = Vec::new();
        for (word, count) in all {
            match counts.last_mut() {
                Some(last) if last.0 == word => last.1 += count,
                _ => counts.push((word, count)),
            }
        }
        counts.retain(|(_, count)| *count >= LEAST);
        Self { texts, counts }
    }

    /// In how many texts a word is.
    pub(super) fn count(&self, word: u64) -> u32 {
        let found = self.counts.binary_search_by_key(&word, |(word, _)| *word);
        found.map_or(1, |at| self.counts[at].1)
    }

    fn weight(&self, word: u64) -> f64 {
        let share = f64::from(self.count(word)) / f64::from(self.texts.max(1));
        // Salton and Buckley (1988), "Term-weighting approaches in automatic text retrieval".
        (1.0 / share).ln().max(0.05)
    }
}

/// Weighs words by their counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct WordWeights<'a>(&'a WordCounts);

impl<'a> WordWeights<'a> {
    pub(super) fn new(counts: &'a WordCounts) -> Self {
        Self(counts)
    }

    /// Of the words of both texts, given their hashes, ascending, the rarest: in how many texts it is,
    /// and what share of them that is.
    pub(super) fn rarest_common(self, left: &[u64], right: &[u64]) -> Option<(u32, f64)> {
        let texts = common(left, right).map(|word| self.0.count(*word)).min()?;
        Some((texts, f64::from(texts) / f64::from(self.0.texts.max(1))))
    }

    /// The cosine of two texts, given the hashes of their words, ascending.
    pub(super) fn cosine(self, left: &[u64], right: &[u64]) -> f64 {
        let square = |word: &u64| self.0.weight(*word).powi(2);
        let common: f64 = common(left, right).map(square).sum();
        if common == 0.0 {
            return 0.0;
        }
        let norm = |words: &[u64]| words.iter().map(square).sum::<f64>();
        common / (norm(left) * norm(right)).sqrt()
    }
}

/// What two ascending lists have in common.
fn common<'a>(left: &'a [u64], right: &'a [u64]) -> impl Iterator<Item = &'a u64> {
    let mut right = right.iter().peekable();
    left.iter().filter(move |word| {
        while right.next_if(|other| other < word).is_some() {}
        right.next_if_eq(word).is_some()
    })
}
