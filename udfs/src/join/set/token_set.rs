//! Texts that are similar as sets of words.
//!
//! `token_set_ratio` is the highest of three ratios. One is that of all distinct words of both,
//! those that they share first: it counts a common subsequence, which has no more characters than
//! both have in common ([`Characters`]). The others are those of the shared words to either text:
//! they are high where the shared words are most of it ([`WordIndex`]). Every pair is found by its
//! characters, where these are enough, and by its words otherwise, so that none is found twice.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::common::internal_datafusion_err;
use datafusion::error::Result;

use super::merge::shares;
use super::word_index::{Needed, Probe, WordIndex, distinct};
use crate::join::index::{Build, Index, Scratch, Search};
use crate::join::overlap::{
    Characters, Codes, LONGEST_COUNTED, Measure, OverlapIndex, Pair, Records, tables_size,
};
use crate::join::pairs::Pairs;
use crate::join::texts::Texts;
use crate::similarity::kernel::subsequence::ratio;
use crate::similarity::kernel::words::Words;

/// How many texts are searched for at once, in both ways.
const FEWEST_PROBES: u32 = 16;
const MOST_PROBES: u32 = 1024;

/// A `token_set_ratio` of at least a threshold.
#[derive(Debug)]
pub(crate) struct TokenSet {
    by_characters: OverlapIndex<ByCharacters>,
    by_words: WordIndex,
    threshold: Threshold,
    texts: Arc<Texts>,
}

/// What a thread keeps between searches.
struct Buffers {
    by_characters: Scratch,
    probe: Probe,
    /// The texts found for the probe.
    found: Vec<u32>,
    /// How many texts are searched for at once.
    block: u32,
}

#[derive(Clone, Copy, Debug)]
struct Threshold {
    at_least: f64,
}

impl Threshold {
    /// How many characters texts of two lengths have in common at least.
    fn common(self, left: usize, right: usize) -> Option<usize> {
        let enough = |common| ratio(left + right - 2 * common, left + right) >= self.at_least;
        super::least(left.min(right), enough)
    }

    /// Whether two texts have enough characters in common, those of their distinct words.
    fn is_met_by_characters(self, left: &str, right: &str) -> bool {
        let (left, right) = (joined(left), joined(right));
        let mut counts: HashMap<char, usize> = HashMap::new();
        for character in left.chars() {
            *counts.entry(character).or_default() += 1;
        }
        let mut common = 0;
        let mut length = 0;
        for character in right.chars() {
            length += 1;
            if let Some(count) = counts.get_mut(&character).filter(|count| **count > 0) {
                *count -= 1;
                common += 1;
            }
        }
        let required = self.common(left.chars().count(), length);
        required.is_some_and(|required| common >= required)
    }
}

/// The ratio of the shared words to all of a text.
impl Needed for Threshold {
    fn needed(&self, total: u32) -> Option<u32> {
        let total = total as usize;
        let enough = |shared: usize| match total - shared {
            _ if shared == 0 => false,
            0 => self.at_least <= 100.0,
            rest => ratio(rest, 2 * shared + rest - 2) >= self.at_least,
        };
        super::least(total, enough).map(|needed| needed as u32)
    }
}

/// The distinct words of a text with one blank between each two.
fn joined(text: &str) -> String {
    let mut words = Vec::new();
    distinct(text, &mut words);
    words.join(" ")
}

/// Pairs that have enough characters in common.
#[derive(Debug)]
pub(crate) struct ByCharacters {
    threshold: Threshold,
    characters: Characters,
}

/// What is kept from pair to pair.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    words: Words,
    sizes: (usize, usize),
    required: Option<usize>,
}

impl Measure for ByCharacters {
    type Detail = Codes;
    type Scratch = Compared;

    fn strategy(&self) -> &'static str {
        TokenSet::STRATEGY
    }

    fn memory(&self) -> usize {
        self.characters.memory()
    }

    fn largest_with_tokens(&self) -> usize {
        LONGEST_COUNTED
    }

    fn required(&self, _prefix: usize, left: usize, right: usize) -> Option<usize> {
        self.threshold.common(left, right)
    }

    fn append(&self, text: &str, records: &mut Records<Codes>) {
        let start = records.tokens.len();
        self.characters.append(&joined(text), false, records);
        // To be merged with those of others.
        records.tokens[start..].sort_unstable();
    }

    fn is_similar(&self, pair: &Pair<'_, Codes>, scratch: &mut Compared) -> bool {
        let (left, right) = (pair.probe.size(), pair.build.size());
        let (left_text, right_text) = (pair.probe.text(), pair.build.text());
        if left.max(right) > LONGEST_COUNTED {
            if !self.threshold.is_met_by_characters(left_text, right_text) {
                return false;
            }
        } else {
            if scratch.sizes != (left, right) || (left, right) == (0, 0) {
                scratch.sizes = (left, right);
                scratch.required = self.threshold.common(left, right);
            }
            let (left, right) = (pair.probe.tokens(), pair.build.tokens());
            if !scratch
                .required
                .is_some_and(|required| shares(left, right, required))
            {
                return false;
            }
        }
        scratch.words.set_ratio(left_text, right_text) >= self.threshold.at_least
    }
}

