//! Texts whose sets of n-grams have enough in common.
//!
//! Every similarity of two sets here is a function of the sizes of both and of what they share, so
//! that it takes, for two sizes, so many common n-grams at least.

mod dictionary;
mod merge;
mod similarity;
#[cfg(test)]
mod tests;
mod token_set;
mod token_sort;
mod word_index;

use datafusion::error::Result;

use super::index::Build;
use super::overlap::{Measure, OverlapIndex, Pair, Records, tables_size};
use super::texts::Texts;
use dictionary::Dictionary;
use merge::shares;
pub(crate) use similarity::SetSimilarity;
pub(crate) use token_set::TokenSet;
pub(crate) use token_sort::TokenSort;

/// A similarity of sets of at least a threshold.
#[derive(Debug)]
pub(crate) struct Sets {
    similarity: SetSimilarity,
    at_least: f64,
    dictionary: Dictionary,
}

/// What is kept from pair to pair.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    sizes: (usize, usize),
    required: Option<usize>,
}

impl Sets {
    /// An upper bound of the bytes of memory that building an index takes, and the index.
    pub(crate) fn build_size(similarity: SetSimilarity, texts: &Texts) -> usize {
        let grams = Self::most_grams(texts);
        let distinct = similarity.most_distinct(texts.is_ascii()).min(grams);
        size_of::<OverlapIndex<Self>>()
            + Records::<()>::most_memory(texts.len(), grams)
            + Dictionary::size(distinct)
            + tables_size(texts.len())
    }

    /// How many n-grams texts have at most: each no more than bytes and one.
    fn most_grams(texts: &Texts) -> usize {
        texts.buffer().len() + texts.len()
    }

    /// An index for a similarity of at least `at_least`.
    pub(crate) fn index(
        build: &Build,
        similarity: SetSimilarity,
        at_least: f64,
    ) -> Result<OverlapIndex<Self>> {
        let texts = &build.texts;
        let mut records = Records::with_capacity(texts.len(), Self::most_grams(texts), false);
        let dictionary = Dictionary::new(similarity, texts, &mut records, &build.cancellation)?;
        let measure = Self {
            similarity,
            at_least,
            dictionary,
        };
        Ok(OverlapIndex::over_records(measure, build, records))
    }
}

/// The least number up to `most` that is enough, where all above it are enough too.
fn least(most: usize, enough: impl Fn(usize) -> bool) -> Option<usize> {
    if !enough(most) {
        return None;
    }
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low.midpoint(high);
        if enough(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(low)
}

impl Measure for Sets {
    type Detail = ();
    type Scratch = Scratch;

    fn strategy(&self) -> &'static str {
        "combined n-grams"
    }

    fn memory(&self) -> usize {
        self.dictionary.memory()
    }

    fn has_sorted_tokens(&self) -> bool {
        true
    }

    /// The formulas are monotonic in what is shared, and so are their floating-point results.
    fn required(&self, _prefix: usize, left: usize, right: usize) -> Option<usize> {
        let enough = |common| self.similarity.of(left, right, common) >= self.at_least;
        least(left.min(right), enough)
    }

    fn append(&self, text: &str, records: &mut Records<()>) {
        self.dictionary.append(self.similarity, text, records);
    }

    #[inline]
    fn is_similar(&self, pair: &Pair<'_, ()>, scratch: &mut Scratch) -> bool {
        let sizes = (pair.probe.size(), pair.build.size());
        if scratch.sizes != sizes || sizes == (0, 0) {
            scratch.sizes = sizes;
            scratch.required = self.required(0, sizes.0, sizes.1);
        }
        scratch
            .required
            .is_some_and(|required| shares(pair.probe.tokens(), pair.build.tokens(), required))
    }
}
