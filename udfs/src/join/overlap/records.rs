//! The tokens of texts.

use std::fmt::Debug;

use super::combination::{self, Combinations};
use super::signature::Signature;

/// How many texts are taken in between two looks whether the query was cancelled.
pub(crate) const TEXTS_BETWEEN_CHECKS: usize = 4096;

/// A token as its rank, the rarest first, from 1 on.
pub(crate) type Token = u32;

/// A token that no text of the index has.
pub(crate) const UNKNOWN: Token = 0;

/// The first characters of a text, as one number that sorts as the text does.
pub(crate) type Prefix = u128;

/// How many characters a prefix has at most.
pub(crate) const LONGEST_PREFIX: usize = 4;

/// What it takes to compare records besides their tokens.
pub(crate) trait Detail: Debug + Default + Send + Sync + 'static {
    /// Makes room for so many texts and tokens.
    fn reserve(&mut self, _texts: usize, _tokens: usize) {}

    /// Forgets all records, and keeps the memory.
    fn clear(&mut self) {}

    /// The bytes of memory that this takes.
    fn memory(&self) -> usize {
        0
    }
}

impl Detail for () {}

/// The tokens of texts, one record a text, in the order of the texts.
#[derive(Debug, Default)]
pub(crate) struct Records<D> {
    /// The number of tokens of each text, before any are left out.
    pub(crate) sizes: Vec<u32>,
    /// The prefix of each text; empty where the measure has none.
    pub(crate) prefixes: Vec<Prefix>,
    /// The signature of each text, and once sorted of each place in `order`.
    pub(crate) signatures: Vec<Signature>,
    pub(crate) tokens: Vec<Token>,
    /// Where the tokens of each text end.
    pub(crate) ends: Vec<usize>,
    pub(crate) detail: D,
    /// The record at each place: by size, those of a size in order.
    pub(crate) order: Vec<u32>,
}

impl<D: Detail> Records<D> {
    /// Room for so many texts and tokens, so that no more memory is taken than they need.
    pub(crate) fn with_capacity(texts: usize, tokens: usize, prefixes: bool) -> Self {
        let mut detail = D::default();
        detail.reserve(texts, tokens);
        Self {
            sizes: Vec::with_capacity(texts),
            prefixes: Vec::with_capacity(if prefixes { texts } else { 0 }),
            signatures: Vec::with_capacity(texts),
            tokens: Vec::with_capacity(tokens),
            ends: Vec::with_capacity(texts),
            detail,
            order: Vec::with_capacity(texts),
        }
    }

    /// Forgets all records, and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.sizes.clear();
        self.prefixes.clear();
        self.signatures.clear();
        self.tokens.clear();
        self.ends.clear();
        self.order.clear();
        self.detail.clear();
    }

    /// The number of records.
    pub(crate) fn len(&self) -> usize {
        self.sizes.len()
    }

    pub(crate) fn size(&self, record: u32) -> usize {
        self.sizes[record as usize] as usize
    }

    /// The tokens of a record.
    #[inline]
    pub(crate) fn tokens(&self, record: u32) -> &[Token] {
        let record = record as usize;
        let start = if record == 0 {
            0
        } else {
            self.ends[record - 1]
        };
        &self.tokens[start..self.ends[record]]
    }

    /// The first `length` characters of a record.
    #[inline]
    pub(crate) fn prefix(&self, record: u32, length: usize) -> Prefix {
        if length == 0 {
            return 0;
        }
        self.prefixes[record as usize] >> (32 * (LONGEST_PREFIX - length))
    }

    /// The keys of combinations of so many of the first of a record's rarest tokens, and of the
    /// first characters, the tokens of which are skipped.
    #[inline]
    pub(crate) fn keys(
        &self,
        record: u32,
        skipped: usize,
        first: usize,
        combined: usize,
        combinations: &mut Combinations,
        found: impl FnMut(u64),
    ) {
        let prefix = self.prefix(record, skipped);
        let base = combination::hash(prefix as u64 ^ combination::hash((prefix >> 64) as u64));
        let tokens = &self.tokens(record)[skipped..];
        combinations.keys(tokens, first, combined, base, found);
    }

    /// How many of the first characters two records share.
    #[inline]
    pub(crate) fn common_prefix(&self, record: u32, others: &Self, other: u32) -> usize {
        if self.prefixes.is_empty() {
            return 0;
        }
        let different = self.prefixes[record as usize] ^ others.prefixes[other as usize];
        // Short prefixes end with zeros, which are no characters.
        (different.leading_zeros() as usize / 32)
            .min(self.size(record))
            .min(others.size(other))
    }

    /// Sorts the records by size, which ends the filling.
    pub(crate) fn sort(&mut self) {
        self.order.extend(0..self.sizes.len() as u32);
        let sizes = &self.sizes;
        if !sizes.is_sorted() {
            self.order.sort_by_key(|record| sizes[*record as usize]);
            let signatures = self.order.iter();
            self.signatures = signatures
                .map(|record| self.signatures[*record as usize])
                .collect();
        }
    }

    /// The bytes of memory that so many texts and tokens take at most, but for the detail.
    pub(crate) fn most_memory(texts: usize, tokens: usize) -> usize {
        // Signatures are there twice while they are sorted.
        let text = 2 * size_of::<u32>()
            + size_of::<Prefix>()
            + 2 * size_of::<Signature>()
            + size_of::<usize>();
        texts * text + tokens * size_of::<Token>()
    }

    /// The bytes of memory that this takes.
    pub(crate) fn memory(&self) -> usize {
        self.sizes.capacity() * size_of::<u32>()
            + self.prefixes.capacity() * size_of::<Prefix>()
            + self.signatures.capacity() * size_of::<Signature>()
            + self.tokens.capacity() * size_of::<Token>()
            + self.ends.capacity() * size_of::<usize>()
            + self.order.capacity() * size_of::<u32>()
            + self.detail.memory()
    }
}