impl TokenSet {
    pub(crate) const STRATEGY: &'static str = "combined characters and rare words";

    /// An upper bound of the bytes of memory that building an index takes, and the index.
    pub(crate) fn build_size(texts: &Texts) -> usize {
        size_of::<Self>()
            + Characters::size(texts)
            + tables_size(texts.len())
            + WordIndex::build_size(texts)
    }

    /// An index for a ratio of at least `at_least`; `None` where there are more different
    /// characters than it can tell apart.
    pub(crate) fn index(build: &Build, at_least: f64) -> Result<Option<Self>> {
        let (texts, cancellation) = (&build.texts, &build.cancellation);
        let all = texts.ids().map(|id| joined(texts.get(id)));
        let Some(characters) = Characters::new(all, cancellation)? else {
            return Ok(None);
        };
        let threshold = Threshold { at_least };
        let measure = ByCharacters {
            threshold,
            characters,
        };
        Ok(Some(Self {
            by_characters: OverlapIndex::new(measure, build)?,
            by_words: WordIndex::new(texts, &threshold, cancellation)?,
            threshold,
            texts: Arc::clone(texts),
        }))
    }

    /// The pairs of a text that its characters do not tell.
    fn search_by_words(
        &self,
        search: &Search<'_>,
        id: u32,
        buffers: &mut Buffers,
        pairs: &mut Pairs,
    ) -> Result<()> {
        let Buffers { probe, found, .. } = buffers;
        let text = search.texts.get(id);
        self.by_words.prepare(text, probe);
        found.clear();
        self.by_words
            .candidates(probe, &self.threshold, search.cancellation, |other| {
                if !search.self_join || other <= id {
                    found.push(other);
                }
            })?;
        found.sort_unstable();
        found.dedup();
        pairs.candidates += found.len() as u64;
        let mut steps = search.cancellation.steps();
        for other in found.iter() {
            steps.step(0)?;
            if !self.by_words.shares_enough(probe, *other, &self.threshold) {
                continue;
            }
            let other_text = self.texts.get(*other);
            steps.step(text.len() + other_text.len())?;
            pairs.verified += 1;
            if !self.threshold.is_met_by_characters(text, other_text) {
                pairs.push(id, *other);
            }
        }
        Ok(())
    }
}

impl Index for TokenSet {
    fn scratch(&self) -> Scratch {
        Box::new(Buffers {
            by_characters: self.by_characters.scratch(),
            probe: Probe::default(),
            found: Vec::new(),
            block: FEWEST_PROBES,
        })
    }

    fn search(&self, search: &Search<'_>, scratch: &mut Scratch, pairs: &mut Pairs) -> Result<u32> {
        let buffers = scratch
            .downcast_mut::<Buffers>()
            .ok_or_else(|| internal_datafusion_err!("the scratch is that of another index"))?;
        let mut ids = search.ids.clone();
        while !ids.is_empty() && !pairs.is_full() {
            let before = pairs.len();
            let block = Search {
                ids: ids.start..ids.end.min(ids.start + buffers.block),
                ..*search
            };
            let next = self
                .by_characters
                .search(&block, &mut buffers.by_characters, pairs)?;
            for id in ids.start..next {
                self.search_by_words(search, id, buffers, pairs)?;
            }
            ids.start = next;
            // So many more as the pairs leave room for.
            let found = (pairs.len() - before).max(1);
            let factor = (pairs.room() as f64 / 2.0 / found as f64).min(2.0);
            let most = f64::from(buffers.block) * factor;
            buffers.block = (most as u32).clamp(FEWEST_PROBES, MOST_PROBES);
        }
        Ok(ids.start)
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.by_characters.size() + self.by_words.size()
    }

    fn scratch_size(&self, scratch: &Scratch) -> usize {
        scratch.downcast_ref::<Buffers>().map_or(0, |buffers| {
            let found = buffers.found.capacity() * size_of::<u32>();
            found + self.by_characters.scratch_size(&buffers.by_characters)
        })
    }

    fn strategy(&self) -> &'static str {
        Self::STRATEGY
    }
}
