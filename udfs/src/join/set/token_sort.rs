//! Texts that are similar whatever the order of their words.
//!
//! `token_sort_ratio` counts the longest common subsequence of the sorted words, which has no more
//! characters than both texts have in common.

use datafusion::error::Result;

use crate::join::index::Build;
use crate::join::overlap::{
    Characters, Codes, LONGEST_COUNTED, Measure, OverlapIndex, Pair, Records, tables_size,
};
use crate::join::texts::Texts;
use crate::similarity::kernel::subsequence::ratio;
use crate::similarity::kernel::words::Words;

/// A `token_sort_ratio` of at least a threshold.
#[derive(Debug)]
pub(crate) struct TokenSort {
    at_least: f64,
    characters: Characters,
}

impl TokenSort {
    /// An upper bound of the bytes of memory that building an index takes, and the index.
    pub(crate) fn build_size(texts: &Texts) -> usize {
        size_of::<OverlapIndex<Self>>() + Characters::size(texts) + tables_size(texts.len())
    }

    /// An index for a ratio of at least `at_least`; `None` where there are more different
    /// characters than it can tell apart.
    pub(crate) fn index(build: &Build, at_least: f64) -> Result<Option<OverlapIndex<Self>>> {
        let texts = &build.texts;
        let all = texts.ids().map(|id| words(texts.get(id)));
        let Some(characters) = Characters::new(all, &build.cancellation)? else {
            return Ok(None);
        };
        let measure = Self {
            at_least,
            characters,
        };
        OverlapIndex::new(measure, build).map(Some)
    }
}

/// The words of a text with one blank between each two; their order makes no difference here.
fn words(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    words
}

impl Measure for TokenSort {
    type Detail = Codes;
    type Scratch = Words;

    fn strategy(&self) -> &'static str {
        "combined characters"
    }

    fn memory(&self) -> usize {
        self.characters.memory()
    }

    fn largest_with_tokens(&self) -> usize {
        LONGEST_COUNTED
    }

    /// The ratio is monotonic in the common characters, and so is its floating-point result.
    fn required(&self, _prefix: usize, left: usize, right: usize) -> Option<usize> {
        let enough = |common| ratio(left + right - 2 * common, left + right) >= self.at_least;
        super::least(left.min(right), enough)
    }

    fn append(&self, text: &str, records: &mut Records<Codes>) {
        self.characters.append(&words(text), false, records);
    }

    fn is_similar(&self, pair: &Pair<'_, Codes>, scratch: &mut Words) -> bool {
        scratch.sorted_ratio(pair.probe.text(), pair.build.text()) >= self.at_least
    }
}
