//! Texts that are similar by Jaro or Jaro-Winkler.
//!
//! Each of the m matches of two texts is a token that both have: a similarity of t takes, for two
//! lengths and a number of equal characters at the beginning, so many matches at least
//! ([`limits`]). Where the beginning counts, texts that begin alike are compared on their own, as
//! they need fewer matches; the more texts there are, the more that narrows.

mod limits;
#[cfg(test)]
mod tests;
mod verify;

use datafusion::error::Result;

use super::index::Build;
use super::overlap::Codes;
use super::overlap::{
    Characters, LONGEST_COUNTED, Measure, OverlapIndex, Pair, Records, Side, tables_size,
};
use super::texts::Texts;
use crate::similarity::LONGEST_PREFIX;
use limits::Threshold;
use verify::Scratch;

/// Jaro or Jaro-Winkler similarity of at least a threshold.
#[derive(Debug)]
pub(crate) struct Jaro {
    threshold: Threshold,
    characters: Characters,
}

impl Jaro {
    /// An upper bound of the bytes of memory that building an index takes, and the index.
    pub(crate) fn build_size(texts: &Texts) -> usize {
        size_of::<OverlapIndex<Self>>() + Characters::size(texts) + tables_size(texts.len())
    }

    /// An index for a similarity of at least `at_least`; `None` where there are more different
    /// characters than it can tell apart.
    pub(crate) fn index(
        build: &Build,
        winkler: bool,
        at_least: f64,
    ) -> Result<Option<OverlapIndex<Self>>> {
        let texts = &build.texts;
        let all = texts.ids().map(|id| texts.get(id));
        let Some(characters) = Characters::new(all, &build.cancellation)? else {
            return Ok(None);
        };
        let measure = Self {
            threshold: Threshold { winkler, at_least },
            characters,
        };
        OverlapIndex::new(measure, build).map(Some)
    }
}

impl Measure for Jaro {
    type Detail = Codes;
    type Scratch = Scratch;

    fn strategy(&self) -> &'static str {
        "combined characters"
    }

    fn memory(&self) -> usize {
        self.characters.memory()
    }

    fn longest_prefix(&self) -> usize {
        if self.threshold.winkler {
            LONGEST_PREFIX
        } else {
            0
        }
    }

    fn largest_with_tokens(&self) -> usize {
        LONGEST_COUNTED
    }

    fn required(&self, prefix: usize, left: usize, right: usize) -> Option<usize> {
        self.threshold.matches(prefix, left, right)
    }

    fn append(&self, text: &str, records: &mut Records<Codes>) {
        self.characters
            .append(text, self.threshold.winkler, records);
    }

    fn prepare(&self, probe: &Side<'_, Codes>, scratch: &mut Scratch) {
        let codes = probe.records.detail.get(probe.record);
        scratch.prepare(codes, self.characters.count());
    }

    #[inline]
    fn is_similar(&self, pair: &Pair<'_, Codes>, scratch: &mut Scratch) -> bool {
        let (left, right) = (pair.probe.size(), pair.build.size());
        let short = 1..=LONGEST_COUNTED;
        if !short.contains(&left) || !short.contains(&right) {
            return scratch.texts_are_similar(pair, self.threshold);
        }
        let other = pair.build.records.detail.get(pair.build.record);
        scratch.is_similar(other, pair.prefix, self.threshold)
    }
}
