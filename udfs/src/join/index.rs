//! What every index answers.

use std::any::Any;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use datafusion::error::Result;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::physical_expr::PhysicalExpr;

use super::all_pairs::AllPairs;
use super::cancellation::Cancellation;
use super::edit::EditIndex;
use super::jaro::Jaro;
use super::pairs::Pairs;
use super::predicate::{Bound, Metric, Predicate};
use super::set::{SetSimilarity, Sets, TokenSet, TokenSort};
use super::texts::Texts;

/// What a thread keeps from search to search: what [`Index::scratch`] made.
pub(crate) type Scratch = Box<dyn Any + Send>;

/// Finds, among the texts that it was built over, those that satisfy a predicate with another.
///
/// It is exact: all pairs that satisfy the predicate are found, each once, and no other.
pub(crate) trait Index: Debug + Send + Sync {
    /// Buffers for searches, one at a time.
    fn scratch(&self) -> Scratch;

    /// Searches for texts one after the other, until all are done or `pairs` is full. Returns the
    /// id after the last text that was searched for, where the next call goes on: at least one is.
    ///
    /// Runs on a thread where it may block; `search.cancellation` is checked on the way.
    fn search(&self, search: &Search<'_>, scratch: &mut Scratch, pairs: &mut Pairs) -> Result<u32>;

    /// The bytes of memory that the index takes, without the texts that it is over.
    fn size(&self) -> usize;

    /// The bytes of memory that a thread's buffers have come to take.
    fn scratch_size(&self, scratch: &Scratch) -> usize;

    /// How the index finds its candidates, as `EXPLAIN` shows it.
    fn strategy(&self) -> &'static str;
}

/// Which texts are searched for.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    pub(crate) texts: &'a Texts,
    pub(crate) ids: Range<u32>,
    /// Whether the texts are those that the index is over. Then only pairs whose `build` is below
    /// or equal to `probe` are found: the others are their mirror images. The index may take the
    /// texts in another order: all pairs are found once all ids were searched for.
    pub(crate) self_join: bool,
    pub(crate) cancellation: &'a Cancellation,
}

/// What an index is built with.
#[derive(Clone, Debug)]
pub(crate) struct Build {
    pub(crate) predicate: Predicate,
    /// The predicate as an expression over two columns of text, the function's arguments.
    pub(crate) expression: Arc<dyn PhysicalExpr>,
    pub(crate) texts: Arc<Texts>,
    /// How many threads may work on it.
    pub(crate) threads: usize,
    /// Whose memory it takes beyond [`Build::size`].
    pub(crate) memory: Arc<MemoryReservation>,
    pub(crate) cancellation: Cancellation,
}

impl Build {
    /// An upper bound of the bytes of memory that building takes, and the index afterwards. It is
    /// reserved before [`Build::index`] runs.
    pub(crate) fn size(&self) -> usize {
        if EditIndex::serves(self.predicate) {
            return EditIndex::build_size(self);
        }
        match self.predicate.metric {
            Metric::Jaro | Metric::JaroWinkler => Jaro::build_size(&self.texts),
            Metric::TokenSort => TokenSort::build_size(&self.texts),
            Metric::TokenSet => TokenSet::build_size(&self.texts),
            metric => match SetSimilarity::of_metric(metric) {
                Some(similarity) => Sets::build_size(similarity, &self.texts),
                None => AllPairs::build_size(&self.texts),
            },
        }
    }

    /// The index. Runs on a thread where it may block.
    pub(crate) fn index(&self) -> Result<Arc<dyn Index>> {
        if EditIndex::serves(self.predicate) {
            return Ok(Arc::new(EditIndex::new(self)?));
        }
        let index = match self.predicate.bound {
            Bound::AtLeast(at_least) => self.index_of_similar(at_least)?,
            Bound::AtMost(_) => None,
        };
        Ok(index.unwrap_or_else(|| Arc::new(AllPairs::new(self))))
    }

    /// An index for a similarity, where there is one that narrows.
    fn index_of_similar(&self, at_least: f64) -> Result<Option<Arc<dyn Index>>> {
        let metric = self.predicate.metric;
        Ok(match metric {
            Metric::Jaro | Metric::JaroWinkler => {
                let winkler = metric == Metric::JaroWinkler;
                Jaro::index(self, winkler, at_least)?.map(shared)
            }
            Metric::TokenSort => TokenSort::index(self, at_least)?.map(shared),
            Metric::TokenSet => TokenSet::index(self, at_least)?.map(shared),
            _ => match SetSimilarity::of_metric(metric) {
                Some(similarity) => Some(shared(Sets::index(self, similarity, at_least)?)),
                None => None,
            },
        })
    }
}

fn shared(index: impl Index + 'static) -> Arc<dyn Index> {
    Arc::new(index)
}

/// How an index for a predicate will find its candidates, as far as that can be told before the
/// texts are seen.
pub(super) fn strategy(predicate: &Predicate) -> &'static str {
    match predicate.metric {
        Metric::Jaro | Metric::JaroWinkler | Metric::TokenSort => "combined characters",
        Metric::TokenSet => TokenSet::STRATEGY,
        Metric::Jaccard { .. }
        | Metric::Dice { .. }
        | Metric::Cosine { .. }
        | Metric::Overlap { .. }
        | Metric::Trigram => "combined n-grams",
        _ if EditIndex::serves(*predicate) => "segments and deletions",
        Metric::Levenshtein
        | Metric::Osa
        | Metric::DamerauLevenshtein
        | Metric::Hamming
        | Metric::NormalizedLevenshtein => AllPairs::STRATEGY,
    }
}
