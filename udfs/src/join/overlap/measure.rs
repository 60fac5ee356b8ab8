//! What two records have to share to be similar.

use std::fmt::Debug;

use super::records::{Detail, Records, Token};
use crate::join::texts::Texts;

/// A similarity that needs a number of common tokens.
pub(crate) trait Measure: Debug + Send + Sync + 'static {
    /// What is kept of each text to compare it.
    type Detail: Detail;

    /// What is kept between two comparisons.
    type Scratch: Default + Send + 'static;

    /// How candidates are found, as `EXPLAIN` shows it.
    fn strategy(&self) -> &'static str;

    /// The bytes of memory that this takes.
    fn memory(&self) -> usize;

    /// How many equal characters at the beginning the similarity looks at.
    fn longest_prefix(&self) -> usize {
        0
    }

    /// Whether the tokens of a record are in ascending order, and no prefix counts.
    fn has_sorted_tokens(&self) -> bool {
        false
    }

    /// The size of the largest records that have tokens, rather than a signature alone.
    fn largest_with_tokens(&self) -> usize {
        usize::MAX
    }

    /// How many tokens two records of these sizes that begin with so many equal characters have in
    /// common at least if they are similar; `None` if they cannot be. No less for larger sizes.
    ///
    /// Where the measure has prefixes, those characters are the first tokens of both, and count.
    fn required(&self, prefix: usize, left: usize, right: usize) -> Option<usize>;

    /// Takes in a text.
    fn append(&self, text: &str, records: &mut Records<Self::Detail>);

    /// Gets ready to compare a text with others.
    fn prepare(&self, _probe: &Side<'_, Self::Detail>, _scratch: &mut Self::Scratch) {}

    /// Whether a pair is similar; its probe is the one that was prepared last.
    fn is_similar(&self, pair: &Pair<'_, Self::Detail>, scratch: &mut Self::Scratch) -> bool;
}

/// A candidate.
#[derive(Debug)]
pub(crate) struct Pair<'a, D> {
    pub(crate) probe: &'a Side<'a, D>,
    pub(crate) build: Side<'a, D>,
    /// How many of the first characters both share.
    pub(crate) prefix: usize,
}

/// One text of a candidate.
#[derive(Debug)]
pub(crate) struct Side<'a, D> {
    pub(crate) texts: &'a Texts,
    pub(crate) id: u32,
    pub(crate) records: &'a Records<D>,
    pub(crate) record: u32,
}

impl<'a, D: Detail> Side<'a, D> {
    pub(crate) fn text(&self) -> &'a str {
        self.texts.get(self.id)
    }

    /// The tokens of the text.
    #[inline]
    pub(crate) fn tokens(&self) -> &'a [Token] {
        self.records.tokens(self.record)
    }

    pub(crate) fn size(&self) -> usize {
        self.records.size(self.record)
    }
}
